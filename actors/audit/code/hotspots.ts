/**
 * Hotspots: files that are complex and change often, after Tornhill, "Your Code as a Crime Scene" (2015). A file is
 * compared with the other measured files of the same repository, because what is often or complex depends on it; ranks
 * are whole percentages, so that every machine computes the same.
 */
import type { FileMetrics, Finding } from '../finding.js';
import { findingOfFile } from './place.js';

/** With fewer measured files a rank says nothing. */
const fewestFiles = 10;
/** A file below these is no hotspot, whatever its rank. */
const fewestCommits = 5;
const lowestComplexity = 15;
/** Percent of the measured files that must be below, in both measures, for a finding and for `medium`. */
const hotRank = 90;
const hottestRank = 97;

/** One finding per hotspot. `metrics` hold the commits already. */
export function findHotspots(metrics: readonly FileMetrics[]): readonly Finding[] {
  const measured = metrics.filter(({ sumCognitive }) => sumCognitive > 0);
  if (measured.length < fewestFiles) return [];
  const commitRank = rankIn(measured.map(({ commits }) => commits));
  const complexityRank = rankIn(measured.map(({ sumCognitive }) => sumCognitive));
  return measured.flatMap(({ path, commits, sumCognitive }) => {
    const often = commitRank(commits);
    const complex = complexityRank(sumCognitive);
    if (commits < fewestCommits || sumCognitive < lowestComplexity || Math.min(often, complex) < hotRank) return [];
    const message =
      `The file changed in ${commits} commits (more than ${often} % of the measured files) and has a cognitive ` +
      `complexity of ${sumCognitive} (more than ${complex} %).`;
    return [
      findingOfFile(path, 'churn/hotspot', message, {
        severity: Math.min(often, complex) >= hottestRank ? 'medium' : 'low',
        facts: { commits, cognitive: sumCognitive },
      }),
    ];
  });
}

/** How many of all other values are below a value, in whole percent. */
function rankIn(values: readonly number[]): (value: number) => number {
  const ascending = values.toSorted((left, right) => left - right);
  const below = new Map<number, number>();
  ascending.forEach((value, index) => {
    if (!below.has(value)) below.set(value, index);
  });
  return (value) => Math.floor(((below.get(value) ?? 0) * 100) / Math.max(1, ascending.length - 1));
}
