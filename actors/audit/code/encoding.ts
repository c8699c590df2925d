/**
 * Characters that make a file read differently from what it is: mixed line endings, bidirectional controls (Boucher and
 * Anderson, "Trojan Source: Invisible Vulnerabilities", 2021), and zero-width characters within names. A missing end of
 * the last line harms nobody and is not reported.
 */
import type { Finding } from '../finding.js';
import type { SourceFile } from '../source-file.js';
import { isWithin, regionsOf } from './comments.js';
import { findingAt, findingOfFile } from './place.js';

/** Prose and translations hold these characters by right; there they are mentioned, not blamed. */
const proseLanguages = new Set(['other', 'markdown', 'html', 'xml', 'svg', 'json', 'yaml', 'properties', 'ini']);

const bidiControls = /[\u202a-\u202e\u2066-\u2069]+/g;
const zeroWidthInName = /[\p{ID_Continue}$][\u200b-\u200d\u2060\ufeff]+(?=[\p{ID_Continue}$])/gu;
const suspicious = /[\u200b-\u200d\u202a-\u202e\u2060\u2066-\u2069\ufeff]/;

/** All findings on the encoding of a file. */
export function findEncoding(file: SourceFile): readonly Finding[] {
  const lineEndings = findMixedLineEndings(file);
  return suspicious.test(file.text) ? [...lineEndings, ...findBidi(file), ...findZeroWidth(file)] : lineEndings;
}

function findMixedLineEndings(file: SourceFile): readonly Finding[] {
  if (!file.text.includes('\r')) return [];
  const crlf = count(file.text, /\r\n/g);
  const lf = count(file.text, /(?<!\r)\n/g);
  const cr = count(file.text, /\r(?!\n)/g);
  if ([crlf, lf, cr].filter((kind) => kind > 0).length < 2) return [];
  const message = `The file mixes line endings: ${crlf} CRLF, ${lf} LF, ${cr} CR.`;
  return [findingOfFile(file.path, 'encoding/mixed-line-endings', message, { facts: { crlf, lf, cr } })];
}

function count(text: string, pattern: RegExp): number {
  let matches = 0;
  for (const _ of text.matchAll(pattern)) matches += 1;
  return matches;
}

/** One finding a line, however many controls it has. */
function findBidi(file: SourceFile): readonly Finding[] {
  const byLine = new Map<number, Finding>();
  for (const match of file.text.matchAll(bidiControls)) {
    const span = { start: match.index, end: match.index + match[0].length };
    const name = `U+${match[0].charCodeAt(0).toString(16).toUpperCase()}`;
    const found = findingAt(file, 'encoding/bidi-control', span, `Bidirectional control character ${name}.`, {
      severity: proseLanguages.has(file.language) ? 'low' : 'medium',
    });
    if (!byLine.has(found.line)) byLine.set(found.line, found);
  }
  return [...byLine.values()];
}

/** In strings and comments such a character can be the right spelling of a word. */
function findZeroWidth(file: SourceFile): readonly Finding[] {
  if (proseLanguages.has(file.language)) return [];
  const regions = regionsOf(file);
  const findings: Finding[] = [];
  for (const match of file.text.matchAll(zeroWidthInName)) {
    if (isWithin(regions, match.index)) continue;
    const span = { start: match.index + 1, end: match.index + match[0].length };
    findings.push(findingAt(file, 'encoding/zero-width', span, 'An invisible character within a name.'));
  }
  return findings;
}
