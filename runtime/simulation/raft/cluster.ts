/**
 * A Raft cluster in a world: drivers on their places, clients, an operator, and the invariants that look at every step.
 * A place is a machine; the node on it has an id for as long as its disk lives. (A node that lost its disk has lost its
 * votes: it comes back under another id and has to be brought in like any new one.)
 */
import type { Persist, RaftEffect, RejectReason } from '#protocols/raft/effect';
import type { RaftInput } from '#protocols/raft/input';
import type { RaftMessage } from '#protocols/raft/message';
import { isJoint, newConfig } from '#protocols/raft/config';
import { raftSettings } from '#protocols/raft/settings';
import type { Config, NodeId, RequestId } from '#protocols/raft/types';
import { lastIndex } from '#protocols/raft/log';
import { checkLinearizable, describeAccount, mapOf } from '../../testing/linearizability/index.js';
import { DiskFull } from '../disk.js';
import { crash } from '../faults.js';
import type { Planned, Simulated } from '../model.js';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import { Clients, type Request } from './clients.js';
import { Driver, openPacket, type Watcher } from './driver.js';
import { Invariants } from './invariants.js';
import { type Answer, Machine } from './machine.js';
import { unreachable } from '#protocols/wire/error';
import { Milestones } from './milestones.js';
import { Mischiefs } from './mischief.js';
import { Operator, type Site } from './operator.js';
import type { RaftOperation, RaftSetup } from './plan.js';

/** A node whose disk is full ends, and is started again after this time. */
const FULL_AGAIN_US = 300_000;
/** How often the operator looks after the cluster once the faults are over. */
const CLEAN_UP_US = 200_000;
/** Places of a world at most; ids of the lives of one place differ by this. */
const MOST_PLACES = 16;

/** The cluster of one run. */
export class Cluster implements Simulated<RaftOperation>, Watcher, Site {
  readonly size: number;
  readonly clients: Clients;
  readonly invariants = new Invariants();
  readonly #world: World;
  readonly #setup: RaftSetup;
  readonly #milestones: Milestones;
  readonly #operator: Operator;
  readonly #mischiefs: Mischiefs;
  /** Watches along, for a trace. */
  readonly #beside: Partial<Watcher>;
  readonly #first: Config;
  readonly #drivers: (Driver | undefined)[];
  /** The id of each place now. */
  readonly #ids: NodeId[];
  readonly #places = new Map<NodeId, number>();
  /** Requests that wait at a place: commands by session and number, reads by their id. */
  readonly #waiting: Map<string, Request>[];
  readonly #retired = new Set<number>();
  #healed = false;
  /** The reads of all keys at the end have begun. */
  #verifying = false;

  constructor(world: World, { size, setup }: Planned<RaftSetup, RaftOperation>, beside: Partial<Watcher> = {}) {
    this.#world = world;
    this.#setup = setup;
    this.#beside = beside;
    this.size = size;
    this.#milestones = new Milestones(world);
    this.#operator = new Operator(this);
    this.#mischiefs = new Mischiefs(world, this);
    this.clients = new Clients(world, setup, (place, request) => this.#request(place, request));
    this.#ids = Array.from({ length: size }, (_, place) => String(place + 1));
    for (const [place, id] of this.#ids.entries()) this.#places.set(id, place);
    const { voters, learners } = setup;
    this.#first = newConfig(this.#ids.slice(0, voters), this.#ids.slice(voters, voters + learners));
    this.invariants.ledger.begin(1, 1);
    this.#waiting = this.#ids.map(() => new Map<string, Request>());
    this.#drivers = this.#ids.map(() => undefined);
    for (let place = 0; place < size; place += 1) this.#start(place);
  }

  receive(to: number, _from: number, packet: Uint8Array): void {
    this.#drivers[to]?.receive(packet);
  }

  words(packet: Uint8Array): string {
    const opened = openPacket(packet);
    if (opened === undefined) return 'not a message';
    const { from, to, message } = opened;
    return `${from}>${to} ${JSON.stringify(message, (name, value: unknown) => (name === 'data' ? '..' : value))}`;
  }

  operate(operation: RaftOperation): void {
    switch (operation.type) {
      case 'call':
        return this.clients.call(operation.client, operation.input, operation.via, operation.at, operation.giveUp);
      case 'transfer':
      case 'strand':
      case 'hang':
        this.#hunt(operation.type === 'transfer' ? 300_000 : operation.forUs + 100_000);
        if (operation.type === 'transfer') return this.#operator.operate(operation);
        return this.#mischiefs.begin(operation, this.leader());
      case 'strike':
      case 'rot':
      case 'trap':
      case 'trap-joint':
        return this.#mischiefs.begin(operation, this.leader());
      default:
        this.#operator.operate(operation);
    }
  }

  crashed(place: number): void {
    const driver = this.#drivers[place];
    this.#waiting[place]?.clear();
    this.#drivers[place] = undefined;
    if (driver === undefined) return;
    this.#milestones.crashed(driver);
    driver.stop();
    this.invariants.stopped(driver.id);
  }

  restarted(place: number): void {
    this.#start(place);
  }

  healed(): void {
    this.#healed = true;
    this.#mischiefs.end();
    this.clients.calm();
    const again = (): void => {
      this.#operator.cleanUp();
      this.#world.at(this.#world.nowUs + CLEAN_UP_US, -1, 0, again);
    };
    again();
  }

  check(): void {
    // Every step is checked at its end. @see stepped
  }

  settled(): boolean {
    if (!this.clients.idle) return false;
    if (!this.#verifying) {
      this.#verifying = true;
      this.clients.readAll();
      return false;
    }
    return this.#converged();
  }

  finish(): void {
    const verdict = checkLinearizable(mapOf(), this.clients.history);
    if (verdict.verdict === 'refused')
      throw new Violation('Linearizability', describeAccount(verdict.account).join('\n'));
    this.#world.met(`history ${verdict.verdict}`);
    for (const driver of this.#drivers) {
      if (driver === undefined || !this.#isMember(driver.id)) continue;
      const lost = this.clients.lost((session) => driver.machine.lastOf(session));
      if (lost !== undefined) throw new Violation('AckedWritesInv', `${driver.id} lacks ${lost}`);
    }
  }

  state(): readonly string[] {
    return this.#ids.map((id, place) => {
      const driver = this.#drivers[place];
      if (driver === undefined) return `n${place + 1} ${id} is down`;
      const { role, term, log, commit, applied, config, damaged, amnesiac } = driver.state;
      const flags = `${damaged ? ' damaged' : ''}${amnesiac ? ' amnesiac' : ''}`;
      const members = [config.voters, config.votersOutgoing, config.learners].map((list) => list.join(' ')).join(' / ');
      return `n${place + 1} ${id} ${role} of ${term}, log ${log.base}..${lastIndex(log)}, commit ${commit}, applied ${applied}, ${members}${flags}`;
    });
  }

  // What the operator sees.

  idAt(place: number): NodeId {
    return this.#ids[place] as NodeId;
  }

  lives(id: NodeId): boolean {
    const place = this.#places.get(id);
    return place !== undefined && !this.#retired.has(place);
  }

  leader(): Driver | undefined {
    let leader: Driver | undefined;
    for (const driver of this.#drivers)
      if (driver?.state.role === 'leader' && driver.state.term > (leader?.state.term ?? 0)) leader = driver;
    return leader;
  }

  driverAt(place: number): Driver | undefined {
    return this.#world.paused(place) ? undefined : this.#drivers[place];
  }

  get committed(): number {
    return this.invariants.ledger.committed;
  }

  configs(): readonly Config[] {
    const known = this.#drivers.flatMap((driver) => (driver === undefined ? [] : [driver.state.config]));
    return this.invariants.config === undefined ? known : [...known, this.invariants.config];
  }

  wipe(place: number): void {
    const world = this.#world;
    if (!world.up(place)) return;
    world.met('disk wiped');
    const before = this.idAt(place);
    world.crash(place, true);
    this.crashed(place);
    world.disk(place).wipe();
    this.invariants.gone(before);
    this.#places.delete(before);
    const id = String(Number(before) + MOST_PLACES);
    this.#ids[place] = id;
    this.#places.set(id, place);
    world.restart(place);
    this.#start(place);
  }

  retire(place: number): void {
    if (this.#retired.has(place)) return;
    this.#retired.add(place);
    if (this.#world.up(place)) {
      this.#world.crash(place, false);
      this.crashed(place);
    }
    this.#world.retire(place);
  }

  // What drivers tell.

  started(driver: Driver): void {
    this.invariants.started(driver.id, driver.state);
    this.#milestones.started(driver);
    this.#beside.started?.(driver);
  }

  stepping(driver: Driver, input: RaftInput): void {
    this.#beside.stepping?.(driver, input);
  }

  stepped(driver: Driver, input: RaftInput, effects: readonly RaftEffect[]): void {
    const cut = this.invariants.stepped(driver.id, driver.state);
    this.#milestones.stepped(driver, input, effects, cut);
    if (driver.state.role === 'leader')
      for (const effect of effects)
        if (effect.type === 'config' && isJoint(effect.config)) this.#mischiefs.joint(driver);
    this.#beside.stepped?.(driver, input, effects);
  }

  sent(driver: Driver, to: NodeId, message: RaftMessage): void {
    const { type, term } = message;
    if (type === 'vote') this.invariants.ledger.voted(driver.id, term, driver.id);
    else if (type === 'vote-response' && !message.reject) this.invariants.ledger.voted(driver.id, term, to);
    this.#milestones.sent(driver, message);
    this.#mischiefs.sent(driver, to, message);
    this.#beside.sent?.(driver, to, message);
  }

  persisting(driver: Driver, effect: Persist): void {
    this.#beside.persisting?.(driver, effect);
  }

  synced(driver: Driver, effect: Persist): void {
    this.invariants.synced(driver.id, effect);
    this.#beside.synced?.(driver, effect);
  }

  applied(driver: Driver, index: number, id: RequestId | undefined, answer: Answer | undefined): void {
    this.invariants.applied(driver.id, driver.state, index, driver.machine.hash);
    this.#beside.applied?.(driver, index, id, answer);
    if (id === undefined || answer === undefined) return;
    if (answer.type === 'reply' && answer.again) this.#world.met('session retry deduplicated');
    const request = this.#waiting[driver.place]?.get(id);
    if (request === undefined) return;
    this.#waiting[driver.place]?.delete(id);
    switch (answer.type) {
      case 'registered':
        return this.clients.reply(request, answer);
      case 'reply':
        return this.clients.reply(request, { type: 'done', output: answer.reply });
      case 'closed':
      case 'expired':
        return this.clients.reply(request, { type: 'expired' });
      case 'refused':
        // An attempt that came after the reply to another: nobody waits for it.
        return;
      default:
        return unreachable(answer);
    }
  }

  readable(driver: Driver, id: RequestId): void {
    const request = this.#waiting[driver.place]?.get(id);
    if (request === undefined) return;
    this.#waiting[driver.place]?.delete(id);
    this.clients.reply(request, { type: 'done', output: driver.machine.read(request.key) });
  }

  refused(driver: Driver, what: string, id: RequestId, reason: RejectReason, leader: NodeId | undefined): void {
    this.#milestones.refused(what, reason);
    const request = this.#waiting[driver.place]?.get(id);
    if (request === undefined) return;
    this.#waiting[driver.place]?.delete(id);
    const place = leader === undefined ? undefined : this.#places.get(leader);
    this.clients.reply(request, { type: 'refused', place });
  }

  failed(driver: Driver): void {
    this.invariants.stopped(driver.id);
    crash(this.#world, this, driver.place, false, FULL_AGAIN_US);
  }

  #start(place: number): void {
    const id = this.idAt(place);
    const world = this.#world;
    const { voters, learners } = this.#setup;
    const bootstrap = Number(id) <= voters + learners ? this.#first : undefined;
    const seed = world.chances.protocol.next();
    const placeOf = (node: NodeId): number | undefined => this.#places.get(node);
    try {
      const settings = raftSettings(id, this.#setup.settings);
      const driver = new Driver({
        world,
        place,
        settings,
        setup: this.#setup,
        restore: (snapshot) => Machine.restore(this.#setup.sessions, snapshot),
        seed,
        bootstrap,
        watcher: this,
        placeOf,
      });
      if (world.up(place)) this.#drivers[place] = driver;
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      crash(world, this, place, false, FULL_AGAIN_US);
    }
  }

  /** A request of a client arrived at a place that is up. */
  #request(place: number, request: Request): void {
    const driver = this.#drivers[place];
    if (driver === undefined) return;
    this.#waiting[place]?.set(request.id, request);
    if (request.command === undefined) driver.read(request.id);
    else driver.give({ type: 'propose', id: request.id, data: request.command });
  }

  #hunt(forUs: number): void {
    const leader = this.leader()?.place;
    if (leader !== undefined) this.clients.hunt(leader, () => this.leader()?.place, forUs);
  }

  #isMember(id: NodeId): boolean {
    const config = this.leader()?.state.config;
    return config !== undefined && (config.voters.includes(id) || config.learners.includes(id));
  }

  /** There is a leader, it has nothing left to do, and all members that are up are in the same state as it is. */
  #converged(): boolean {
    const leader = this.leader();
    if (!this.#healed || leader === undefined) return false;
    const { config, applied, log } = leader.state;
    if (applied < lastIndex(log) || config.votersOutgoing.length > 0) return false;
    for (const id of [...config.voters, ...config.learners]) {
      const place = this.#places.get(id);
      if (place === undefined) return false;
      const driver = this.#drivers[place];
      if (driver === undefined) {
        // It is lost for good, or was stopped because its disk was full and is on its way back.
        if (this.#world.up(place)) return false;
        continue;
      }
      const { state, machine } = driver;
      if (state.applied !== applied || machine.hash !== leader.machine.hash || state.damaged) return false;
    }
    return true;
  }
}
