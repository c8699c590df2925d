/**
 * How an analyser makes a finding: by offsets into the file, which become line and column in one place, and by a rule
 * of the catalogue, which gives the severity.
 */
import type { Finding, Severity } from '../finding.js';
import { type RuleId, severityOf } from '../rules.js';
import type { SourceFile } from '../source-file.js';

/** What a finding may say beyond its rule, place and message. */
interface Extra {
  /** Where it is less than the rule's own. */
  readonly severity?: Severity;
  readonly facts?: Readonly<Record<string, number | string>>;
}

/** A finding over the text from `start` to `end` (offsets, `end` exclusive). */
export function findingAt(
  file: SourceFile,
  rule: RuleId,
  span: { readonly start: number; readonly end: number },
  message: string,
  extra: Extra = {},
): Finding {
  const { line, column } = file.position(span.start);
  const endLine = file.position(Math.max(span.start, span.end - 1)).line;
  return { rule, severity: severityOf(rule), path: file.path, line, column, endLine, message, ...extra };
}

/** A finding about a whole file. */
export function findingOfFile(path: string, rule: RuleId, message: string, extra: Extra = {}): Finding {
  return { rule, severity: severityOf(rule), path, line: 0, column: 0, endLine: 0, message, ...extra };
}
