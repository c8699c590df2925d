/**
 * The one file that knows @jscpd/tokenizer: a text as the tokens that count when code is compared. The tokenizer's time
 * grows with the square of the text (12 s for 800 kB), so it gets the text in pieces of whole lines; a token that spans
 * two pieces is read as two, which can only make a clone end early.
 */
import { tokenize } from '@jscpd/tokenizer';
import type { SourceFile } from '../source-file.js';

/** One token: its text and its offsets in the file. */
export interface Token {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** The tokenizer's names for the languages that are compared: code, not data, styles or prose. */
const formats: ReadonlyMap<string, string> = new Map([
  ['typescript', 'typescript'],
  ['tsx', 'tsx'],
  ['javascript', 'javascript'],
  ['jsx', 'jsx'],
  ['shell', 'bash'],
  ...'python go rust java kotlin scala swift c cpp csharp ruby php perl lua elixir erlang haskell groovy sql'
    .split(' ')
    .map((name) => [name, name] as const),
]);

/** Size of a piece in UTF-16 units; measured best between 8,000 and 16,000, and the worst case is better in small ones. */
const pieceLength = 8_000;

/** A longer text, in UTF-16 units, is not compared: odd ones take the tokenizer 50 us a unit. */
const longestText = 512 * 1024;

const silent = new Set(['new_line', 'empty', 'comment', 'prolog', 'doctype', 'ignore']);

/** The tokens of a file without spaces and comments; none for a language that is not compared. */
export function tokensOf(file: SourceFile): readonly Token[] {
  const format = formats.get(file.language);
  if (format === undefined || file.text.length > longestText) return [];
  const tokens: Token[] = [];
  for (let start = 0; start < file.text.length; ) {
    const end = pieceEnd(file.text, start);
    for (const { type, value, range } of tokenize(file.text.slice(start, end), format)) {
      const trimmed = typeof value === 'string' ? value.trim() : '';
      if (trimmed === '' || silent.has(type)) continue;
      tokens.push({ value: trimmed, start: start + range[0], end: start + range[1] });
    }
    start = end;
  }
  return tokens;
}

/** The end of a piece: a blank line where there is one in its second half, otherwise the end of a line. */
function pieceEnd(text: string, start: number): number {
  const most = start + pieceLength;
  if (most >= text.length) return text.length;
  const blank = text.lastIndexOf('\n\n', most - 2);
  if (blank > start + pieceLength / 2) return blank + 2;
  const line = text.lastIndexOf('\n', most - 1);
  return line > start ? line + 1 : most;
}
