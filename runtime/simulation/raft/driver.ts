/**
 * The driver of one simulated node, as one in production would be: it steps every input at once, carries the effects out
 * in order behind those that are not done, and holds its queue at each `persist` until the disk has synced.
 *
 *     input ──> stepRaft ──> effects ──> queue: apply | send | persist ║ reject | send ...
 *                               └─ early sends leave at once          ║ held until the sync
 *
 * All that waits to be persisted may be written ahead and synced at once (group commit): nothing that stands behind a
 * `persist` in the queue is carried out earlier for it, only later.
 */
import type { Persist, RaftEffect, RejectReason } from '#protocols/raft/effect';
import type { RaftInput } from '#protocols/raft/input';
import { asMessage, type RaftMessage } from '#protocols/raft/message';
import { describeSnapshot } from '#protocols/raft/membership';
import { snapshotsInUse } from '#protocols/raft/snapshot';
import { type Start, startRaft } from '#protocols/raft/start';
import { stepRaft } from '#protocols/raft/step';
import type { Config, Entry, NodeId, RaftState, RequestId, Settings, Snapshot } from '#protocols/raft/types';
import { unreachable } from '#protocols/wire/error';
import { decode, encodeChecked } from '../../codec/msgpack.js';
import { DiskFull } from '../disk.js';
import type { World } from '../world.js';
import { type Answer, Machine } from './machine.js';
import type { RaftSetup } from './plan.js';
import { type Recovered, Storage } from './storage.js';

/** What a node tells those who watch it: the invariants, the clients, whoever counts what was met. */
export interface Watcher {
  started(driver: Driver): void;
  stepping(driver: Driver, input: RaftInput): void;
  stepped(driver: Driver, input: RaftInput, effects: readonly RaftEffect[]): void;
  sent(driver: Driver, to: NodeId, message: RaftMessage): void;
  persisting(driver: Driver, effect: Persist): void;
  synced(driver: Driver, effect: Persist): void;
  /** The state machine is in its state after an index; `id` and `answer` of a command that brought it there. */
  applied(driver: Driver, index: number, id: RequestId | undefined, answer: Answer | undefined): void;
  readable(driver: Driver, id: RequestId): void;
  refused(driver: Driver, what: string, id: RequestId, reason: RejectReason, leader: NodeId | undefined): void;
  /** The node gives up: its disk is full. */
  failed(driver: Driver): void;
}

/** Where a node lives, and how it begins when its disk is empty. */
export interface DriverOptions {
  readonly world: World;
  readonly place: number;
  readonly settings: Settings;
  readonly setup: RaftSetup;
  readonly seed: number;
  /** What the first members of the cluster begin with; undefined for a node that joins. */
  readonly bootstrap: Config | undefined;
  readonly watcher: Watcher;
  /** The place of a node; undefined when it is nowhere any more. */
  readonly placeOf: (id: NodeId) => number | undefined;
}

interface Incoming {
  readonly index: number;
  readonly pieces: Uint8Array[];
}

/** One life of a node. */
export class Driver {
  readonly id: NodeId;
  readonly place: number;
  readonly state: RaftState;
  machine: Machine;
  /** Something that was synced was found broken at the start. */
  readonly foundRot: boolean;
  /** Something that was not synced was found torn or left over. */
  readonly foundTorn: boolean;
  readonly #options: DriverOptions;
  readonly #storage: Storage;
  /** Effects from `#next` on are to be carried out. */
  #queue: RaftEffect[] = [];
  #next = 0;
  /** Written; the sync that is under way makes them durable. */
  readonly #written = new Set<RaftEffect>();
  #syncing = false;
  #draining = false;
  #dead = false;
  #incoming: Incoming | undefined;
  /** A snapshot of this node is being written. */
  #saving = false;
  /** The monotonic clock at the last tick, in microseconds. */
  #tickedUs: number;

  constructor(options: DriverOptions) {
    const { world, place, settings, seed, bootstrap } = options;
    this.#options = options;
    this.id = settings.id;
    this.place = place;
    this.#storage = new Storage(world.disk(place));
    this.#tickedUs = world.monotonicUs(place);
    const found = this.#storage.recover();
    this.machine = Machine.restore(options.setup.sessions, found?.data ?? new Uint8Array());
    this.foundRot = found?.rotten ?? false;
    this.foundTorn = found?.torn ?? false;
    const { state, effects } = startRaft(settings, seed, startOf(found, bootstrap));
    this.state = state;
    options.watcher.started(this);
    this.#scheduleTick();
    this.#queue.push(...effects);
    this.#drain();
  }

  /** A packet of another node. What is none, or is for a node that was here before, is dropped. */
  receive(packet: Uint8Array): void {
    const opened = openPacket(packet);
    if (opened?.to === this.id) this.give({ type: 'receive', from: opened.from, message: opened.message });
  }

  /** Gives an input to the core and carries out what comes of it. */
  give(input: RaftInput): void {
    if (this.#dead) return;
    const { watcher } = this.#options;
    watcher.stepping(this, input);
    const { effects } = stepRaft(this.state, input);
    watcher.stepped(this, input, effects);
    for (const effect of effects) {
      if (effect.type === 'send' && effect.early && this.#options.setup.earlySends)
        this.#send(effect.to, effect.message);
      else this.#queue.push(effect);
    }
    this.#drain();
  }

  /** A client of this node reads. */
  read(id: RequestId): void {
    const { world, setup } = this.#options;
    const lateTicks = (world.monotonicUs(this.place) - this.#tickedUs) / setup.tickUs;
    this.give({ type: 'read', id, lateTicks });
  }

  /** Nothing happens in this life any more. */
  stop(): void {
    this.#dead = true;
  }

  #scheduleTick(): void {
    const { world, setup } = this.#options;
    const dueUs = this.#tickedUs + setup.tickUs - world.monotonicUs(this.place);
    world.after(Math.max(1, dueUs), this.place, () => {
      // A node that hung counts what it missed: a lease runs out by the clock, not by the ticks that were seen.
      const passedUs = world.monotonicUs(this.place) - this.#tickedUs;
      const count = Math.floor((passedUs + 1) / setup.tickUs);
      this.#tickedUs += count * setup.tickUs;
      world.trace.add('tick', world.nowUs, this.place, -1, count);
      if (count > 0) this.give({ type: 'tick', count });
      if (!this.#dead) this.#scheduleTick();
    });
  }

  /** Carries out what can be, in order. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (!this.#dead) {
        const effect = this.#queue[this.#next];
        if (effect === undefined) break;
        if (effect.type === 'persist' && !this.#written.has(effect)) {
          if (!this.#syncing) this.#write();
          break;
        }
        this.#next += 1;
        this.#carryOut(effect);
      }
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.stop();
      this.#options.watcher.failed(this);
    } finally {
      this.#draining = false;
    }
    if (this.#next > 0 && this.#next >= this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
    }
  }

  /** Writes what is next in the queue, and what may go with it, and syncs. */
  #write(): void {
    const { world, setup, watcher } = this.#options;
    const batch: Persist[] = [];
    for (let at = this.#next; at < this.#queue.length; at += 1) {
      const effect = this.#queue[at] as RaftEffect;
      // A snapshot is made of the chunks that were stored before it, so it is not written ahead of them.
      if (
        effect.type === 'store-chunk' ||
        (effect.type === 'persist' && effect.snapshot !== undefined && batch.length > 0)
      )
        break;
      if (effect.type !== 'persist') continue;
      this.#storage.persist(effect, this.#bytesOf(effect.snapshot));
      watcher.persisting(this, effect);
      batch.push(effect);
      if (!setup.groupCommit || effect.snapshot !== undefined) break;
    }
    this.#syncing = true;
    world.disk(this.place).sync(() => {
      this.#syncing = false;
      for (const effect of batch) {
        watcher.synced(this, effect);
        this.#written.add(effect);
      }
      this.#drain();
    });
  }

  #bytesOf(snapshot: Snapshot | undefined): Uint8Array {
    if (snapshot === undefined || this.#incoming?.index !== snapshot.index) return new Uint8Array();
    return Buffer.concat(this.#incoming.pieces);
  }

  #carryOut(effect: RaftEffect): void {
    const { watcher, setup } = this.#options;
    switch (effect.type) {
      case 'persist':
        this.#written.delete(effect);
        return this.give({ type: 'persisted', ...effect.token });
      case 'send':
        return this.#send(effect.to, effect.message);
      case 'apply':
        return this.#apply(effect.entries);
      case 'restore':
        return this.#restore(effect.snapshot);
      case 'read':
        return watcher.readable(this, effect.id);
      case 'reject':
        return watcher.refused(this, effect.what, effect.id, effect.reason, effect.leader);
      case 'role':
      case 'config':
        return;
      case 'store-chunk':
        if (effect.offset === 0) this.#incoming = { index: effect.snapshot.index, pieces: [] };
        this.#incoming?.pieces.push(effect.data);
        return;
      case 'read-chunk': {
        const { to, index, offset } = effect;
        const chunk = this.#storage.read(index, offset, setup.chunkBytes);
        if (chunk === undefined) return this.give({ type: 'chunk-failed', to, index });
        return this.give({ type: 'chunk', to, index, offset, ...chunk });
      }
      case 'compact':
        return this.#storage.compact(effect.index, [...snapshotsInUse(this.state)]);
      default:
        return unreachable(effect);
    }
  }

  #restore({ index }: Snapshot): void {
    const bytes = this.#storage.read(index, 0, Number.MAX_SAFE_INTEGER)?.data;
    this.machine = Machine.restore(this.#options.setup.sessions, bytes ?? new Uint8Array());
    this.#incoming = undefined;
    this.#options.watcher.applied(this, index, undefined, undefined);
    this.give({ type: 'applied', index });
  }

  #apply(entries: readonly Entry[]): void {
    const { watcher } = this.#options;
    for (const entry of entries) {
      if (entry.type === 'normal')
        watcher.applied(this, entry.index, entry.id, this.machine.apply(entry.index, entry.data));
      else watcher.applied(this, entry.index, undefined, undefined);
    }
    const last = entries.at(-1)?.index ?? 0;
    this.give({ type: 'applied', index: last });
    this.#maybeSnapshot(last);
  }

  /** Takes a snapshot when the log since the last one is long enough. */
  #maybeSnapshot(index: number): void {
    const { world, setup } = this.#options;
    if (this.#saving || this.#dead || index - (this.state.snapshot?.index ?? 0) < setup.snapshotEntries) return;
    const snapshot = describeSnapshot(this.state, index);
    if (snapshot === undefined) return;
    this.#storage.saveSnapshot(snapshot, this.machine.snapshot());
    this.#saving = true;
    world.disk(this.place).sync(() => {
      this.#saving = false;
      world.met('snapshot taken');
      this.give({ type: 'snapshotted', snapshot });
    });
  }

  #send(to: NodeId, message: RaftMessage): void {
    const { world, watcher, placeOf } = this.#options;
    watcher.sent(this, to, message);
    const place = placeOf(to);
    if (place === undefined || place === this.place) return;
    world.network.send(this.place, place, encodeChecked([this.id, to, message]));
  }
}

function startOf(found: Recovered | undefined, bootstrap: Config | undefined): Start {
  if (found !== undefined) {
    const { hardState, snapshot, entries, lost } = found;
    return { type: 'restart', hardState, snapshot, entries, damaged: lost };
  }
  return bootstrap === undefined ? { type: 'join' } : { type: 'bootstrap', config: bootstrap };
}

/** Who sent a packet and to whom; undefined when it is no message. */
export function openPacket(packet: Uint8Array): { from: NodeId; to: NodeId; message: RaftMessage } | undefined {
  let content: unknown;
  try {
    content = decode(packet);
  } catch {
    return undefined;
  }
  if (!Array.isArray(content) || typeof content[0] !== 'string' || typeof content[1] !== 'string') return undefined;
  const message = asMessage(content[2]);
  return message === undefined ? undefined : { from: content[0], to: content[1], message };
}
