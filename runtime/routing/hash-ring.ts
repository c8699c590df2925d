/**
 * A ring for consistent hashing (Karger et al., 1997): each node has many points on a circle of 32 bits, and a key
 * belongs to the node of the first point at or after its own. When a node comes or goes, only keys that come to it or
 * were its own move, about K/N of K keys among N nodes.
 */
import { hashText } from './random.js';

/** Points of a node when nothing else is said: with 128 the shares of nodes differ by about a tenth. */
export const DEFAULT_VIRTUAL_NODES = 128;

export class HashRing<T extends string> {
  readonly #points: Uint32Array;
  readonly #owners: readonly T[];

  /** A node that is listed twice counts once. */
  constructor(nodes: readonly T[], virtualNodes = DEFAULT_VIRTUAL_NODES) {
    const points = [...new Set(nodes)].flatMap((owner) =>
      Array.from({ length: virtualNodes }, (_, index) => ({ at: hashText(`${owner} ${index}`), owner })),
    );
    // Two points at one place: the order of their names decides, not the order in which the nodes were listed.
    points.sort((a, b) => a.at - b.at || (a.owner < b.owner ? -1 : 1));
    this.#points = Uint32Array.from(points, ({ at }) => at);
    this.#owners = points.map(({ owner }) => owner);
  }

  /** The node that a key belongs to; undefined on an empty ring. */
  nodeOf(key: string): T | undefined {
    const at = hashText(key);
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return this.#owners[low] ?? this.#owners[0];
  }
}
