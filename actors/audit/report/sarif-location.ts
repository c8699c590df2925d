/**
 * Places in SARIF's terms. A path becomes a relative URI against SRCROOT, so that no log holds the machine's own paths;
 * each segment is percent-encoded, because a file name may hold `?`, `#`, `%`, spaces and `:`, which a URI reads
 * otherwise.
 */
import type { Location, Region } from 'sarif';
import type { Finding } from '../finding.js';

/** The base of all locations: the root of the repository, wherever the reader has it. */
export const sourceRoot = 'SRCROOT';

/** Halves of surrogate pairs have no UTF-8 form; U+FFFD stands for them. */
const loneSurrogate = /\p{Cs}/gu;

/** A path of the repository as a relative URI. */
export function uriOf(path: string): string {
  return path.replace(loneSurrogate, '\ufffd').split('/').map(encodeURIComponent).join('/');
}

/** The region of a finding; undefined when it is about the whole file. */
function regionOf(finding: Finding): Region | undefined {
  if (finding.line < 1) return undefined;
  return {
    startLine: finding.line,
    ...(finding.column > 0 ? { startColumn: finding.column } : {}),
    ...(finding.endLine > finding.line ? { endLine: finding.endLine } : {}),
  };
}

/** The location of a file. */
export function fileLocation(path: string): Location {
  return { physicalLocation: { artifactLocation: { uri: uriOf(path), uriBaseId: sourceRoot } } };
}

/** The location of a finding. */
export function findingLocation(finding: Finding): Location {
  const region = regionOf(finding);
  const artifactLocation = { uri: uriOf(finding.path), uriBaseId: sourceRoot };
  return { physicalLocation: { artifactLocation, ...(region === undefined ? {} : { region }) } };
}
