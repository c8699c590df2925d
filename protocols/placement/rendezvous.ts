/**
 * Rendezvous hashing, or highest random weight (Thaler and Ravishankar, "Using name-based mappings to increase hit
 * rates", IEEE/ACM Transactions on Networking 1998): every node gets a score for a key from a hash of both, and the
 * highest wins. All who know the nodes agree without a word. A node that comes takes keys from each of the others and
 * moves none between them; a node that goes leaves its keys to the second best of each.
 *
 * Weights by the logarithmic method (Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005):
 *
 *     score = -weight / ln(u),  u from the hash, uniform in (0, 1)
 *
 * -ln(u) / weight is exponential with rate `weight`, and the least of independent exponentials is each one's with the
 * probability of its rate divided by the sum of all: shares are exact, and changing one weight moves keys only between
 * that node and the others.
 */
import { hashText } from '../hash.js';
import type { PlacementNode } from './node.js';

/** How much a node is wanted for a key; above 0. Higher is better. */
export function scoreOf(key: string, { id, weight = 1 }: PlacementNode): number {
  const high = hashText(key, hashText(id, 1));
  const low = hashText(key, hashText(id, 2));
  // 52 bits and the middle of what they stand for, which is exact: never 0 and never 1.
  const uniform = (high * 2 ** 20 + (low >>> 12) + 0.5) / 2 ** 52;
  return weight / -Math.log(uniform);
}

/** A node and its score for some key. */
export interface Ranked {
  readonly node: PlacementNode;
  readonly score: number;
}

/** All nodes with a score above 0, the best first; equal scores by id. */
export function rank(key: string, nodes: readonly PlacementNode[]): readonly Ranked[] {
  return nodes
    .map((node): Ranked => ({ node, score: scoreOf(key, node) }))
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score || (one.node.id < other.node.id ? -1 : 1));
}

/** The best node for a key; undefined when there is none. */
export function best(key: string, nodes: readonly PlacementNode[]): PlacementNode | undefined {
  return rank(key, nodes)[0]?.node;
}
