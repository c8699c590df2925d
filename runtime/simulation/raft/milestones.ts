/**
 * What a campaign has to have met to prove anything, counted by name as it happens. A list of faults that were injected
 * says little; this says that the protocol was driven into its corners by them.
 */
import { isJoint } from '#protocols/raft/config';
import type { RaftEffect, RejectReason } from '#protocols/raft/effect';
import type { RaftInput } from '#protocols/raft/input';
import type { RaftMessage } from '#protocols/raft/message';
import type { Config, NodeId, Role } from '#protocols/raft/types';
import type { World } from '../world.js';
import type { Driver } from './driver.js';

/** Names of all that {@link Milestones} counts and every long campaign meets. */
export const milestones = [
  'election won',
  'vote split',
  'vote refused',
  'pre-vote refused',
  'leader stepped down for want of a quorum',
  'removed leader stepped down',
  'log conflict overwritten',
  'append rejected',
  'snapshot taken',
  'snapshot sent',
  'snapshot installed',
  'joint consensus entered',
  'joint consensus left',
  'leader crashed while joint',
  'learner promoted',
  'voter demoted',
  'transfer begun',
  'transfer done',
  'transfer timed out',
  'proposal refused while leadership is handed over',
  'config change refused while another is pending',
  'proposal refused by the size cap',
  'flow control paused',
  'read index served',
  'read index served at a follower',
  'read refused',
  'lease read served',
  'session retry deduplicated',
  'client redirected',
  'hung node counted its ticks',
  'trap sprung',
  'torn write met',
  'corrupted record found',
  'corrupted record recovered',
  'disk wiped',
  'node rejoined after wipe',
] as const;

type Milestone = (typeof milestones)[number];

/** What a node was when it was last looked at. */
interface Before {
  role: Role;
  term: number;
  config: Config;
  damaged: boolean;
  transferee: NodeId | undefined;
  /** The term in which it was told to stand for election. */
  toldIn: number;
}

/** Counts what is met. */
export class Milestones {
  readonly #world: World;
  readonly #before = new Map<Driver, Before>();

  constructor(world: World) {
    this.#world = world;
  }

  started(driver: Driver): void {
    const { role, term, config, damaged } = driver.state;
    if (driver.foundTorn) this.#met('torn write met');
    if (driver.foundRot) this.#met('corrupted record found');
    this.#before.set(driver, { role, term, config, damaged, transferee: undefined, toldIn: -1 });
  }

  crashed(driver: Driver): void {
    this.#before.delete(driver);
    const { role, config } = driver.state;
    if (role === 'leader' && isJoint(config)) this.#met('leader crashed while joint');
  }

  stepped(driver: Driver, input: RaftInput, effects: readonly RaftEffect[], cut: boolean): void {
    const before = this.#before.get(driver);
    if (before === undefined) return;
    if (cut) this.#met('log conflict overwritten');
    this.#ofInput(driver, before, input, effects);
    for (const effect of effects) {
      if (effect.type === 'role') this.#ofRole(driver, before);
      else if (effect.type === 'config') this.#ofConfig(before, effect.config);
      else if (effect.type === 'persist' && effect.snapshot !== undefined) this.#met('snapshot installed');
    }
    const { damaged, leadTransferee, role, term, progress, settings } = driver.state;
    if (before.damaged && !damaged) this.#met('corrupted record recovered');
    if (before.transferee !== undefined && leadTransferee === undefined && role === 'leader' && input.type === 'tick')
      this.#met('transfer timed out');
    if (role === 'leader' && input.type === 'propose')
      for (const { state, inflights } of progress.values())
        if (state === 'replicate' && inflights.length >= settings.maxInflight) this.#met('flow control paused');
    before.damaged = damaged;
    before.transferee = leadTransferee;
    before.role = role;
    before.term = term;
  }

  sent(_driver: Driver, message: RaftMessage): void {
    switch (message.type) {
      case 'vote-response':
        if (message.reject) this.#met('vote refused');
        return;
      case 'pre-vote-response':
        if (message.reject) this.#met('pre-vote refused');
        return;
      case 'append-response':
        if (message.reject) this.#met('append rejected');
        return;
      case 'snapshot':
        return this.#met('snapshot sent');
      case 'timeout-now':
        return this.#met('transfer begun');
      default:
    }
  }

  refused(what: string, reason: RejectReason): void {
    if (what === 'read') this.#met('read refused');
    else if (what === 'propose' && reason === 'overload') this.#met('proposal refused by the size cap');
    else if (what === 'propose' && reason === 'transferring')
      this.#met('proposal refused while leadership is handed over');
    else if (what === 'change' && reason === 'config-pending')
      this.#met('config change refused while another is pending');
  }

  #ofInput(driver: Driver, before: Before, input: RaftInput, effects: readonly RaftEffect[]): void {
    const { role, term, settings } = driver.state;
    switch (input.type) {
      case 'tick':
        if ((input.count ?? 1) > 1) this.#met('hung node counted its ticks');
        if (before.role === 'leader' && role === 'follower' && term === before.term)
          this.#met('leader stepped down for want of a quorum');
        return;
      case 'read':
        if (settings.reads === 'lease' && effects.some(({ type }) => type === 'read')) this.#met('lease read served');
        return;
      case 'receive':
        if (input.message.type === 'timeout-now') before.toldIn = input.message.term;
        if (!effects.some(({ type }) => type === 'read')) return;
        return this.#met(role === 'leader' ? 'read index served' : 'read index served at a follower');
      case 'applied':
        if (before.role === 'leader' && role === 'follower' && term === before.term)
          this.#met('removed leader stepped down');
        return;
      default:
    }
  }

  #ofRole(driver: Driver, before: Before): void {
    const { role, term } = driver.state;
    if (role === 'candidate' && before.role === 'candidate' && term > before.term) this.#met('vote split');
    if (role !== 'leader' || before.role === 'leader') return;
    this.#met('election won');
    if (before.toldIn + 1 === term) this.#met('transfer done');
  }

  #ofConfig(before: Before, config: Config): void {
    const was = before.config;
    before.config = config;
    if (isJoint(config) && !isJoint(was)) this.#met('joint consensus entered');
    if (isJoint(was) && !isJoint(config)) this.#met('joint consensus left');
    if (was.learners.some((id) => config.voters.includes(id))) this.#met('learner promoted');
    if (config.learners.some((id) => was.voters.includes(id))) this.#met('voter demoted');
    const rejoined = (id: NodeId): boolean => Number(id) > 16 && !was.voters.includes(id) && !was.learners.includes(id);
    if (config.voters.some(rejoined) || config.learners.some(rejoined)) this.#met('node rejoined after wipe');
  }

  #met(what: Milestone): void {
    this.#world.met(what);
  }
}
