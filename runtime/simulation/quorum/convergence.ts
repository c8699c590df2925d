/**
 * Whether everything has come right in a simulated quorum store: nothing is under way, all replicas of a key have the
 * same bytes and nobody else has any, and any two replicas have equal hash trees over what they share.
 */
import { pairRoot } from '#protocols/quorum/merkle';
import { arcAt, layOut, positionOf, type Ring, type Table } from '#protocols/quorum/ring';
import { nothing, type Versions } from '#protocols/quorum/versions';
import { encodeChecked } from '../../codec/msgpack.js';
import { type Host, nameOf, nodeOf } from './host.js';

/** The nodes of a run, and where keys should be. */
export class Convergence {
  readonly #hosts: ReadonlyMap<number, Host>;
  readonly #n: number;
  #laidOut: { readonly ring: Ring; readonly table: Table } | undefined;

  /** Of the nodes that are up now, and of those that come later. */
  constructor(hosts: ReadonlyMap<number, Host>, n: number) {
    this.#hosts = hosts;
    this.#n = n;
  }

  /** True when all is as it should be under a ring that does not change. */
  reached(ring: Ring, keys: Iterable<string>): boolean {
    if (ring.next !== undefined) return false;
    const members = ring.members.flatMap(({ id }) => this.#hosts.get(nodeOf(id)) ?? []);
    if (members.length < ring.members.length) return false;
    for (const [node, host] of this.#hosts)
      if (!(ring.members.some(({ id }) => id === nameOf(node)) ? isAtRest(host, ring) : isEmpty(host))) return false;
    if (!members.every((one) => members.every((other) => haveEqualTrees(one, other)))) return false;
    for (const key of keys) if (!this.#agree(ring, key)) return false;
    return true;
  }

  replicasOf(ring: Ring, key: string): readonly number[] {
    if (this.#laidOut?.ring !== ring) this.#laidOut = { ring, table: layOut(ring, this.#n) };
    return (arcAt(this.#laidOut.table, positionOf(key))?.members ?? []).map(nodeOf);
  }

  versionsAt(node: number, key: string): Versions {
    return this.#hosts.get(node)?.state.entries.get(key)?.versions ?? nothing;
  }

  #agree(ring: Ring, key: string): boolean {
    const replicas = this.replicasOf(ring, key);
    const [first, ...others] = replicas.map((node) => Buffer.from(encodeChecked(this.versionsAt(node, key))));
    if (first === undefined || others.some((bytes) => !first.equals(bytes))) return false;
    return [...this.#hosts].every(([node, { state }]) => replicas.includes(node) || !state.entries.has(key));
  }
}

/** A member that owes nobody anything, and nobody owes it. */
function isAtRest({ state }: Host, ring: Ring): boolean {
  const { recovering, gaining, hintCount, operations, graves } = state;
  const isDone = !recovering && !gaining && hintCount === 0 && operations.size === 0 && graves.size === 0;
  return isDone && state.ring?.epoch === ring.epoch;
}

/** A node that is not on the ring; it may not have heard of that yet. */
function isEmpty({ state }: Host): boolean {
  return state.entries.size === 0 && state.operations.size === 0;
}

function haveEqualTrees({ state: one }: Host, { state: other }: Host): boolean {
  return one === other || pairRoot(one.trees, other.node) === pairRoot(other.trees, one.node);
}
