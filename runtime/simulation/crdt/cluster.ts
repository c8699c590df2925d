/** Replicas of one world, and what happens to them: operations, crashes, members that leave and come back. */
import type { ReplicaId } from '#protocols/crdt/dot';
import { decodeMessage } from '#protocols/crdt/packet';
import { readDocument } from '#protocols/crdt/replica';
import { idsOf, type ReplicaEffect, type ReplicaInput, type ReplicaState } from '#protocols/crdt/state';
import { unreachable } from '#protocols/wire/error';
import type { Planned, Simulated } from '../model.js';
import type { World } from '../world.js';
import { Host, nodeName } from './host.js';
import { describeValue, Invariants } from './invariants.js';
import { operationOf, type Setup, type SimulatedOperation } from './plan.js';

/** What is waited for once the faults are over: all have all; what departed is taken over; its ids are gone. */
type Phase = 'spread' | 'adopted' | 'retired' | 'done';

/** A run under way. */
export class Cluster implements Simulated<SimulatedOperation> {
  readonly #world: World;
  readonly #setup: Setup;
  readonly #hosts: (Host | undefined)[] = [];
  readonly #invariants: Invariants;
  #members: Set<number>;
  #operations = 0;
  #phase: Phase = 'spread';
  /** Ids that are to be pruned. */
  #departed: readonly ReplicaId[] = [];

  constructor(world: World, { size, setup }: Planned<Setup, SimulatedOperation>) {
    this.#world = world;
    this.#setup = setup;
    this.#invariants = new Invariants(world, setup);
    this.#members = new Set(Array.from({ length: size }, (_, node) => node));
    for (const node of this.#members) this.#start(node);
  }

  receive(to: number, from: number, packet: Uint8Array): void {
    this.#hosts[to]?.receive(from, packet);
  }

  words(packet: Uint8Array): string {
    const message = decodeMessage(packet);
    switch (message.type) {
      case 'digest':
        return `digest ${message.from} ${message.root.high}${message.ask ? ' ask' : ''}`;
      case 'buckets':
        return `buckets ${message.from} to ${message.to}`;
      case 'summary':
        return `summary ${message.from} to ${message.to}: ${message.documents.map(({ name, seq }) => `${name}@${seq}`).join(' ')}`;
      case 'deltas':
        return `deltas ${message.from} to ${message.to}: ${message.groups.map((group) => `${group.kind} ${group.name} ${group.from}-${group.to}`).join(', ')}`;
      case 'acks':
        return `acks ${message.from} to ${message.to}: ${message.acks.map(({ kind, name, seq, gap }) => `${kind} ${name} ${seq}${gap ? ' gap' : ''}`).join(', ')}`;
      default:
        return unreachable(message);
    }
  }

  operate(operation: SimulatedOperation): void {
    switch (operation.type) {
      case 'mutate': {
        const { node, kind, name } = operation;
        const host = this.#hosts[node];
        // Whoever asks a node that hangs gives up.
        if (host === undefined || this.#world.paused(node)) return;
        this.#operations += 1;
        const id = this.#operations;
        this.#invariants.asked(id, operation.operation);
        host.take({ type: 'mutate', id, kind, name, operation: operationOf(operation.operation) });
        return;
      }
      case 'leave':
        this.#members.delete(operation.node);
        break;
      case 'join':
        this.#members.add(operation.node);
        this.#world.met('late rejoin');
        break;
      default:
        unreachable(operation);
    }
    this.#tellMembers();
  }

  crashed(node: number): void {
    const host = this.#hosts[node];
    if (host === undefined) return;
    this.#count(host.state);
    this.#invariants.crashed(node);
    this.#hosts[node] = undefined;
  }

  restarted(node: number): void {
    this.#start(node);
  }

  healed(): void {
    this.#members = new Set(this.#hosts.keys());
    for (const node of [...this.#members]) if (this.#hosts[node] === undefined) this.#members.delete(node);
    this.#tellMembers();
  }

  check(): void {
    this.#invariants.check();
  }

  settled(): boolean {
    const hosts = this.#up();
    if (this.#phase === 'spread' && this.#setup.prune) this.#hurry(hosts);
    if (!this.#invariants.areQuiet(hosts)) return false;
    switch (this.#phase) {
      case 'spread':
        this.#invariants.agreement(hosts);
        if (!this.#setup.prune) return true;
        this.#adopt(hosts);
        return false;
      case 'adopted':
        this.#retire(hosts);
        return false;
      case 'retired':
        // The list travels with digests.
        if (hosts.some(({ state }) => this.#departed.some((id) => !state.retired.has(id)))) return false;
        this.#phase = 'done';
        return true;
      case 'done':
        return true;
      default:
        return unreachable(this.#phase);
    }
  }

  finish(): void {
    const hosts = this.#up();
    this.#invariants.agreement(hosts);
    if (this.#phase === 'done') this.#invariants.pruned(hosts, this.#departed);
    for (const { state } of hosts) this.#count(state);
  }

  state(): readonly string[] {
    return [...this.#hosts].map((host, node) => {
      if (host === undefined) return `${nodeName(node)} down`;
      const { replica, documents, neighbours } = host.state;
      const values = [...documents.values()].map(
        ({ kind, name, seq }) => `${kind} ${name}@${seq} ${describeValue(readDocument(host.state, kind, name))}`,
      );
      const lacking = [...neighbours.values()].map((one) => `${one.replica ?? one.node}:${one.dirty.size}`).join(' ');
      return `${replica} ${host.idle ? 'idle' : 'busy'} [${lacking}] ${values.join('; ')}`;
    });
  }

  #start(node: number): void {
    const observe = (at: number, input: ReplicaInput, effects: readonly ReplicaEffect[]): void => {
      const host = this.#hosts[at];
      if (host !== undefined) this.#invariants.observe(at, host.state, input, effects);
    };
    const host = new Host(this.#world, node, this.#setup, observe, (id) => this.#invariants.accepted(id));
    this.#hosts[node] = host;
    this.#invariants.started(node, host.state);
    if (host.renamed) this.#world.met('new id after damage');
    this.#world.every(this.#setup.tickUs, node, () => this.#hosts[node]?.tick());
    this.#tellMembers(node);
  }

  /** Tells one node, or all, who takes part. Who does not is told that it is alone. */
  #tellMembers(only?: number): void {
    for (const [node, host] of this.#hosts.entries()) {
      if (host === undefined || (only !== undefined && only !== node)) continue;
      const nodes = this.#members.has(node) ? [...this.#members].filter((other) => other !== node) : [];
      host.take({ type: 'neighbours', nodes: nodes.map(nodeName) });
    }
  }

  /** An operator who cannot wait: what is not safe yet is refused, and what is not refused is safe. */
  #hurry(hosts: readonly Host[]): void {
    for (const departed of departedIds(hosts)) hosts[0]?.take({ type: 'retire', id: 0, departed });
  }

  /** One replica takes over what all those left that are no more. */
  #adopt(hosts: readonly Host[]): void {
    this.#departed = departedIds(hosts);
    for (const departed of this.#departed) {
      hosts[0]?.take({ type: 'adopt', id: 0, departed });
      this.#world.met('departed id adopted');
    }
    this.#phase = 'adopted';
  }

  #retire(hosts: readonly Host[]): void {
    for (const departed of this.#departed) {
      hosts[0]?.take({ type: 'retire', id: 0, departed });
      if (hosts[0]?.state.retired.has(departed) !== true) return;
      this.#world.met('departed id retired');
    }
    this.#phase = 'retired';
  }

  #up(): readonly Host[] {
    return this.#hosts.filter((host) => host !== undefined);
  }

  #count({ counts }: ReplicaState): void {
    for (const [count, name] of countNames) if (counts[count] > 0) this.#world.met(name);
  }
}

/** Ids that contexts name and no replica goes by. */
function departedIds(hosts: readonly Host[]): readonly ReplicaId[] {
  const present = new Set(hosts.map(({ state }) => state.replica));
  const ids = new Set(hosts.flatMap(({ state }) => [...idsOf(state)]));
  return [...ids].filter((id) => !present.has(id));
}

/** Counts of a replica that a campaign has to meet. */
const countNames = [
  ['gaps', 'gap in delta-intervals'],
  ['wholeStates', 'whole state sent'],
  ['evicted', 'delta evicted'],
  ['misaddressed', 'message for another life'],
  ['ahead', 'stamp ahead of the clock'],
  ['repaired', 'difference found by digests'],
] as const;
