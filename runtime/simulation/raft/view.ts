/**
 * One node as it was when it was last looked at, to see what its next step changed, and what of it is durable.
 */
import type { Persist } from '#protocols/raft/effect';
import type { Config, Entry, NodeId, RaftState, Role } from '#protocols/raft/types';
import { Violation } from '../violation.js';
import type { Ledger } from './ledger.js';

/** What a step changed in a log: it was cut to below `from`, and has `grown` entries from there on. */
export interface LogChange {
  readonly from: number;
  readonly grown: number;
  readonly cut: boolean;
}

const UNCHANGED: LogChange = { from: 0, grown: 0, cut: false };

/** A log as a chain of hashes: the chain at `base`, and at each index after it. */
interface Chains {
  base: number;
  readonly after: number[];
}

/** What is known of one node. */
export class View {
  readonly id: NodeId;
  readonly #ledger: Ledger;
  up = false;
  /** Its disk is gone for good. */
  gone = false;
  /** It neither votes nor is elected when it knows that it forgot something. */
  mayVote = true;
  /** The same by what its disk has: a crash goes back to it. */
  mayVoteOnDisk = true;
  term = 0;
  role: Role = 'follower';
  commit = 0;
  config: Config | undefined;
  #base = 0;
  #entries: Entry[] = [];
  #chains: number[] = [];
  /** Synced; a crash does not take it back. */
  readonly #durable: Chains = { base: 0, after: [] };
  #durableTerm = 0;
  /** The last term in which it was sound, by its disk. */
  #soundTerm = 0;
  #durableCommit = 0;
  #durableVote: NodeId | undefined;
  /** The highest index that was ever durable here. */
  #mostDurable = 0;
  /** While it is not sound: committed entries up to here may rest on its word. */
  #owed = 0;

  constructor(id: NodeId, ledger: Ledger) {
    this.id = id;
    this.#ledger = ledger;
  }

  /** Index of the last entry. */
  get last(): number {
    return this.#base + this.#chains.length;
  }

  /** The chain of the log up to an index; NaN beyond its end. */
  chainAt(index: number): number | undefined {
    if (index <= this.#base) return this.#ledger.chainAt(index);
    return index > this.last ? Number.NaN : this.#chains[index - this.#base - 1];
  }

  durableChainAt(index: number): number | undefined {
    const { base, after } = this.#durable;
    if (index <= base) return this.#ledger.chainAt(index);
    return after[index - base - 1] ?? Number.NaN;
  }

  /** The last index of a term from `from` on; 0 for none. */
  lastOf(term: number, from: number): number {
    for (let index = this.last; index >= from && index > this.#base; index -= 1) {
      const at = this.#entries[index - this.#base - 1]?.term ?? 0;
      if (at === term) return index;
      if (at < term) return 0;
    }
    return 0;
  }

  /** A life begins. What the disk held is what is durable now; it may be more than was synced, never less. */
  start(state: RaftState): void {
    const forgot = state.damaged || state.amnesiac;
    if (!forgot && (state.term < this.#durableTerm || state.commit < this.#durableCommit))
      throw new Violation(
        'DurableInv',
        `${this.id} starts at term ${state.term}, commit ${state.commit}; synced were ${this.#durableTerm}, ${this.#durableCommit}`,
      );
    // What left the node counts, whatever was written of it.
    const voted =
      this.#ledger.voteOf(this.id, state.term) ?? (state.term === this.#durableTerm ? this.#durableVote : undefined);
    if (!state.amnesiac && voted !== undefined && state.vote !== voted)
      throw new Violation('DurableInv', `${this.id} forgot its vote of term ${state.term} for ${voted}`);
    const synced = this.#durable.base + this.#durable.after.length;
    const syncedChain = this.durableChainAt(synced);
    this.up = true;
    this.mayVote = !forgot;
    this.mayVoteOnDisk = !forgot;
    this.term = 0;
    this.commit = 0;
    this.role = 'follower';
    this.config = undefined;
    this.#base = 0;
    this.#entries = [];
    this.#chains = [];
    this.observe(state);
    // What was synced and is not committed may have been replaced by a write that was not synced.
    if (!forgot && syncedChain === this.#ledger.chainAt(synced) && this.chainAt(synced) !== syncedChain)
      throw new Violation('DurableInv', `${this.id} starts with a log up to ${this.last}; synced was ${synced}`);
    // It has given its word on no entry of a term that its disk never had while it was sound.
    this.#owed = Math.min(this.#mostDurable, this.#ledger.committedBefore(this.#soundTerm + 1));
    if (!forgot) this.#soundTerm = state.term;
    this.#durable.base = this.#base;
    this.#durable.after.splice(0, Number.POSITIVE_INFINITY, ...this.#chains);
    this.#durableTerm = state.term;
    this.#durableVote = state.vote;
    this.#durableCommit = state.commit;
  }

  stop(): void {
    this.up = false;
    // What only memory had is lost; the disk may have more than this, never less.
    this.mayVote = this.mayVoteOnDisk;
    this.#base = this.#durable.base;
    this.#chains = [...this.#durable.after];
    this.#entries = [];
  }

  /** A batch is on the disk. */
  synced({ hardState, snapshot, entries }: Persist): void {
    const durable = this.#durable;
    if (hardState !== undefined) {
      this.#durableTerm = hardState.term;
      this.#durableVote = hardState.vote;
      this.#durableCommit = Math.max(this.#durableCommit, hardState.commit);
      this.mayVoteOnDisk = !hardState.damaged && !hardState.amnesiac;
      if (this.mayVoteOnDisk) this.#soundTerm = hardState.term;
    }
    if (snapshot !== undefined) {
      durable.base = snapshot.index;
      durable.after.length = 0;
    }
    const first = entries[0];
    if (first === undefined) return;
    if (first.index > durable.base + durable.after.length + 1)
      throw new Violation('DurableInv', `${this.id} wrote index ${first.index} and left a hole before it`);
    durable.after.length = Math.max(0, first.index - durable.base - 1);
    for (const { index, term } of entries)
      if (index > durable.base) durable.after.push(this.#ledger.prefix(index, term) ?? Number.NaN);
    this.#mostDurable = Math.max(this.#mostDurable, durable.base + durable.after.length);
  }

  /** Looks at a state after a step. @throws Violation */
  observe(state: RaftState): LogChange {
    if (state.term < this.term)
      throw new Violation('TermMonotonic', `${this.id} went back from term ${this.term} to ${state.term}`);
    if (state.commit < this.commit)
      throw new Violation('CommitMonotonic', `${this.id} went back from commit ${this.commit} to ${state.commit}`);
    if (state.applied > state.applying || state.applying > state.commit)
      throw new Violation(
        'AppliedIsCommittedInv',
        `${this.id} applied ${state.applied}, is applying ${state.applying}, and ${state.commit} are committed`,
      );
    const change = this.#follow(state);
    this.term = state.term;
    this.role = state.role;
    this.#recovered(!state.damaged && !state.amnesiac);
    if (state.commit > this.commit) this.#commitUpTo(state.commit);
    if (change.grown > 0 || change.cut) this.upToDate();
    return change;
  }

  /** RecoveryInv: a node that lost entries is sound again only with all that may have been committed by its word. */
  #recovered(sound: boolean): void {
    if (sound && !this.mayVote && this.chainAt(this.#owed) !== this.#ledger.chainAt(this.#owed))
      throw new Violation('RecoveryInv', `${this.id} is sound without index ${this.#owed}, which it once had`);
    this.mayVote = sound;
  }

  /** MoreUpToDateCorrectInv: what could win an election holds what was committed. */
  upToDate(): void {
    const owed = this.#ledger.owed(this.#lastTerm(), this.last);
    if (owed > 0 && this.chainAt(owed) !== this.#ledger.chainAt(owed))
      throw new Violation(
        'MoreUpToDateCorrectInv',
        `${this.id} ends at index ${this.last} of term ${this.#lastTerm()} and lacks index ${owed}, which is committed`,
      );
  }

  #lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#ledger.termAt(this.#base) ?? 0;
  }

  /** Brings the chains up to the log of a state, from the first entry that is another than before. */
  #follow({ log, role, term }: RaftState): LogChange {
    const entries = log.entries;
    if (log.base !== this.#base) this.#rebase(log.base, log.baseTerm);
    let same = Math.min(this.#entries.length, entries.length);
    while (same > 0 && this.#entries[same - 1] !== entries[same - 1]) same -= 1;
    if (same === this.#entries.length && same === entries.length) return UNCHANGED;
    const cut = same < this.#entries.length;
    const from = this.#base + same + 1;
    if (cut && role === 'leader' && this.role === 'leader' && term === this.term)
      throw new Violation('LeaderAppendOnly', `${this.id} removed index ${from} while it led term ${term}`);
    if (cut && from <= this.commit)
      throw new Violation('LogInv', `${this.id} removed index ${from}, and ${this.commit} were committed`);
    this.#entries.length = same;
    this.#chains.length = same;
    let chain = this.chainAt(from - 1) ?? Number.NaN;
    let before = from - 1 === this.#base ? log.baseTerm : (this.#entries[same - 1]?.term ?? 0);
    for (let at = same; at < entries.length; at += 1) {
      const entry = entries[at] as Entry;
      if (entry.index !== this.#base + at + 1 || entry.term < before || entry.term > term)
        throw new Violation(
          'LogMatchingInv',
          `${this.id}, of term ${term}, has index ${entry.index} of term ${entry.term} behind ${this.#base + at} of ${before}`,
        );
      before = entry.term;
      chain = this.#ledger.record(chain, entry, this.id);
      this.#entries.push(entry);
      this.#chains.push(chain);
    }
    return { from, grown: entries.length - same, cut };
  }

  /** The log begins elsewhere: it was compacted, or replaced by a snapshot. */
  #rebase(base: number, baseTerm: number): void {
    if (base > 0 && this.#ledger.termAt(base) !== baseTerm)
      throw new Violation(
        'LogInv',
        `${this.id} compacted up to index ${base} of term ${baseTerm}, not committed as such`,
      );
    const gone = base - this.#base;
    if (gone < 0 || gone > this.#entries.length) {
      this.#entries = [];
      this.#chains = [];
    } else {
      if (gone > 0 && this.#chains[gone - 1] !== this.#ledger.chainAt(base)) this.#entries.length = gone;
      this.#entries = this.#entries.slice(gone);
      this.#chains = this.#chains.slice(gone, gone + this.#entries.length);
    }
    this.#base = base;
  }

  /** LogInv: committed prefixes never conflict. */
  #commitUpTo(commit: number): void {
    if (commit > this.last)
      throw new Violation('LogInv', `${this.id} committed ${commit} of a log that ends at ${this.last}`);
    const known = Math.min(commit, this.#ledger.committed);
    if (this.chainAt(known) !== this.#ledger.chainAt(known))
      throw new Violation('LogInv', `${this.id} committed another log up to ${known} than was committed before`);
    for (let index = this.#ledger.committed + 1; index <= commit; index += 1)
      this.#ledger.commit(this.chainAt(index) ?? Number.NaN, this.#entries[index - this.#base - 1]?.term ?? 0);
    this.commit = commit;
  }
}
