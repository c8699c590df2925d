/** Samples for the tests of the analysers: a text as a file, and what the rules say of it in one line each. */
import { commentsOf } from '#actors/audit/code/comments';
import { parseFile, type Program } from '#actors/audit/code/parse';
import type { Finding } from '#actors/audit/finding';
import { sourceFromText, type SourceFile } from '#actors/audit/source-file';

export function sample(path: string, text: string): SourceFile {
  return sourceFromText(path, text, Buffer.byteLength(text));
}

export function programOf(file: SourceFile): Program {
  const { tree } = parseFile(file);
  if (tree === undefined) throw new Error(`${file.path} does not parse`);
  return tree.program;
}

/** `rule severity line` for each finding. */
export function brief(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ rule, severity, line }) => `${rule} ${severity} ${line}`);
}

export function commentTexts(file: SourceFile): readonly string[] {
  return commentsOf(file, parseFile(file).tree).map(({ start, end }) => file.text.slice(start, end));
}
