/**
 * Fingerprints of a file's code for the search of clones, by winnowing (Schleimer, Wilkerson and Aiken, "Winnowing:
 * Local Algorithms for Document Fingerprinting", SIGMOD 2003): all runs of `noiseTokens` tokens are hashed, and of every
 * `windowSize` hashes in a row the least is kept. So two files that share `noiseTokens + windowSize - 1 = 70` tokens share a
 * fingerprint for certain, shorter matches than `noiseTokens` never count, and about one token in six is sent.
 */
import type { SourceFile } from '../source-file.js';
import { isGenerated } from './generated.js';
import { type Token, tokensOf } from './tokens.js';

/** Matches of fewer tokens are noise. */
export const noiseTokens = 60;

/** Hashes of which one is kept: a match of `noiseTokens + windowSize - 1` tokens is always found. */
const windowSize = 11;

/** Most fingerprints of one file. A longer file keeps those whose hash is divisible by 2, then by 4, and so on. */
const mostFingerprints = 4096;

/** Numbers in a row for each fingerprint; flat, because there are many. */
export const fingerprintFields = 4;

/** The fingerprints of one file: `[hash, first token, first line, last line]` for each, in one row, by first token. */
export interface FileFingerprints {
  readonly path: string;
  readonly prints: readonly number[];
}

/** The fingerprints of a file; none for a generated file, for a language that is not compared, or for a short file. */
export function fingerprintFile(file: SourceFile): FileFingerprints | undefined {
  if (isGenerated(file)) return undefined;
  const tokens = tokensOf(file);
  const hashes = hashRuns(tokens);
  const kept = thinned(winnow(hashes), hashes);
  if (kept.length === 0) return undefined;
  const prints = kept.flatMap((at) => [
    hashes[at] ?? 0,
    at,
    file.position(tokens[at]?.start ?? 0).line,
    file.position((tokens[at + noiseTokens - 1]?.end ?? 1) - 1).line,
  ]);
  return { path: file.path, prints };
}

/** Rolling hashes over all runs of `noiseTokens` tokens, 52 bits: two numbers below 2^26 with primes below 2^26. */
function hashRuns(tokens: readonly Token[]): Float64Array {
  const values = tokens.map(({ value }) => hashText(value));
  const runs = new Float64Array(Math.max(0, tokens.length - noiseTokens + 1));
  const high = rolling(values, 67_108_859, 16_777_259);
  const low = rolling(values, 67_108_837, 39_916_801);
  for (let at = 0; at < runs.length; at++) runs[at] = (high[at] ?? 0) * 2 ** 26 + (low[at] ?? 0);
  return runs;
}

/** Rabin-Karp over runs of `noiseTokens` values; products stay below 2^53 because modulus and base are below 2^26. */
function rolling(values: readonly number[], modulus: number, base: number): Float64Array {
  const out = new Float64Array(Math.max(0, values.length - noiseTokens + 1));
  let power = 1;
  for (let step = 1; step < noiseTokens; step++) power = (power * (base % modulus)) % modulus;
  let hash = 0;
  for (let at = 0; at < values.length; at++) {
    const leaving = at - noiseTokens;
    if (leaving >= 0) {
      const gone = (((values[leaving] ?? 0) % modulus) * power) % modulus;
      hash = (hash - gone + modulus) % modulus;
    }
    hash = ((hash * (base % modulus)) % modulus) + ((values[at] ?? 0) % modulus);
    hash %= modulus;
    if (at >= noiseTokens - 1) out[at - noiseTokens + 1] = hash;
  }
  return out;
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Positions of the rightmost least hash of each window, without doubles ("robust" only by the rightmost rule). */
function winnow(hashes: Float64Array): readonly number[] {
  const kept: number[] = [];
  // Positions whose hashes ascend; the first is the least of the window (Lemire's monotonic queue).
  const queue: number[] = [];
  let head = 0;
  for (let at = 0; at < hashes.length; at++) {
    const hash = hashes[at] ?? 0;
    while (queue.length > head && (hashes[queue.at(-1) ?? 0] ?? 0) >= hash) queue.pop();
    queue.push(at);
    while ((queue[head] ?? 0) <= at - windowSize) head += 1;
    // A file of fewer hashes than a window still gives its least one.
    const full = at >= windowSize - 1 || at === hashes.length - 1;
    const least = queue[head] ?? 0;
    if (full && kept.at(-1) !== least) kept.push(least);
  }
  return kept;
}

/** By the hash and not by the place, so that two long files keep the same fingerprints of what they share. */
function thinned(kept: readonly number[], hashes: Float64Array): readonly number[] {
  let rest = kept;
  for (let divisor = 2; rest.length > mostFingerprints; divisor *= 2) {
    rest = kept.filter((at) => (hashes[at] ?? 0) % divisor === 0);
  }
  return rest;
}
