/**
 * Dependencies as a report counts them. A monorepo names the same package in many lockfiles; to a reader and to an SBOM
 * that is one component found in several places, so entries with one package URL become one here.
 */
import type { Component } from '../finding.js';
import { groupBy } from './grouping.js';

/** One component, however many lockfiles name it. */
export interface MergedComponent {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  /** The first that a lockfile declares, in the order of their paths; '' when none does. */
  readonly licence: string;
  /** As `licence`. */
  readonly integrity: string;
  /** Whether every lockfile names it for development only. */
  readonly development: boolean;
  /** Lockfiles that name it, sorted and without doubles. */
  readonly paths: readonly string[];
}

/** How many components share a word: an ecosystem, a licence. */
interface Tally {
  readonly name: string;
  readonly count: number;
}

/** Merges by package URL; the result keeps the order of first appearance. */
export function mergeComponents(components: readonly Component[]): readonly MergedComponent[] {
  const groups = groupBy(components, (component) => component.purl);
  return [...groups.values()].flatMap((group) => {
    const byPath = group.toSorted((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
    const first = byPath[0];
    if (first === undefined) return [];
    const { ecosystem, name, version, purl } = first;
    return {
      ecosystem,
      name,
      version,
      purl,
      licence: byPath.find((component) => component.licence !== '')?.licence ?? '',
      integrity: byPath.find((component) => component.integrity !== '')?.integrity ?? '',
      development: byPath.every((component) => component.development),
      paths: [...new Set(byPath.map((component) => component.path))],
    };
  });
}

/** Counts by a word, most frequent first, then by the word. */
export function tally(words: Iterable<string>): readonly Tally[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((left, right) => right.count - left.count || (left.name < right.name ? -1 : 1));
}
