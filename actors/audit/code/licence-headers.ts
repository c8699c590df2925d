/**
 * Licence identifiers in source files, after the REUSE specification: `SPDX-License-Identifier: <expression>` near the
 * top. Whether a file without one is wrong depends on the others, so the files are only read here and judged together.
 */
import type { Finding } from '../finding.js';
import type { SourceFile } from '../source-file.js';
import { isGenerated } from './generated.js';
import { findingOfFile } from './place.js';
import { licenceKind } from './spdx.js';

/** The licence that a source file says it is under; '' when it says nothing. */
export interface FileLicence {
  readonly path: string;
  readonly spdx: string;
}

/** Header texts are looked for in the first part of a file, in UTF-16 units. */
const headerLength = 4096;

/** In two parts, so that this file does not seem to say it of itself. */
const identifier = new RegExp(`${'SPDX-License'}-Identifier:[ \\t]*([\\w(][\\w.+() \\t-]{0,119})`, 'g');

const sourceLanguages = new Set(
  (
    'typescript tsx javascript jsx python go rust java kotlin scala swift c cpp csharp ruby php perl lua elixir erlang ' +
    'haskell shell powershell vue svelte groovy'
  ).split(' '),
);

/** What a source file says of its licence; nothing for other files and for generated ones. */
export function readLicence(file: SourceFile): {
  readonly licence?: FileLicence;
  readonly findings: readonly Finding[];
} {
  if (!sourceLanguages.has(file.language) || file.text.trim() === '' || isGenerated(file)) return { findings: [] };
  const said = [...file.text.slice(0, headerLength).matchAll(identifier)].map((match) =>
    (match[1] ?? '').replace(/[\s-]+$/, ''),
  );
  const valid = said.filter((expression) => licenceKind(expression) !== 'invalid');
  const findings =
    valid.length === said.length
      ? []
      : [findingOfFile(file.path, 'licence-headers/invalid', 'The licence identifier is no SPDX licence expression.')];
  // Several identifiers hold together; a wrong one counts as said, so that the file is not also called silent.
  const spdx = [...new Set(valid)].sort().join(' AND ') || (said.length > 0 ? 'NOASSERTION' : '');
  return { licence: { path: file.path, spdx }, findings };
}

/**
 * Judges the files of a repository together. Where more than half of them have an identifier, those without are
 * findings; where more than half of the identifiers agree, those that differ are.
 */
export function judgeLicences(licences: readonly FileLicence[]): readonly Finding[] {
  const stated = licences.filter(({ spdx }) => spdx !== '');
  if (stated.length * 2 <= licences.length) return [];
  const usual = mostFrequent(stated.map(({ spdx }) => spdx).filter((spdx) => spdx !== 'NOASSERTION'));
  return licences.flatMap(({ path, spdx }) => {
    if (spdx === '') {
      return [
        findingOfFile(path, 'licence-headers/missing', 'Most source files say their licence; this one does not.'),
      ];
    }
    if (usual === undefined || usual.count * 2 <= stated.length || spdx === usual.word || spdx === 'NOASSERTION') {
      return [];
    }
    const message = `The file is under ${spdx}, most files are under ${usual.word}.`;
    return [findingOfFile(path, 'licence-headers/conflict', message, { facts: { licence: spdx } })];
  });
}

function mostFrequent(words: readonly string[]): { readonly word: string; readonly count: number } | undefined {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const [first] = [...counts].sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1));
  return first === undefined ? undefined : { word: first[0], count: first[1] };
}
