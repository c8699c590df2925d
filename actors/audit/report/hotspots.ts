/**
 * Hotspots: files that are complex and change often, where the next defect is most likely and where a clean-up pays
 * first. The score is commits times summed cognitive complexity; a file that lacks either is no hotspot.
 */
import type { FileMetrics } from '../finding.js';

/** Commits times summed cognitive complexity. */
export function hotspotScore(file: FileMetrics): number {
  return file.commits * file.sumCognitive;
}

/** The `limit` files with the highest score, highest first, then by path. */
export function worstHotspots(metrics: readonly FileMetrics[], limit: number): readonly FileMetrics[] {
  return metrics
    .filter((file) => hotspotScore(file) > 0)
    .sort((left, right) => hotspotScore(right) - hotspotScore(left) || (left.path < right.path ? -1 : 1))
    .slice(0, limit);
}
