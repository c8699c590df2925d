/**
 * Foreign text in Markdown. File names, messages and names of packages come from the audited repository, whose author
 * may want a heading, a link or a script in somebody's report. Two forms: a code span for paths, outside tables only
 * (a table splits at `|` even in code), and plain text with each special character escaped, which holds everywhere.
 */
import { printable } from './printable.js';

/** Plain text, on one line, that starts no Markdown and no HTML; for running text and table cells. */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~-]/g, '\\$&')
    .replace(/(https?|ftp):/gi, '$1&#58;')
    .replace(/www\./gi, (match) => `${match.slice(0, 3)}&#46;`);
}

/** A code span on one line. Its fence is longer than any run of backticks inside. */
export function codeSpan(foreign: string): string {
  const text = printable(foreign);
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = /^[` ]|[` ]$/.test(text) || text === '' ? ' ' : '';
  return `${fence}${padding}${text}${padding}${fence}`;
}
