/**
 * The operator of the simulated cluster: asks whoever leads for what was planned, as far as it can be asked for without
 * taking away a majority of living voters, which no protocol survives; and cleans up once the faults are over.
 */
import { changeConfig, isJoint, membersOf } from '#protocols/raft/config';
import type { Config, ConfigChange, MemberChange, NodeId, RaftState } from '#protocols/raft/types';
import type { Driver } from './driver.js';
import type { Mischief } from './mischief.js';
import type { RaftOperation } from './plan.js';

/** Fewer voters than this are never asked for. */
const LEAST_VOTERS = 3;

/** What the operator sees and does. */
export interface Site {
  /** The id that a place has now; a place that was wiped has another than before. */
  idAt(place: number): NodeId;
  /** Whether a node may still come back under this id. */
  lives(id: NodeId): boolean;
  /** Of the highest term among those that are up and believe that they lead. */
  leader(): Driver | undefined;
  /** Configurations that are in force somewhere. */
  configs(): readonly Config[];
  driverAt(place: number): Driver | undefined;
  /** Takes the disk of a place away and starts an empty node there under another id. */
  wipe(place: number): void;
  /** Stops the node for good. */
  retire(place: number): void;
  readonly size: number;
  /** The last index that anybody ever knew to be committed. */
  readonly committed: number;
}

/** Plans and cleaning up. */
export class Operator {
  readonly #site: Site;
  #requests = 0;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Carries a planned operation out, if it makes sense now. */
  operate(operation: Exclude<RaftOperation, Mischief | { type: 'call' }>): void {
    const leader = this.#site.leader();
    switch (operation.type) {
      case 'change':
        if (leader !== undefined) this.#change(leader, operation);
        return;
      case 'leave-joint':
        if (leader !== undefined && isJoint(leader.state.config)) this.#ask(leader, { transition: 'auto', changes: [] });
        return;
      case 'transfer':
        leader?.give({ type: 'transfer', id: this.#nextId(), to: this.#site.idAt(operation.to) });
        return;
      case 'wipe':
        if (leader !== undefined && this.#mayLose(leader.state, operation.place)) this.#site.wipe(operation.place);
        return;
      case 'campaign':
        this.#site.driverAt(operation.place)?.give({ type: 'campaign' });
        return;
      case 'forget-leader':
        this.#site.driverAt(operation.place)?.give({ type: 'forget-leader' });
        return;
    }
  }

  /** After the faults: leaves joint configurations, takes out who is dead, stops who was taken out. */
  cleanUp(): void {
    const leader = this.#site.leader();
    if (leader === undefined) return;
    const { config } = leader.state;
    if (isJoint(config)) {
      if (!config.autoLeave) this.#ask(leader, { transition: 'auto', changes: [] });
      return;
    }
    const dead = membersOf(config).find((id) => !this.#site.lives(id));
    if (dead !== undefined) return this.#ask(leader, { transition: 'auto', changes: [{ type: 'remove', node: dead }] });
    // A leader that was deposed may not know who is a member by now.
    if (leader.state.pendingConfIndex > leader.state.applied || leader.state.applied < this.#site.committed) return;
    for (let place = 0; place < this.#site.size; place += 1)
      if (!membersOf(config).includes(this.#site.idAt(place))) this.#site.retire(place);
  }

  #change(
    leader: Driver,
    { what, place, instead, transition }: Extract<RaftOperation, { type: 'change' }>,
  ): void {
    const { config } = leader.state;
    const dead = membersOf(config).find((id) => !this.#site.lives(id));
    const changes: MemberChange[] = [{ type: what, node: this.#site.idAt(place) }];
    if (dead !== undefined) changes.push({ type: 'remove', node: dead });
    else if (instead !== undefined && instead !== place) changes.push({ type: 'remove', node: this.#site.idAt(instead) });
    const change = { transition, changes };
    const after = changeConfig(config, change);
    if (after !== undefined && this.#keepsMajority(after)) this.#ask(leader, change);
  }

  /** Enough voters of each list live that they decide without the dead. */
  #keepsMajority({ voters, votersOutgoing }: Config): boolean {
    const enough = (list: readonly NodeId[]): boolean =>
      2 * list.filter((id) => this.#site.lives(id)).length > list.length;
    return voters.length >= LEAST_VOTERS && enough(voters) && (votersOutgoing.length === 0 || enough(votersOutgoing));
  }

  /** One dead member at a time, and none while the configuration is on its way to another. */
  #mayLose({ config, pendingConfIndex, applied, log }: RaftState, place: number): boolean {
    if (isJoint(config) || pendingConfIndex > applied) return false;
    if (log.entries.some(({ type, index }) => type === 'config' && index > applied)) return false;
    const known = this.#site.configs();
    if (known.some((one) => membersOf(one).some((id) => !this.#site.lives(id)))) return false;
    const id = this.#site.idAt(place);
    return known.every(({ voters }) => !voters.includes(id) || voters.length >= LEAST_VOTERS);
  }

  #ask(leader: Driver, change: ConfigChange): void {
    leader.give({ type: 'change', id: this.#nextId(), change });
  }

  #nextId(): string {
    this.#requests += 1;
    return `operator.${this.#requests}`;
  }
}
