/**
 * Clones from the fingerprints of all files. Equal hashes at the same distance of two places make chains, and a chain
 * whose runs overlap or all but touch is one clone; what shares a stretch of its first file is one finding.
 *
 *   file A   ....[run]..[run].[run].....      a chain: distance B - A is the same for each run,
 *   file B   .........[run]..[run].[run]      and each begins before the one before it ends
 *
 * The work is linear in the fingerprints: a hash is only joined to its first place, and a hash in more than
 * `mostPlaces` places is a common form and not a copy, so it is left out. Up to ten more tokens at
 * each end may be equal.
 */
import type { Finding } from '../finding.js';
import { severityOf } from '../rules.js';
import { type FileFingerprints, fingerprintFields, noiseTokens } from './duplication.js';

/** A hash in more places than this is left out. */
const mostPlaces = 64;

/** Fewer lines are no clone, however many tokens they hold. */
const fewestLines = 6;

/**
 * Most tokens from the end of one run to the begin of the next in one clone. Between them may be a changed name; a
 * change of more, or of the number of tokens, ends the clone.
 */
const longestGap = 60;

/** Other places that a message names. */
const mostNamed = 3;

interface Place {
  /** Index of the file in the order of paths. */
  readonly file: number;
  readonly token: number;
  readonly line: number;
  readonly endLine: number;
}

/** Two places with the same code; `first` is before `second` in the order of files and tokens. */
interface Pair {
  readonly first: Place;
  readonly second: Place;
}

interface Clone {
  readonly first: Range;
  readonly second: Range;
  readonly tokens: number;
}

interface Range {
  readonly path: string;
  readonly line: number;
  readonly endLine: number;
}

/** One finding per stretch of code that occurs again. The order of the input does not matter. */
export function findClones(files: readonly FileFingerprints[]): readonly Finding[] {
  const ordered = [...files].sort((left, right) => (left.path < right.path ? -1 : 1));
  const paths = ordered.map(({ path }) => path);
  const clones = chain(pairsOf(placesByHash(ordered)), paths).filter(
    ({ first, second }) => Math.min(linesOf(first), linesOf(second)) >= fewestLines,
  );
  return groupByFirst(withoutEchoes(clones)).map(findingOf);
}

/**
 * The places of each hash that has more than one. Nearly every hash of a repository occurs once, and a place for each of
 * them would take most of the memory of an audit, so a first pass counts hashes in a small table (saturating, with
 * collisions) and only those that may occur again get places.
 */
function placesByHash(files: readonly FileFingerprints[]): ReadonlyMap<number, readonly Place[]> {
  const total = files.reduce((sum, { prints }) => sum + prints.length / fingerprintFields, 0);
  const slots = 2 ** Math.max(10, Math.ceil(Math.log2(total * 4 + 1)));
  const seen = new Uint8Array(slots);
  for (const { prints } of files) {
    for (let at = 0; at < prints.length; at += fingerprintFields) {
      const slot = (prints[at] ?? 0) % slots;
      seen[slot] = Math.min(2, (seen[slot] ?? 0) + 1);
    }
  }
  const places = new Map<number, Place[]>();
  files.forEach(({ prints }, file) => {
    for (let at = 0; at < prints.length; at += fingerprintFields) {
      const hash = prints[at] ?? 0;
      if ((seen[hash % slots] ?? 0) < 2) continue;
      const place = { file, token: prints[at + 1] ?? 0, line: prints[at + 2] ?? 0, endLine: prints[at + 3] ?? 0 };
      const known = places.get(hash);
      if (known === undefined) places.set(hash, [place]);
      else known.push(place);
    }
  });
  return places;
}

/** Pairs by file, file and distance, so that each list can be chained by itself. */
function pairsOf(places: ReadonlyMap<number, readonly Place[]>): ReadonlyMap<string, readonly Pair[]> {
  const pairs = new Map<string, Pair[]>();
  for (const [first, ...others] of places.values()) {
    if (first === undefined || others.length >= mostPlaces) continue;
    for (const second of others) {
      // A run that overlaps itself is a row of like items, not a copy.
      if (second.file === first.file && second.token - first.token < noiseTokens) continue;
      const key = `${first.file} ${second.file} ${second.token - first.token}`;
      const known = pairs.get(key);
      if (known === undefined) pairs.set(key, [{ first, second }]);
      else known.push({ first, second });
    }
  }
  return pairs;
}

function chain(pairs: ReadonlyMap<string, readonly Pair[]>, paths: readonly string[]): readonly Clone[] {
  const clones: Clone[] = [];
  for (const list of pairs.values()) {
    const ascending = list.toSorted((left, right) => left.first.token - right.first.token);
    let start = 0;
    for (let at = 1; at <= ascending.length; at++) {
      const before = ascending[at - 1];
      const here = ascending[at];
      if (before === undefined) continue;
      if (here !== undefined && here.first.token <= before.first.token + noiseTokens + longestGap) continue;
      const begin = ascending[start] ?? before;
      clones.push({
        first: rangeOf(begin.first, before.first, paths),
        second: rangeOf(begin.second, before.second, paths),
        tokens: before.first.token - begin.first.token + noiseTokens,
      });
      start = at;
    }
  }
  return clones;
}

function rangeOf(begin: Place, end: Place, paths: readonly string[]): Range {
  return { path: paths[begin.file] ?? '', line: begin.line, endLine: end.endLine };
}

function linesOf({ line, endLine }: Range): number {
  return endLine - line + 1;
}

/**
 * Each file keeps other fingerprints at the edges of the same code, so that two copies also share a few that the first
 * place lacks. Both places of such a clone lie within larger ones, and it says nothing new.
 */
function withoutEchoes(clones: readonly Clone[]): readonly Clone[] {
  const covered = new Map<string, Range[]>();
  const isCovered = (range: Range): boolean =>
    covered.get(range.path)?.some((known) => sharesHalf(known, range)) ?? false;
  const largestFirst = clones.toSorted((left, right) => right.tokens - left.tokens || inOrder(left, right));
  return largestFirst.filter(({ first, second }) => {
    if (isCovered(first) && isCovered(second)) return false;
    for (const range of [first, second]) {
      const known = covered.get(range.path);
      if (known === undefined) covered.set(range.path, [range]);
      else known.push(range);
    }
    return true;
  });
}

/** Clones whose first ranges share at least half of the shorter one are copies of the same code. */
function groupByFirst(clones: readonly Clone[]): readonly (readonly Clone[])[] {
  const groups: Clone[][] = [];
  for (const clone of clones.toSorted(inOrder)) {
    const group = groups.at(-1);
    const head = group?.[0];
    if (group !== undefined && head !== undefined && sharesHalf(head.first, clone.first)) group.push(clone);
    else groups.push([clone]);
  }
  return groups;
}

function inOrder(left: Clone, right: Clone): number {
  return (
    compare(left.first.path, right.first.path) ||
    left.first.line - right.first.line ||
    right.first.endLine - left.first.endLine ||
    compare(left.second.path, right.second.path) ||
    left.second.line - right.second.line ||
    left.second.endLine - right.second.endLine ||
    left.tokens - right.tokens
  );
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function sharesHalf(left: Range, right: Range): boolean {
  if (left.path !== right.path) return false;
  const shared = Math.min(left.endLine, right.endLine) - Math.max(left.line, right.line) + 1;
  return shared * 2 >= Math.min(linesOf(left), linesOf(right));
}

function findingOf(group: readonly Clone[]): Finding {
  const largest = group.reduce((most, clone) => (clone.tokens > most.tokens ? clone : most));
  const { path, line, endLine } = largest.first;
  const copies = [...new Set(group.map(({ second }) => `${second.path}:${second.line}-${second.endLine}`))];
  const named = copies.slice(0, mostNamed).join(', ');
  const more = copies.length > mostNamed ? ` and ${copies.length - mostNamed} more` : '';
  const lines = linesOf(largest.first);
  return {
    rule: 'duplication/clone',
    severity: severityOf('duplication/clone'),
    path,
    line,
    column: 0,
    endLine,
    message: `${lines} lines (about ${largest.tokens} tokens) occur again at ${named}${more}.`,
    facts: { copies: copies.length, lines, tokens: largest.tokens, at: copies[0] ?? '' },
  };
}
