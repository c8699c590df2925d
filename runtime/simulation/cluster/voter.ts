/**
 * The voter of a node: a Raft driver with the supervisor as its state machine, and what the leader among the voters does:
 * it answers asks after a round of its quorum, accepts tasks, and proposes what `decide` finds to be proposed.
 *
 *     ask ──> reports are proposed ──> read ── quorum ──> answer, leases noted from the arrival of the ask on
 *     tick, or something was applied ──> decide ──> one entry at a time ──> applied: nodes that it is about are poked
 */
import type { Persist, RaftEffect } from '#protocols/raft/effect';
import type { RaftInput } from '#protocols/raft/input';
import { lastIndex } from '#protocols/raft/log';
import type { RaftMessage } from '#protocols/raft/message';
import { raftSettings } from '#protocols/raft/settings';
import type { Config, NodeId, RequestId } from '#protocols/raft/types';
import type { Command, Outcome } from '#protocols/supervisor/command';
import { decide, reportsOf, type SeenMember } from '#protocols/supervisor/decide';
import { answerTo, hear, type Leases, logTimeMs, newLeases, notePlaced } from '#protocols/supervisor/lease';
import type { Ask, Submit, Submitted, SupervisorMessage } from '#protocols/supervisor/message';
import { taskId } from '#protocols/supervisor/state';
import { Driver, type Watcher } from '../raft/driver.js';
import type { Invariants } from '../raft/invariants.js';
import type { World } from '../world.js';
import { encodeBatch, SupervisorMachine } from './machine.js';
import { idOf, nameOf, nameOfId, placeOfId } from './names.js';
import type { ClusterSetup } from './plan.js';

/** Where a voter lives, and whom it tells. */
export interface VoterSite {
  readonly world: World;
  readonly setup: ClusterSetup;
  readonly place: number;
  readonly bootstrap: Config;
  readonly invariants: Invariants;
  /** The members of the group by the SWIM of this node. */
  readonly members: () => readonly SeenMember[];
  readonly send: (to: string, message: SupervisorMessage) => void;
  /** An entry was applied here; `timeMs` is the time of the log after it. */
  readonly applied: (place: number, index: number, outcomes: readonly Outcome[], timeMs: number) => void;
  /** The disk is full: the node ends. */
  readonly failed: () => void;
}

/** What a leader is at, for one term. */
interface Lead {
  readonly leases: Leases;
  /** It knows all that was committed before once it has applied this entry. */
  readonly readyIndex: number;
  /** By the id of their reads. */
  readonly asks: Map<RequestId, { readonly from: string; readonly ask: Ask; readonly arrivedMs: number }>;
  /** By the id of their proposals. */
  readonly submits: Map<RequestId, { readonly from: string; readonly submit: Submit }>;
  /** The decision that is proposed and not applied. */
  deciding: RequestId | undefined;
  decidedMs: number;
}

/** One life of a voter. */
export class Voter implements Watcher<SupervisorMachine> {
  readonly place: number;
  readonly #site: VoterSite;
  readonly #driver: Driver<SupervisorMachine>;
  #lead: Lead | undefined;
  #requests = 0;
  /** A decision is due at once. */
  #due = false;

  /** @throws DiskFull */
  constructor(site: VoterSite) {
    const { world, setup, place, bootstrap } = site;
    this.#site = site;
    this.place = place;
    const options = { settings: setup.supervisor, children: setup.children };
    this.#driver = new Driver<SupervisorMachine>({
      world,
      place,
      settings: raftSettings(idOf(place), setup.raft),
      setup: setup.driver,
      restore: (snapshot) => SupervisorMachine.restore(options, snapshot),
      seed: world.chances.protocol.next(),
      bootstrap,
      watcher: this,
      placeOf: placeOfId,
    });
  }

  get driver(): Driver<SupervisorMachine> {
    return this.#driver;
  }

  /** It leads, and knows all that was committed before. */
  get leads(): boolean {
    return this.#lead !== undefined && this.#driver.state.applied >= this.#lead.readyIndex;
  }

  stop(): void {
    this.#driver.stop();
  }

  /** A packet of another voter. */
  receive(packet: Uint8Array): void {
    this.#driver.receive(packet);
  }

  /** A node asks what to run. */
  ask(from: string, ask: Ask): void {
    const lead = this.#lead;
    const { state } = this.#driver.machine;
    if (lead === undefined) {
      const { leader } = this.#driver.state;
      this.#site.world.met('ask redirected');
      const to = leader === undefined ? null : nameOfId(leader);
      return this.#site.send(from, { type: 'redirect', life: ask.life, seq: ask.seq, leader: to });
    }
    if (ask.life < (state.members.get(ask.node)?.life ?? 0)) return;
    const arrivedMs = this.#clockMs();
    hear(lead.leases, ask.node, ask.life, arrivedMs);
    const reports = reportsOf(state, ask);
    if (reports.length > 0) this.propose(reports);
    const id = this.#nextId();
    lead.asks.set(id, { from, ask, arrivedMs });
    this.#driver.read(id);
  }

  /** A client hands over a task, or asks after one. */
  submit(from: string, submit: Submit): void {
    const { tasks } = this.#driver.machine.state;
    const { id, client, seq } = submit;
    const reply = (status: Submitted['status']): void => this.#site.send(from, { type: 'submitted', id, status });
    const known = tasks.get(taskId({ client, seq }));
    // What is committed stays so, whoever says it.
    if (known !== undefined) return reply(known.result === undefined ? 'accepted' : 'done');
    const lead = this.#lead;
    if (lead === undefined) return reply('refused');
    const proposal = this.#nextId();
    lead.submits.set(proposal, { from, submit });
    const command: Command = { type: 'submit', client, seq, acked: submit.acked, payload: submit.payload };
    this.#give(proposal, [command], lead.leases);
  }

  /** An operator asks for something, or a node has reported it. */
  propose(commands: readonly Command[]): void {
    if (this.#lead !== undefined) this.#give(this.#nextId(), commands, this.#lead.leases);
  }

  /** Decides, unless what was decided before is still under way. */
  tick(): void {
    const lead = this.#lead;
    if (lead === undefined || !this.leads) return;
    const { supervisor } = this.#site.setup;
    const nowMs = this.#clockMs();
    if (lead.deciding !== undefined && nowMs - lead.decidedMs < supervisor.leaseMs) return;
    const view = { nowMs, leases: lead.leases, members: this.#site.members() };
    const commands = decide(this.#driver.machine.state, view, supervisor);
    if (commands.length === 0) return;
    const id = this.#nextId();
    lead.deciding = id;
    lead.decidedMs = nowMs;
    this.#give(id, commands, lead.leases);
  }

  // What the driver tells.

  started(driver: Driver<SupervisorMachine>): void {
    this.#site.invariants.started(driver.id, driver.state);
  }

  stepping(): void {}

  stepped(driver: Driver<SupervisorMachine>, _input: RaftInput, effects: readonly RaftEffect[]): void {
    const { world, invariants } = this.#site;
    invariants.stepped(driver.id, driver.state);
    const { role, term, log } = driver.state;
    if (role !== 'leader') this.#lead = undefined;
    else if (this.#lead?.leases.term !== term) this.#elected(driver.machine, term, lastIndex(log));
    if (effects.some((effect) => effect.type === 'persist' && effect.snapshot !== undefined))
      world.met('snapshot installed');
  }

  sent(driver: Driver<SupervisorMachine>, to: NodeId, message: RaftMessage): void {
    const { ledger } = this.#site.invariants;
    const { type, term } = message;
    if (type === 'vote') ledger.voted(driver.id, term, driver.id);
    else if (type === 'vote-response' && !message.reject) ledger.voted(driver.id, term, to);
  }

  persisting(): void {}

  synced(driver: Driver<SupervisorMachine>, effect: Persist): void {
    this.#site.invariants.synced(driver.id, effect);
  }

  applied(
    driver: Driver<SupervisorMachine>,
    index: number,
    id: RequestId | undefined,
    outcomes: readonly Outcome[] = [],
  ): void {
    const { machine, state } = driver;
    this.#site.invariants.applied(driver.id, state, index, machine.hash);
    this.#site.applied(this.place, index, outcomes, machine.state.timeMs);
    const lead = this.#lead;
    if (lead === undefined) return;
    if (id !== undefined && id === lead.deciding) lead.deciding = undefined;
    notePlaced(lead.leases, outcomes, this.#clockMs(), this.#site.setup.supervisor);
    this.#replied(machine, lead, id);
    this.#poke(machine, outcomes);
    this.#soon();
  }

  readable(driver: Driver<SupervisorMachine>, id: RequestId): void {
    const lead = this.#lead;
    const waiting = lead?.asks.get(id);
    if (lead === undefined || waiting === undefined) return;
    lead.asks.delete(id);
    const { from, ask, arrivedMs } = waiting;
    const { supervisor } = this.#site.setup;
    const { machine, state } = driver;
    this.#site.send(from, answerTo(machine.state, state.applied, ask, lead.leases, arrivedMs, supervisor));
  }

  refused(_driver: Driver<SupervisorMachine>, what: string, id: RequestId): void {
    const lead = this.#lead;
    if (lead === undefined) return;
    if (what === 'read') lead.asks.delete(id);
    if (id === lead.deciding) lead.deciding = undefined;
    const waiting = lead.submits.get(id);
    if (waiting === undefined) return;
    lead.submits.delete(id);
    this.#site.send(waiting.from, { type: 'submitted', id: waiting.submit.id, status: 'refused' });
  }

  failed(): void {
    this.#site.failed();
  }

  #elected({ state }: SupervisorMachine, term: number, readyIndex: number): void {
    const leases = newLeases(term, this.#clockMs(), state.timeMs);
    const decided = { deciding: undefined, decidedMs: 0 };
    this.#lead = { leases, readyIndex, asks: new Map(), submits: new Map(), ...decided };
    this.#site.world.met('leader elected');
    if ([...state.children.values()].some(({ home }) => home?.leaving === true))
      this.#site.world.met('leader changed during a hand-over');
  }

  /** The task of a client is committed. */
  #replied({ state }: SupervisorMachine, { submits }: Lead, id: RequestId | undefined): void {
    const waiting = id === undefined ? undefined : submits.get(id);
    if (id === undefined || waiting === undefined) return;
    submits.delete(id);
    const known = state.tasks.get(taskId(waiting.submit));
    const status = known === undefined ? 'settled' : known.result === undefined ? 'accepted' : 'done';
    this.#site.send(waiting.from, { type: 'submitted', id: waiting.submit.id, status });
  }

  /** Nodes that have something to start, to stop or to do ask at once. */
  #poke({ state }: SupervisorMachine, outcomes: readonly Outcome[]): void {
    const nodes = new Set<string>();
    for (const outcome of outcomes) {
      if (outcome.type !== 'placed' && outcome.type !== 'withdrawn' && outcome.type !== 'assigned') continue;
      const home = state.children.get(outcome.child)?.home;
      if (home !== undefined) nodes.add(home.node);
    }
    for (const node of nodes) this.#site.send(node, { type: 'poke' });
  }

  /** Decides once what is going on now is over. */
  #soon(): void {
    if (this.#due) return;
    this.#due = true;
    this.#site.world.after(1, this.place, () => {
      this.#due = false;
      this.tick();
    });
  }

  #give(id: RequestId, commands: readonly Command[], leases: Leases): void {
    const atMs = Math.floor(logTimeMs(leases, this.#clockMs()));
    this.#driver.give({ type: 'propose', id, data: encodeBatch({ atMs, commands }) });
  }

  #nextId(): RequestId {
    const { world } = this.#site;
    this.#requests += 1;
    return `${nameOf(this.place)}.${world.lifeOf(this.place)}.${this.#requests}`;
  }

  #clockMs(): number {
    return this.#site.world.monotonicUs(this.place) / 1_000;
  }
}
