/**
 * Marks that authors leave for later, in comments only: in a string or a name they mean something else. A finding
 * carries the word alone, because the rest of a comment may hold anything.
 */
import type { Finding } from '../finding.js';
import type { RuleId } from '../rules.js';
import type { SourceFile } from '../source-file.js';
import type { Region } from './comments.js';
import { findingAt } from './place.js';

const rules: Readonly<Record<string, RuleId>> = {
  TODO: 'debt/todo',
  FIXME: 'debt/fixme',
  HACK: 'debt/hack',
  XXX: 'debt/xxx',
};

/** Capital letters on their own: `todoList`, `XXXL` and `mktemp.XXXXXX` are no marks. */
const marker = /(?<![\w.-])(?:TODO|FIXME|HACK|XXX)(?![\w-])/g;

/** One finding per mark. */
export function findDebtMarkers(file: SourceFile, comments: readonly Region[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const comment of comments) {
    for (const match of file.text.slice(comment.start, comment.end).matchAll(marker)) {
      const [word] = match;
      const rule = rules[word];
      const start = comment.start + match.index;
      if (rule !== undefined)
        findings.push(findingAt(file, rule, { start, end: start + word.length }, `${word} comment.`));
    }
  }
  return findings;
}
