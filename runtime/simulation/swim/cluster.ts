/**
 * A whole group under simulation: machines, the nodes that run on them, what operators do, and when all has come right.
 * A machine is a place in the world; a node is a name, and moves to another machine when it is replaced.
 */
import { valuesOf } from '#protocols/swim/metadata';
import { decodePacket, encodeMessage } from '#protocols/swim/packet';
import { type Member, selfOf, type SwimCounts, type SwimEvent, type SwimInput } from '#protocols/swim/state';
import { unreachable } from '#protocols/wire/error';
import type { Fault } from '../faults.js';
import type { Planned, Simulated } from '../model.js';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import { Checks } from './checks.js';
import type { SwimOperation, SwimSetup } from './plan.js';
import { Process, type ProcessWatch } from './process.js';

type Link = readonly [number, number];

/** What a run has in store, its faults among it when the simulator drew them. */
export type SwimPlan = Planned<SwimSetup, SwimOperation> & { readonly faults?: readonly Fault[] };

/** A group in a world. */
export class Cluster implements Simulated<SwimOperation>, ProcessWatch {
  readonly #world: World;
  readonly #setup: SwimSetup;
  readonly #checks: Checks;
  /** By machine: what runs there. */
  readonly #processes: (Process | undefined)[];
  /** By machine: the name of the node that should run there, if any. */
  readonly #wanted: (string | undefined)[];
  #lives = 0;
  /** The first pair of nodes that did not agree when it was asked last. */
  #doubt = 0;
  readonly #gone: SwimCounts[] = [];

  constructor(world: World, plan: SwimPlan) {
    const { size, setup } = plan;
    this.#world = world;
    this.#setup = setup;
    this.#checks = new Checks(world, soundUntilUs(world, plan));
    for (const { kind, node, atUs } of plan.faults ?? [])
      if (kind === 'pause') world.at(atUs, -1, 0, () => this.#blemish(node));
    this.#wanted = Array.from({ length: size }, (_, place) => (place < setup.members ? `n${place + 1}` : undefined));
    this.#processes = Array.from({ length: size }, () => undefined);
    for (let place = 0; place < size; place += 1) this.#start(place);
  }

  /** What runs, in the order of machines. */
  get processes(): readonly Process[] {
    return this.#processes.filter((process) => process !== undefined);
  }

  receive(to: number, from: number, frame: Uint8Array): void {
    const process = this.#processes[to];
    if (process !== undefined) process.receive(from, frame, (packet) => this.#garble(process, packet));
  }

  words(frame: Uint8Array): string {
    if (frame[0] === 2) return 'stream ack';
    const packet = frame.subarray(frame[0] === 1 ? 9 : 1);
    const messages = decodePacket(packet) ?? [];
    return messages
      .map((message) => {
        const about = 'node' in message ? ` ${message.node}` : '';
        const incarnation = 'incarnation' in message ? ` ${message.incarnation}` : '';
        const members = message.type === 'push-pull' ? ` of ${message.members.length}` : '';
        return `${message.type}${about}${incarnation}${members} (${encodeMessage(message).length} B)`;
      })
      .join(', ');
  }

  operate(operation: SwimOperation): void {
    switch (operation.type) {
      case 'leave':
        return this.#leave(operation.node);
      case 'start':
        return this.#startAgain(operation.node);
      case 'down':
        return this.#down(operation.node);
      case 'set': {
        const { node, key, value } = operation;
        return this.#processes[node]?.step({ type: 'set-metadata', changes: [{ key, value }] });
      }
      case 'stall':
        return this.#stall(operation.node, operation.forMs);
      case 'cut-off':
        return this.#cutOff(operation.node, operation.forMs);
      case 'split':
        return this.#split(operation.parts, operation.forMs);
      case 'replace':
        return this.#replace(operation.node, operation.by, operation.rebuilt);
      default:
        return unreachable(operation);
    }
  }

  crashed(place: number): void {
    this.#end(place);
  }

  restarted(place: number): void {
    this.#start(place);
  }

  healed(): void {
    for (const process of this.processes) process.step({ type: 'transport', up: true });
  }

  check(): void {
    // Everything is looked at where it happens. @see Checks
  }

  /** Every node that runs sees exactly those that run, alive, where they are, with what they say of themselves. */
  settled(): boolean {
    const running = this.processes;
    for (let tried = 0; tried < running.length; tried += 1) {
      const observer = running[(this.#doubt + tried) % running.length] as Process;
      if (!agrees(observer, running)) {
        // Whoever differs now will most likely differ when asked again.
        this.#doubt = (this.#doubt + tried) % running.length;
        return false;
      }
    }
    return true;
  }

  finish(): void {
    const running = this.processes;
    for (const { name, state } of running)
      for (const other of running) {
        const believed = told(state.members.get(other.name));
        const own = told(selfOf(other.state));
        if (believed !== own) throw new Violation('EqualMetadata', `${name} has ${believed} of ${other.name}: ${own}`);
      }
    for (const counts of [...this.#gone, ...running.map(({ state }) => state.counts)])
      for (const [what, count] of Object.entries(counts)) if (count > 0) this.#world.met(what);
  }

  state(): readonly string[] {
    return this.processes.map(({ name, place, state }) => {
      const members = [...state.members.values()]
        .map(({ node, status, incarnation, metadata }) => `${node} ${status} ${incarnation} v${metadata.version}`)
        .join(', ');
      return `${name} on m${place + 1}, ${state.phase}, awareness ${state.awareness}: ${members}`;
    });
  }

  event(process: Process, event: SwimEvent): void {
    this.#world.trace.add('note', this.#world.nowUs, process.place, -1, JSON.stringify(event));
    this.#world.met(event.type === 'dead' ? `dead ${event.reason}` : event.type);
    this.#checks.event(process, event);
  }

  packet(process: Process, packet: Uint8Array): void {
    this.#checks.packet(process, packet);
  }

  stepped(process: Process, input: SwimInput): void {
    this.#checks.stepped(process, input);
  }

  left(process: Process): void {
    this.#world.met('left');
    this.#end(process.place);
  }

  /** A packet that arrives cut short, or with a bit that is wrong; it must leave no trace in whoever gets it. */
  #garble(process: Process, packet: Uint8Array): Uint8Array {
    const chance = this.#world.chances.protocol;
    if (this.#setup.garble === 0 || !chance.chance(this.#setup.garble)) return packet;
    const garbled = chance.chance(0.5) ? packet.slice(0, chance.below(packet.length)) : packet.slice();
    if (garbled.length === packet.length) {
      const at = chance.below(garbled.length);
      garbled[at] = (garbled[at] as number) ^ (1 << chance.below(8));
    }
    if (decodePacket(garbled) !== undefined)
      throw new Violation('MalformedIsDropped', `${process.name} would read a packet that was changed on the way`);
    return garbled;
  }

  #start(place: number): void {
    const name = this.#wanted[place];
    if (name === undefined || this.#processes[place] !== undefined || !this.#world.up(place)) return;
    this.#lives += 1;
    const process = new Process(this.#world, place, name, this.#lives, this.#setup, this);
    this.#processes[place] = process;
    this.#checks.began(process);
    process.begin(this.#setup.seeds);
  }

  #end(place: number): void {
    const process = this.#processes[place];
    if (process === undefined) return;
    process.end();
    this.#checks.ended(process);
    this.#gone.push(process.state.counts);
    this.#processes[place] = undefined;
  }

  #startAgain(place: number): void {
    const name = this.#wanted[place] ?? `n${place + 1}`;
    // Its name has moved to another machine.
    if (this.#wanted.some((wanted, other) => wanted === name && other !== place)) return;
    this.#wanted[place] = name;
    if (!this.#world.up(place)) this.#world.restart(place);
    this.#start(place);
  }

  #leave(place: number): void {
    const process = this.#processes[place];
    if (process === undefined || this.#world.paused(place)) return;
    this.#wanted[place] = undefined;
    this.#checks.leaves(process.name);
    process.step({ type: 'leave' });
  }

  #down(place: number): void {
    if (!this.#world.up(place)) return;
    this.#world.crash(place, false);
    this.crashed(place);
  }

  /** What runs there is going to hang. */
  #blemish(place: number): void {
    const process = this.#processes[place];
    if (process !== undefined) this.#checks.blemish(process.name);
  }

  #stall(place: number, forMs: number): void {
    const process = this.#processes[place];
    if (process === undefined || this.#world.paused(place)) return;
    this.#blemish(place);
    this.#world.pause(place);
    this.#world.at(this.#world.nowUs + forMs * 1_000, -1, 0, () => {
      if (this.#processes[place] === process) this.#checks.resumed(process);
      this.#world.resume(place);
    });
  }

  #cutOff(place: number, forMs: number): void {
    const links = this.#links((from, to) => from === place || to === place);
    this.#world.network.cut(links);
    this.#processes[place]?.step({ type: 'transport', up: false });
    this.#world.at(this.#world.nowUs + forMs * 1_000, -1, 0, () => {
      this.#world.network.mend(links);
      if (!this.#world.paused(place)) this.#processes[place]?.step({ type: 'transport', up: true });
    });
  }

  #split(parts: readonly number[], forMs: number): void {
    const links = this.#links((from, to) => (parts[from] ?? 0) !== (parts[to] ?? 0));
    this.#world.met(`${new Set(parts).size}-way partition`);
    this.#world.network.cut(links);
    this.#world.at(this.#world.nowUs + forMs * 1_000, -1, 0, () => this.#world.network.mend(links));
  }

  #replace(place: number, by: number, rebuilt: boolean): void {
    const name = this.#wanted[place];
    if (name === undefined || this.#wanted[by] !== undefined) return;
    this.#down(place);
    this.#wanted[by] = name;
    if (!this.#world.up(by)) this.#world.restart(by);
    this.#start(by);
    // The machine is put to use again, for a node with another name.
    this.#wanted[place] = rebuilt ? `${name}b` : undefined;
    if (!rebuilt) return;
    this.#world.restart(place);
    this.#start(place);
  }

  #links(chosen: (from: number, to: number) => boolean): readonly Link[] {
    const links: Link[] = [];
    const { size } = this.#world;
    for (let from = 0; from < size; from += 1)
      for (let to = 0; to < size; to += 1) if (from !== to && chosen(from, to)) links.push([from, to]);
    return links;
  }
}

/** Until when every packet arrives in time. */
function soundUntilUs(world: World, { operations, faults = [] }: SwimPlan): number {
  const { loss, straggling } = world.network.knobs;
  if (loss > 0 || straggling > 0) return 0;
  const cuts = operations.filter(({ operation: { type } }) => type === 'split' || type === 'cut-off');
  const faulty = faults.filter(({ kind }) => ['partition', 'oneway', 'bridge', 'clog'].includes(kind));
  return Math.min(Number.POSITIVE_INFINITY, ...[...cuts, ...faulty].map(({ atUs }) => atUs));
}

/** Metadata as text; undefined when there is no such member. */
function told(member: Member | undefined): string | undefined {
  return member === undefined ? undefined : JSON.stringify(valuesOf(member.metadata));
}

/** Whether a node sees exactly those that run. */
function agrees({ state }: Process, running: readonly Process[]): boolean {
  if (state.phase !== 'running' || state.live !== running.length) return false;
  // It trusts itself again, too, as it had nothing but success; unless it is alone and had nothing at all.
  if (state.awareness > 0 && running.length > 1) return false;
  for (const other of running) {
    const member = state.members.get(other.name);
    if (member?.status !== 'alive' || member.address !== other.state.address) return false;
    const { life, version } = selfOf(other.state).metadata;
    if (member.metadata.life !== life || member.metadata.version !== version) return false;
  }
  return true;
}
