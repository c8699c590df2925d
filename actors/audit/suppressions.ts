/**
 * Inline suppressions: a comment that says which rules are not to be reported at a place, and why.
 *
 *   skep-ignore-next-line <rule or prefix>[, ...] -- <reason>
 *   skep-ignore-line      <rule or prefix>[, ...] -- <reason>
 *   skep-ignore-file      <rule or prefix>[, ...] -- <reason>
 *
 * A reason is obligatory: without it the comment has no effect and is a finding itself, and that finding cannot be
 * suppressed. Findings on several files together appear only in the reduction, so what the comments say goes with them.
 */
import type { Finding } from './finding.js';
import type { Region } from './code/comments.js';
import { findingAt } from './code/place.js';
import type { SourceFile } from './source-file.js';

/** One comment that suppresses rules. */
interface Suppression {
  /** Rules, or their prefixes up to a slash, such as `secrets`. */
  readonly rules: readonly string[];
  /** 1-based line that is suppressed; 0 for the whole file. */
  readonly line: number;
}

/** The suppressions of one file. */
export interface FileSuppressions {
  readonly path: string;
  readonly suppressions: readonly Suppression[];
}

/** Angle brackets stand for a word in a description of the comment, as above. */
const directive = /skep-ignore-(next-line|line|file)\b(?![ \t]*<)[ \t]*([^\r\n]*)/g;
const ruleWord = /^[a-z][a-z0-9-]*(?:\/[a-z0-9-]+)?$/;

/** Reads the suppressions in the comments of a file, and what is wrong with them. */
export function readSuppressions(
  file: SourceFile,
  comments: readonly Region[],
): { readonly suppressions: readonly Suppression[]; readonly findings: readonly Finding[] } {
  const suppressions: Suppression[] = [];
  const findings: Finding[] = [];
  if (!file.text.includes('skep-ignore-')) return { suppressions, findings };
  for (const comment of comments) {
    for (const match of file.text.slice(comment.start, comment.end).matchAll(directive)) {
      const start = comment.start + match.index;
      const rules = rulesOf(match[2] ?? '');
      const { line } = file.position(start);
      if (rules === undefined) {
        const message = 'A suppression must name its rules and, after `--`, its reason.';
        findings.push(findingAt(file, 'suppression/no-reason', { start, end: start + match[0].length }, message));
      } else {
        const place = match[1] ?? '';
        suppressions.push({ rules, line: place === 'file' ? 0 : place === 'line' ? line : line + 1 });
      }
    }
  }
  return { suppressions, findings };
}

/** The rules of a complete directive; undefined when rules or reason are missing. */
function rulesOf(rest: string): readonly string[] | undefined {
  const [list = '', ...after] = rest.replace(/\s*(?:\*\/|-->|#>)\s*$/, '').split(/(?:^|\s)--(?=\s)/);
  const reason = after.join('--').trim();
  const rules = list.split(',').map((rule) => rule.trim());
  return reason !== '' && rules.every((rule) => ruleWord.test(rule)) ? rules : undefined;
}

/** Takes the suppressed findings out. Findings in old commits stay: no comment in the tree can take them back. */
export function applySuppressions(
  findings: readonly Finding[],
  files: readonly FileSuppressions[],
): { readonly findings: readonly Finding[]; readonly suppressed: number } {
  const byPath = new Map(files.map(({ path, suppressions }) => [path, suppressions]));
  const kept = findings.filter((finding) => {
    const suppressions = finding.commit === undefined ? (byPath.get(finding.path) ?? []) : [];
    return !suppressions.some((suppression) => suppresses(suppression, finding));
  });
  return { findings: kept, suppressed: findings.length - kept.length };
}

function suppresses({ rules, line }: Suppression, finding: Finding): boolean {
  if (finding.rule.startsWith('suppression/') || (line !== 0 && line !== finding.line)) return false;
  return rules.some((rule) => finding.rule === rule || finding.rule.startsWith(`${rule}/`));
}
