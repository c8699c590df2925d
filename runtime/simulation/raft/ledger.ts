/**
 * What is known of the whole cluster, as an omniscient observer knows it: which entries are committed, who led which
 * term, who voted for whom. Nothing is ever taken back here, whatever crashes, so that what was true once is held
 * against all that comes later.
 *
 * Each log is followed by a chain of hashes: the chain at an index is made of the chain before it and of the entry, so
 * two equal chains are two equal prefixes, and a prefix is compared by a number.
 */
import type { Entry, NodeId } from '#protocols/raft/types';
import { unreachable } from '#protocols/wire/error';
import { Violation } from '../violation.js';

/** Terms are below this, so that index and term make one number. */
const MOST_TERMS = 2 ** 22;

/** The last entry of a term that its own leader committed. */
interface Boundary {
  readonly term: number;
  index: number;
}

/** Facts about a cluster that stay true. */
export class Ledger {
  /** Chain of the committed prefix by index; holes below the first snapshot. */
  readonly #chains: number[] = [];
  readonly #terms: number[] = [];
  /** The last index that any node ever knew to be committed. */
  committed = 0;
  /** By index and term: all logs that have such an entry are the same up to it. */
  readonly #prefixes = new Map<number, number>();
  /** What was committed by its own leader, by term; the others were committed along with those. */
  readonly #boundaries: Boundary[] = [];
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<NodeId, Map<number, NodeId>>();
  /** By index: the hash of the state machine after it. */
  readonly #machines = new Map<number, number>();

  /** The cluster begins with a snapshot that all its first members have. */
  begin(index: number, term: number): void {
    this.#chains[0] = 1;
    this.#terms[0] = 0;
    this.#chains[index] = mixed(mixed(1, index), term);
    this.#terms[index] = term;
    this.#prefixes.set(index * MOST_TERMS + term, this.#chains[index] as number);
    this.committed = index;
  }

  /** The chain of the committed prefix up to an index; undefined when that much is not committed. */
  chainAt(index: number): number | undefined {
    return index <= this.committed ? this.#chains[index] : undefined;
  }

  termAt(index: number): number | undefined {
    return index <= this.committed ? this.#terms[index] : undefined;
  }

  /** The chain of whatever log has an entry of this term at this index; undefined when none ever had. */
  prefix(index: number, term: number): number | undefined {
    return this.#prefixes.get(index * MOST_TERMS + term);
  }

  /**
   * LogMatchingInv: if two logs contain an entry with the same index and term, then the logs are identical in all
   * entries up through that index; here also logs that were overwritten since.
   * @returns the chain at the entry
   */
  record(before: number, entry: Entry, where: string): number {
    const chain = mixed(before, contentOf(entry));
    const key = entry.index * MOST_TERMS + entry.term;
    const known = this.#prefixes.get(key);
    if (known === undefined) this.#prefixes.set(key, chain);
    else if (known !== chain)
      throw new Violation(
        'LogMatchingInv',
        `${where} has another log up to index ${entry.index} of term ${entry.term} than some log before`,
      );
    return chain;
  }

  /** The next entry is committed. */
  commit(chain: number, term: number): void {
    this.committed += 1;
    this.#chains[this.committed] = chain;
    this.#terms[this.committed] = term;
  }

  /** All up to here was committed by the leader of the term of the entry there. */
  committedDirectly(index: number, term: number): void {
    const last = this.#boundaries.at(-1);
    if (last?.term === term) last.index = Math.max(last.index, index);
    else this.#boundaries.push({ term, index });
  }

  /** What a log that ends so must contain, because its node could be elected with it: everything up to this index. */
  owed(lastTerm: number, lastIndex: number): number {
    for (let at = this.#boundaries.length - 1; at >= 0; at -= 1) {
      const { term, index } = this.#boundaries[at] as Boundary;
      if (term < lastTerm || (term === lastTerm && index <= lastIndex)) return index;
    }
    return 0;
  }

  /** The last committed index of a term below this one. */
  committedBefore(term: number): number {
    let index = this.committed;
    while (index > 0 && (this.#terms[index] ?? 0) >= term) index -= 1;
    return index;
  }

  /** MoreThanOneLeaderInv, for all time: at most one leader a term (election safety, dissertation 3.4). */
  elected(node: NodeId, term: number): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== node)
      throw new Violation('MoreThanOneLeaderInv', `${other} and ${node} both led term ${term}`);
    this.#leaders.set(term, node);
  }

  /** At most one vote of a node in a term, whatever crashes between. */
  voted(node: NodeId, term: number, candidate: NodeId): void {
    let votes = this.#votes.get(node);
    if (votes === undefined) this.#votes.set(node, (votes = new Map()));
    const before = votes.get(term);
    if (before !== undefined && before !== candidate)
      throw new Violation('OneVoteInv', `${node} voted for ${before} and for ${candidate} in term ${term}`);
    votes.set(term, candidate);
  }

  /** StateMachineSafety: all state machines are the same after the same entry. */
  machine(node: NodeId, index: number, hash: number): void {
    const known = this.#machines.get(index);
    if (known === undefined) this.#machines.set(index, hash);
    else if (known !== hash)
      throw new Violation('StateMachineSafety', `${node} is in another state after index ${index} than others were`);
  }
}

function contentOf(entry: Entry): number {
  let hash = mixed(entry.term, entry.index);
  switch (entry.type) {
    case 'noop':
      return mixed(hash, 1);
    case 'normal':
      for (let at = 0; at < entry.data.length; at += 1) hash = Math.imul(hash ^ (entry.data[at] as number), 0x01000193);
      return mixed(hash, 2);
    case 'config':
      for (const { type, node } of entry.change.changes)
        for (const text of [type, node])
          for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
      return mixed(hash, entry.change.transition.length);
    default:
      return unreachable(entry);
  }
}

/** Two numbers into 32 bits of one. */
function mixed(one: number, other: number): number {
  let hash = Math.imul(one ^ Math.imul(other, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
