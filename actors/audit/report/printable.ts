/**
 * Text of the audited repository made fit for a reader. A file name may hold anything but `/` and NUL: line breaks that
 * would forge lines of a report, direction overrides that would reverse what is read, invisible characters, halves of
 * surrogate pairs that no encoder accepts. They are shown as escapes. This is no escaping for HTML or Markdown, which
 * comes after it.
 */

/** Control characters, format characters (direction, zero width), line and paragraph separators, lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text on one line, with unprintable characters as `\n` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(
    unprintable,
    (character) => named[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Printable and at most `limit` UTF-16 units, with `…` in the middle: both ends of a path tell a reader something. */
export function printableWithin(text: string, limit: number): string {
  const shown = printable(text);
  if (shown.length <= limit) return shown;
  const tail = Math.floor((limit - 1) / 2);
  const cut = `${shown.slice(0, limit - 1 - tail)}…${shown.slice(shown.length - tail)}`;
  return printable(cut);
}

/** Where a finding is: `path:line`, or the path alone when it is about the whole file. */
export function place(path: string, line: number, limit: number): string {
  return line > 0 ? `${printableWithin(path, limit)}:${line}` : printableWithin(path, limit);
}
