/**
 * What must hold of a cluster after every event, by the names that etcd's TLA+ specification gives it
 * (`tla/etcdraft.tla`), where it has one. Only the node that took a step is looked at, and of its log only what is new:
 * an entry that was checked once is recognized as the same object.
 *
 * Two of etcd's invariants are held in the form in which they are true of Raft at all times. `MoreUpToDateCorrectInv`
 * there compares any two logs by the last terms; a follower that learnt of a commit without having the entry that made
 * it final (figure 8 of the paper, case e, with one slow follower) contradicts it in a correct run. Here a log that
 * could win an election must hold all that leaders committed in their own terms up to its last term.
 * `CommittedIsDurableInv` there asks that the leader's disk has what it committed; a leader may commit what a majority
 * of others has on disk before its own disk does (dissertation, 10.2.1), so here no set of voters that could elect a
 * leader may lack it on disk. `QuorumLogInv` is the same of what is in memory.
 */
import type { Persist } from '#protocols/raft/effect';
import type { Config, NodeId, RaftState } from '#protocols/raft/types';
import { Violation } from '../violation.js';
import { Ledger } from './ledger.js';
import { View } from './view.js';

/** Holds a cluster to its invariants. */
export class Invariants {
  readonly ledger = new Ledger();
  /** By id; a node that died for good stays here as it was. */
  readonly #views = new Map<NodeId, View>();
  /** Of the last leader that committed something. */
  #config: Config | undefined;

  /** The node starts with what it found on its disk. */
  started(id: NodeId, state: RaftState): void {
    let view = this.#views.get(id);
    if (view === undefined) this.#views.set(id, (view = new View(id, this.ledger)));
    view.start(state);
    this.#quorums();
  }

  /** The node has died; its disk has at least what was synced. */
  stopped(id: NodeId): void {
    this.#views.get(id)?.stop();
  }

  /** The disk is gone, and the id with it. */
  gone(id: NodeId): void {
    const view = this.#views.get(id);
    if (view !== undefined) view.gone = true;
  }

  /** What an effect asked to be written is durable. */
  synced(id: NodeId, persist: Persist): void {
    this.#views.get(id)?.synced(persist);
  }

  /** The configuration of the last leader that committed something. */
  get config(): Config | undefined {
    return this.#config;
  }

  /** The node is in another state, perhaps. True when entries of its log were removed. */
  stepped(id: NodeId, state: RaftState): boolean {
    const view = this.#views.get(id);
    if (view === undefined) return false;
    const { committed } = this.ledger;
    const led = view.role === 'leader' && view.term === state.term;
    if (state.role === 'candidate' && (view.role !== 'candidate' || view.term !== state.term)) this.#campaigns(state);
    const change = view.observe(state);
    if (state.role === 'leader' && !led) this.#elected(view, state);
    if (change.grown > 0 || change.cut) this.#atMostTheLeaders(view, change.from);
    if (change.grown > 0 && led) this.#oneChange(state, change.from);
    if (this.ledger.committed > committed) this.#committed(view, state);
    else if (change.cut && change.from <= this.ledger.committed) this.#quorums();
    else if (state.role === 'leader' && state.config !== view.config && state.commit === committed) {
      this.#config = state.config;
      this.#quorums();
    }
    view.config = state.config;
    return change.cut;
  }

  /** LeaderCompletenessInv: a leader has all that was committed in terms before its own. */
  #elected(view: View, { term, config }: RaftState): void {
    this.ledger.elected(view.id, term);
    this.#byQuorum(
      config,
      `${view.id} led term ${term}`,
      (id) => id === view.id || this.ledger.voteOf(id, term) === view.id,
    );
    this.#complete(view, this.ledger.committedBefore(term));
  }

  /** QuorumInv: what was decided was decided by a majority of each list of voters. */
  #byQuorum({ voters, votersOutgoing }: Config, what: string, took: (id: NodeId) => boolean): void {
    for (const list of [voters, votersOutgoing])
      if (list.length > 0 && 2 * list.filter(took).length <= list.length)
        throw new Violation('QuorumInv', `${what} without a majority of ${list.join(' ')}`);
  }

  #complete(view: View, index: number): void {
    if (index > 0 && view.chainAt(index) !== this.ledger.chainAt(index))
      throw new Violation(
        'LeaderCompletenessInv',
        `${view.id} leads term ${view.term} without the entries up to ${index} that were committed before`,
      );
  }

  /** CampaignInv: who stands for election has applied all changes that it knows to be committed, and knows who decides. */
  #campaigns({ log, applied, commit, settings }: RaftState): void {
    const open = log.entries.slice(Math.max(0, applied - log.base), commit - log.base);
    if (open.some(({ type }) => type === 'config'))
      throw new Violation('CampaignInv', `${settings.id} stands with ${applied} applied and ${commit} committed`);
  }

  /** OneChangeInv: a leader appends no change before the one before it, and an entry of its term, are committed. */
  #oneChange({ log, commit, term, settings }: RaftState, from: number): void {
    for (let index = from; index <= log.base + log.entries.length; index += 1) {
      if (log.entries[index - log.base - 1]?.type !== 'config') continue;
      const open = log.entries.slice(Math.max(0, commit - log.base), index - log.base - 1);
      if (open.some(({ type }) => type === 'config') || this.ledger.termAt(commit) !== term)
        throw new Violation('OneChangeInv', `${settings.id} proposes the change ${index} with ${commit} committed`);
    }
  }

  /** ElectionSafetyInv: a leader has the greatest index of its term. */
  #atMostTheLeaders(view: View, from: number): void {
    for (const leader of this.#views.values()) {
      if (leader === view || !leader.up || leader.role !== 'leader') continue;
      const last = view.lastOf(leader.term, from);
      if (last > leader.last)
        throw new Violation(
          'ElectionSafetyInv',
          `${view.id} has index ${last} of term ${leader.term}, whose leader ${leader.id} ends at ${leader.last}`,
        );
    }
  }

  #committed(view: View, state: RaftState): void {
    const { committed } = this.ledger;
    const term = this.ledger.termAt(committed) ?? 0;
    this.#config = state.config;
    if (state.role === 'leader' && term !== state.term)
      throw new Violation(
        'CommitTermInv',
        `${view.id} committed index ${committed} of term ${term} in term ${state.term}`,
      );
    if (state.role === 'leader') {
      this.ledger.committedDirectly(committed, term);
      const chain = this.ledger.chainAt(committed);
      this.#byQuorum(state.config, `index ${committed} was committed`, (id) => {
        const one = this.#views.get(id);
        // What was acknowledged may have rotted since.
        return one !== undefined && (one.gone || !one.mayVoteOnDisk || one.durableChainAt(committed) === chain);
      });
    }
    for (const other of this.#views.values()) {
      if (!other.up) continue;
      if (other.role === 'leader' && other.term > term) this.#complete(other, committed);
      if (other !== view) other.upToDate();
    }
    this.#quorums();
  }

  /** No set of nodes that could elect a leader lacks what is committed: QuorumLogInv, CommittedIsDurableInv. */
  #quorums(): void {
    if (this.#config === undefined) return;
    const { committed } = this.ledger;
    const chain = this.ledger.chainAt(committed);
    const { voters, votersOutgoing } = this.#config;
    const lacks = (id: NodeId, durable: boolean): boolean => {
      const view = this.#views.get(id);
      // A node that never started has an empty log, and could vote with it.
      if (view === undefined) return true;
      // One that has in memory all that it had lost votes when its disk has it, too.
      if (view.gone || !(durable ? view.mayVoteOnDisk : view.mayVote)) return false;
      return (durable ? view.durableChainAt(committed) : view.chainAt(committed)) !== chain;
    };
    for (const durable of [false, true]) {
      const elect = (set: readonly NodeId[]): boolean => 2 * set.filter((id) => lacks(id, durable)).length > set.length;
      if (!elect(voters) || (votersOutgoing.length > 0 && !elect(votersOutgoing))) continue;
      throw new Violation(
        durable ? 'CommittedIsDurableInv' : 'QuorumLogInv',
        `a majority of ${voters.join(' ')} lacks index ${committed}, which is committed`,
      );
    }
  }

  /** The state machine of a node is in a state after an index. */
  applied(id: NodeId, state: RaftState, index: number, hash: number): void {
    if (index > state.commit)
      throw new Violation('AppliedIsCommittedInv', `${id} applied ${index} and knows of ${state.commit} committed`);
    if (this.ledger.chainAt(index) === undefined)
      throw new Violation('AppliedIsCommittedInv', `${id} applied ${index}, which nobody committed`);
    this.ledger.machine(id, index, hash);
  }
}
