/**
 * A few nodes of Raft whose every message, tick and write is chosen by a test. The driver is the smallest that keeps the
 * contract of `protocols/raft/effect.ts`: effects wait behind a write, early ones do not. What a node wrote survives its
 * crash; what it had under way does not.
 */
import type { RaftEffect } from '#protocols/raft/effect';
import type { RaftInput } from '#protocols/raft/input';
import { describeSnapshot } from '#protocols/raft/membership';
import type { RaftMessage } from '#protocols/raft/message';
import { newConfig } from '#protocols/raft/config';
import { raftSettings } from '#protocols/raft/settings';
import { startRaft, type Start } from '#protocols/raft/start';
import { stepRaft } from '#protocols/raft/step';
import type { Entry, HardState, NodeId, RaftState, Settings, Snapshot } from '#protocols/raft/types';
import { wordsOfEffect, wordsOfEntry } from './words.js';

/** A message under way. */
export interface Flight {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: RaftMessage;
}

/** What is durable on a node. */
export interface Disk {
  hardState: HardState;
  snapshot: Snapshot | undefined;
  /** Bytes of snapshots by index. */
  readonly images: Map<number, Uint8Array>;
  entries: Entry[];
}

interface Member {
  state: RaftState;
  up: boolean;
  /** Writes wait for `release`. */
  held: boolean;
  queue: RaftEffect[];
  readonly disk: Disk;
  /** The state machine: what was applied, as text. */
  machine: string[];
  staged: Uint8Array[];
}

export type Options = Partial<Omit<Settings, 'id'>> & {
  readonly chunkBytes?: number;
  readonly learners?: readonly NodeId[];
};

const BLANK: HardState = { term: 0, vote: undefined, commit: 0, damaged: false, amnesiac: false };

export class Cluster {
  /** Under way, in the order in which they were sent. */
  readonly flights: Flight[] = [];
  /** What happened that somebody outside can see, in words. */
  readonly events: string[] = [];
  /** Links that lose everything, as `from>to`. */
  readonly cuts = new Set<string>();
  readonly #members = new Map<NodeId, Member>();
  readonly #options: Options;
  #seed = 0;

  /** Members `n1` to `n<count>` of a new group. */
  constructor(count: number, options: Options = {}) {
    this.#options = options;
    const ids = Array.from({ length: count }, (_, at) => `n${at + 1}`);
    const config = newConfig(ids, options.learners ?? []);
    for (const id of [...ids, ...(options.learners ?? [])]) this.start(id, { type: 'bootstrap', config });
    this.events.length = 0;
  }

  get ids(): readonly NodeId[] {
    return [...this.#members.keys()];
  }

  state(id: NodeId): RaftState {
    return this.#member(id).state;
  }

  disk(id: NodeId): Disk {
    return this.#member(id).disk;
  }

  /** What the state machine of a node has applied. */
  machine(id: NodeId): readonly string[] {
    return this.#member(id).machine;
  }

  up(id: NodeId): boolean {
    return this.#member(id).up;
  }

  /** Starts a node, with what it has on its disk by default. */
  start(id: NodeId, start: Start = this.restart(id), options: Options = {}): void {
    const { chunkBytes: _, learners: __, ...settings } = { ...this.#options, ...options };
    const made = startRaft(raftSettings(id, settings), (this.#seed += 1), start);
    const known = this.#members.get(id);
    const disk = known?.disk ?? { hardState: BLANK, snapshot: undefined, images: new Map(), entries: [] };
    if (start.type === 'restart') {
      disk.hardState = start.hardState;
      disk.snapshot = start.snapshot;
      disk.entries = [...start.entries];
    }
    const member = { state: made.state, up: true, held: false, queue: [], disk, machine: [], staged: [] };
    this.#members.set(id, member);
    this.#take(member, made.effects);
  }

  /** What a node finds on its disk. */
  restart(id: NodeId): Extract<Start, { readonly type: 'restart' }> {
    const { hardState, snapshot, entries } = this.disk(id);
    return { type: 'restart', hardState, snapshot, entries, damaged: false };
  }

  /** The node is gone, with all that it had not written. */
  crash(id: NodeId): void {
    const member = this.#member(id);
    member.up = false;
    member.queue = [];
  }

  step(id: NodeId, input: RaftInput): void {
    const member = this.#member(id);
    if (!member.up) return;
    this.#take(member, stepRaft(member.state, input).effects);
  }

  tick(id: NodeId, count = 1): void {
    for (let tick = 0; tick < count; tick += 1) this.step(id, { type: 'tick' });
  }

  propose(id: NodeId, data: string): void {
    this.step(id, { type: 'propose', id: data, data: new TextEncoder().encode(data) });
  }

  /** Writes of a node are not done before `release`. */
  hold(id: NodeId): void {
    this.#member(id).held = true;
  }

  /** The oldest write that waits is done, or all. */
  release(id: NodeId, all = true): void {
    const member = this.#member(id);
    member.held = !all;
    const first = member.queue[0];
    if (!all && first?.type === 'persist') {
      member.queue.shift();
      this.#persist(member, first);
    }
    this.#drain(member);
  }

  /** Delivers the oldest message that fits; false when there is none. Those of cut links are lost. */
  deliverOne(fits: (flight: Flight) => boolean = () => true): boolean {
    const at = this.flights.findIndex(fits);
    const [flight] = at < 0 ? [] : this.flights.splice(at, 1);
    if (flight === undefined) return false;
    const { from, to, message } = flight;
    if (this.#members.has(to) && !this.cuts.has(`${from}>${to}`)) this.step(to, { type: 'receive', from, message });
    return true;
  }

  /** Delivers until nothing is under way. */
  deliver(fits?: (flight: Flight) => boolean): void {
    for (let count = 0; this.deliverOne(fits); count += 1) if (count > 100_000) throw new Error('they talk for ever');
  }

  /** Loses what is under way. */
  lose(fits: (flight: Flight) => boolean = () => true): void {
    const kept = this.flights.filter((flight) => !fits(flight));
    this.flights.splice(0, this.flights.length, ...kept);
  }

  /** Nodes of different sides do not hear each other. */
  partition(...sides: readonly (readonly NodeId[])[]): void {
    this.heal();
    for (const side of sides)
      for (const other of sides)
        if (side !== other) for (const a of side) for (const b of other) this.cuts.add(`${a}>${b}`);
  }

  isolate(id: NodeId): void {
    for (const other of this.ids) if (other !== id) this.cuts.add(`${id}>${other}`).add(`${other}>${id}`);
  }

  heal(): void {
    this.cuts.clear();
  }

  /** Makes a node the leader, by an election that it starts. */
  elect(id: NodeId): void {
    this.step(id, { type: 'campaign' });
    this.deliver();
    if (this.state(id).role !== 'leader') throw new Error(`${id} was not elected`);
  }

  /** The leader of the highest term. */
  get leader(): NodeId | undefined {
    return this.ids
      .filter((id) => this.up(id) && this.state(id).role === 'leader')
      .toSorted((one, other) => this.state(other).term - this.state(one).term)[0];
  }

  /** Takes a snapshot of what a node has applied. */
  snapshot(id: NodeId, index = this.state(id).applied): void {
    const member = this.#member(id);
    const snapshot = describeSnapshot(member.state, index);
    if (snapshot === undefined) throw new Error(`${id} has no state of ${index}`);
    member.disk.images.set(index, image(member.machine));
    member.disk.snapshot = snapshot;
    this.step(id, { type: 'snapshotted', snapshot });
  }

  /** Events since the last call. */
  takeEvents(): readonly string[] {
    return this.events.splice(0);
  }

  #take(member: Member, effects: readonly RaftEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'read' || (effect.type === 'send' && effect.early)) this.#carryOut(member, effect);
      else member.queue.push(effect);
    }
    this.#drain(member);
  }

  #drain(member: Member): void {
    for (let first = member.queue[0]; first !== undefined; first = member.queue[0]) {
      if (first.type === 'persist' && member.held) return;
      member.queue.shift();
      this.#carryOut(member, first);
    }
  }

  #carryOut(member: Member, effect: RaftEffect): void {
    const id = member.state.settings.id;
    switch (effect.type) {
      case 'persist':
        return this.#persist(member, effect);
      case 'send':
        this.flights.push({ from: id, to: effect.to, message: effect.message });
        return;
      case 'apply':
        return this.#apply(member, effect.entries);
      case 'restore':
        member.machine = machineOf(member.disk.images.get(effect.snapshot.index));
        this.events.push(`${id} ${wordsOfEffect(effect)}`);
        return this.step(id, { type: 'applied', index: effect.snapshot.index });
      case 'store-chunk':
        if (effect.offset === 0) member.staged = [];
        member.staged.push(effect.data);
        return;
      case 'read-chunk':
        return this.#readChunk(member, effect);
      default:
        this.events.push(`${id} ${wordsOfEffect(effect)}`);
    }
  }

  #persist({ state, disk, staged }: Member, effect: Extract<RaftEffect, { readonly type: 'persist' }>): void {
    const { hardState, snapshot, entries, token } = effect;
    if (hardState !== undefined) disk.hardState = hardState;
    if (snapshot !== undefined) {
      disk.snapshot = snapshot;
      disk.images.set(snapshot.index, staged.length > 0 ? Buffer.concat(staged) : image([]));
      disk.entries = [];
    }
    const [first] = entries;
    if (first !== undefined) disk.entries = [...disk.entries.filter(({ index }) => index < first.index), ...entries];
    this.step(state.settings.id, { type: 'persisted', ...token });
  }

  #apply(member: Member, entries: readonly Entry[]): void {
    const id = member.state.settings.id;
    for (const entry of entries) {
      if (entry.type === 'normal') member.machine.push(new TextDecoder().decode(entry.data));
      this.events.push(`${id} apply ${wordsOfEntry(entry)}`);
    }
    this.step(id, { type: 'applied', index: entries.at(-1)?.index ?? 0 });
  }

  #readChunk(
    { state, disk }: Member,
    { to, index, offset }: Extract<RaftEffect, { readonly type: 'read-chunk' }>,
  ): void {
    const bytes = disk.images.get(index);
    const data = bytes?.subarray(offset, offset + (this.#options.chunkBytes ?? 1_000));
    this.step(
      state.settings.id,
      bytes === undefined || data === undefined
        ? { type: 'chunk-failed', to, index }
        : { type: 'chunk', to, index, offset, data, done: offset + data.length === bytes.length },
    );
  }

  #member(id: NodeId): Member {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error(`there is no ${id}`);
    return member;
  }
}

function image(machine: readonly string[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(machine));
}

function machineOf(bytes: Uint8Array | undefined): string[] {
  return bytes === undefined ? [] : (JSON.parse(new TextDecoder().decode(bytes)) as string[]);
}
