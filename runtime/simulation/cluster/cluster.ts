/**
 * The whole cluster of one run: nodes on their places, clients, the world outside, an operator, and what must hold. All
 * that is decided is decided by the cores of the three protocols and by that of the supervisor which joins them; what is
 * here carries it out.
 */
import { newConfig } from '#protocols/raft/config';
import { lastIndex } from '#protocols/raft/log';
import type { Config } from '#protocols/raft/types';
import type { Outcome } from '#protocols/supervisor/command';
import type { SupervisorState } from '#protocols/supervisor/state';
import type { SwimEvent, SwimInput } from '#protocols/swim/state';
import { unreachable } from '#protocols/wire/error';
import { DiskFull } from '../disk.js';
import { crash } from '../faults.js';
import type { Planned, Simulated } from '../model.js';
import { openPacket } from '../raft/driver.js';
import { Invariants } from '../raft/invariants.js';
import { Checks as SwimChecks } from '../swim/checks.js';
import type { Process, ProcessWatch } from '../swim/process.js';
import type { World } from '../world.js';
import { Clients } from './clients.js';
import { converged } from './convergence.js';
import { Facts } from './facts.js';
import { Milestones } from './milestones.js';
import { idOf, nameOf, placeOf } from './names.js';
import { Node, type NodeSite } from './node.js';
import { open, protocolOf } from './packets.js';
import type { ClusterOperation, ClusterSetup } from './plan.js';
import { Register, type Write, type Written } from './register.js';
import { Strikes } from './strikes.js';

/** A node whose disk is full ends, and is started again after this time. */
const FULL_AGAIN_US = 300_000;
/** How often the operator looks after the cluster once the faults are over. */
const CLEAN_UP_US = 200_000;

/** The cluster. */
export class Cluster implements Simulated<ClusterOperation>, ProcessWatch {
  readonly clients: Clients;
  readonly #world: World;
  readonly #setup: ClusterSetup;
  readonly #invariants = new Invariants();
  readonly #swim: SwimChecks;
  readonly #facts: Facts;
  readonly #milestones: Milestones;
  readonly #register = new Register();
  readonly #strikes: Strikes;
  readonly #bootstrap: Config;
  /** By place: what runs there. */
  readonly #nodes: (Node | undefined)[];

  constructor(world: World, { size, setup }: Planned<ClusterSetup, ClusterOperation>) {
    this.#world = world;
    this.#setup = setup;
    this.#swim = new SwimChecks(world, 0);
    this.#facts = new Facts(world, setup.supervisor);
    this.#milestones = new Milestones(world, (name, life) => this.#lives(name, life));
    this.clients = new Clients(world, setup, this.#facts, (place, message) => this.#nodes[place]?.submit(message));
    this.#strikes = new Strikes({
      ...{ world, simulated: this },
      leader: () => this.leader(),
      nodes: () => this.nodes,
    });
    this.#bootstrap = newConfig(Array.from({ length: setup.voters }, (_, place) => idOf(place)));
    this.#invariants.ledger.begin(1, 1);
    this.#nodes = Array.from({ length: size }, () => undefined);
    const { drift } = world.network.knobs;
    if (setup.extremes)
      for (let place = 0; place < size; place += 1)
        world.setRate(place, world.chances.clock.chance(0.5) ? 1 + drift : 1 - drift);
    for (let place = 0; place < size; place += 1) this.#start(place);
  }

  /** What runs, in the order of places. */
  get nodes(): readonly Node[] {
    return this.#nodes.filter((node) => node !== undefined);
  }

  /** Of the highest term among those that lead. */
  leader(): Node | undefined {
    let leader: Node | undefined;
    let term = 0;
    for (const node of this.#nodes) {
      const driver = node?.voter?.driver;
      if (driver?.state.role !== 'leader' || driver.state.term <= term) continue;
      leader = node;
      term = driver.state.term;
    }
    return leader;
  }

  receive(to: number, from: number, packet: Uint8Array): void {
    this.#nodes[to]?.receive(from, packet);
  }

  words(packet: Uint8Array): string {
    const protocol = protocolOf(packet);
    if (protocol === 'swim') return `swim, ${packet.length} B`;
    const opened = protocol === 'raft' ? openPacket(packet) : open(packet);
    if (opened === undefined) return 'not a message';
    const bytes = (key: string, value: unknown): unknown => (key === 'data' ? '..' : value);
    return `${protocol} from ${opened.from} ${JSON.stringify(opened.message, bytes)}`;
  }

  operate(operation: ClusterOperation): void {
    const voter = this.leader()?.voter;
    switch (operation.type) {
      case 'submit':
        return this.clients.submit(operation.client);
      case 'drain':
        return voter?.propose([{ type: 'drain', node: nameOf(operation.place), draining: operation.draining }]);
      case 'remove-child':
        return voter?.propose([{ type: 'remove-child', child: operation.child }]);
      case 'add-child': {
        const child = this.#setup.children.find(({ name }) => name === operation.child);
        return child === undefined ? undefined : voter?.propose([{ type: 'add-child', child }]);
      }
      case 'strike':
        return this.#strikes.begin(operation);
      case 'strand':
        return this.#strikes.strand(operation);
      case 'trap':
        return this.#strikes.set(operation);
      default:
        return unreachable(operation);
    }
  }

  crashed(place: number): void {
    const node = this.#nodes[place];
    if (node === undefined) return;
    this.#nodes[place] = undefined;
    node.end();
    this.#swim.ended(node.process);
    if (node.voter !== undefined) this.#invariants.stopped(idOf(place));
  }

  restarted(place: number): void {
    this.#start(place);
  }

  healed(): void {
    this.#strikes.end();
    this.clients.calm();
    for (const { process } of this.nodes) process.step({ type: 'transport', up: true });
    const again = (): void => {
      this.#cleanUp();
      this.#world.at(this.#world.nowUs + CLEAN_UP_US, -1, 0, again);
    };
    again();
  }

  check(): void {
    // Everything is looked at where it happens. @see Facts
  }

  settled(): boolean {
    const leader = this.leader();
    return this.clients.idle && leader !== undefined && converged(leader, this.nodes, this.#world.size);
  }

  finish(): void {
    for (const { name, voter } of this.nodes)
      if (voter !== undefined) this.#facts.kept(name, voter.driver.machine.state);
  }

  state(): readonly string[] {
    return Array.from({ length: this.#world.size }, (_, place) => {
      const node = this.#nodes[place];
      if (node === undefined) return `n${place + 1} is down`;
      const running = [...node.agent.running].map(([child, { epoch }]) => `${child} ${epoch}`);
      const seen = [...node.process.state.members.values()].map(({ node: name, status }) => `${name} ${status}`);
      const agent = `asks ${node.agent.leader}, runs ${running.join(', ') || 'nothing'}, sees ${seen.join(', ')}`;
      return node.voter === undefined ? `${node.name} ${agent}` : `${node.name} ${votes(node)}; ${agent}`;
    });
  }

  // What SWIM tells.

  event(process: Process, event: SwimEvent): void {
    this.#swim.event(process, event);
  }

  packet(process: Process, packet: Uint8Array): void {
    this.#swim.packet(process, packet);
  }

  stepped(process: Process, input: SwimInput): void {
    this.#swim.stepped(process, input);
  }

  left(): void {}

  #start(place: number): void {
    const world = this.#world;
    try {
      const node = new Node(this.#site(), place);
      if (!world.up(place)) return node.end();
      this.#nodes[place] = node;
      this.#swim.began(node.process);
      node.begin();
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.#full(place);
    }
  }

  #site(): NodeSite {
    return {
      ...{ world: this.#world, setup: this.#setup, swim: this },
      ...{ bootstrap: this.#bootstrap, invariants: this.#invariants },
      calm: () => this.#world.healed,
      write: (write) => this.#write(write),
      failed: (place) => this.#full(place),
      applied: (place, index, outcomes, timeMs) => this.#applied(place, index, outcomes, timeMs),
      starts: (node, child, epoch) => this.#facts.starts(node, child, epoch, this.nodes),
      leased: (node) => this.#facts.leased(node, this.nodes),
      lapsed: (node) => this.#lapsed(node),
      replied: (message) => this.clients.reply(message),
    };
  }

  #full(place: number): void {
    if (this.#nodes[place] === undefined && place < this.#setup.voters) this.#invariants.stopped(idOf(place));
    crash(this.#world, this, place, false, FULL_AGAIN_US);
  }

  #write(write: Write): Written {
    const written = this.#register.write(write);
    this.#facts.wrote(write, written);
    return written;
  }

  #applied(place: number, index: number, outcomes: readonly Outcome[], timeMs: number): void {
    if (this.#facts.applied(index, outcomes, timeMs))
      for (const outcome of outcomes) this.#milestones.committed(outcome);
    if (this.leader()?.place === place) this.#strikes.applied(place, outcomes);
  }

  #lapsed({ place }: Node): void {
    this.#world.met('lease ran out on its node');
    const leader = this.leader()?.place;
    if (leader === undefined || leader === place) return;
    const { network } = this.#world;
    if (!network.open(place, leader) || !network.open(leader, place)) this.#world.met('lease ran out while cut off');
  }

  #lives(name: string, life: number): boolean {
    const node = this.#nodes[placeOf(name)];
    return node?.agent.life === life && !this.#world.paused(node.place);
  }

  /** After the faults: nothing is drained any more, and all children are wanted. */
  #cleanUp(): void {
    const voter = this.leader()?.voter;
    if (voter?.leads !== true) return;
    const { children, members } = voter.driver.machine.state;
    for (const { node, draining } of members.values())
      if (draining) voter.propose([{ type: 'drain', node, draining: false }]);
    for (const child of this.#setup.children)
      if (children.get(child.name)?.removed !== false) voter.propose([{ type: 'add-child', child }]);
  }
}

/** A voter in words. */
function votes({ voter }: Node): string {
  if (voter === undefined) return '';
  const { state: raft, machine } = voter.driver;
  const { role, term, commit, applied, log, damaged } = raft;
  const flags = damaged ? ' damaged' : '';
  return `${role} of ${term}, log to ${lastIndex(log)}, commit ${commit}, applied ${applied}${flags}; ${holds(machine.state)}`;
}

function holds({ children, members, tasks, escalatedMs }: SupervisorState): string {
  const homes = [...children.values()].map(
    ({ name, epoch, home }) => `${name} ${epoch} ${home?.node ?? 'nowhere'}${home?.leaving === true ? ' leaving' : ''}`,
  );
  const nodes = [...members.values()].map(({ node, life, status }) => `${node} ${life} ${status}`);
  const open = [...tasks].flatMap(([id, { result, assigned }]) =>
    result === undefined ? [`${id} ${assigned?.child ?? 'ready'}`] : [],
  );
  return `${escalatedMs === undefined ? '' : 'gave up, '}${[...homes, ...nodes, ...open].join(', ')}`;
}
