/**
 * A replica at a node of a simulated world: what a driver in production would be. It carries effects out in order, of
 * which a persist holds all that follow back until the disk has it, and packs messages into bytes.
 */
import type { NodeId } from '#protocols/crdt/dot';
import { openReplica } from '#protocols/crdt/open';
import { decodeMessage, encodeMessage } from '#protocols/crdt/packet';
import { stepReplica } from '#protocols/crdt/replica';
import type { ReplicaEffect, ReplicaInput, ReplicaState } from '#protocols/crdt/state';
import type { CrdtMessage } from '#protocols/crdt/message';
import { unreachable } from '#protocols/wire/error';
import { DiskFull } from '../disk.js';
import { Violation } from '../violation.js';
import type { World } from '../world.js';
import type { Setup } from './plan.js';
import { Storage } from './storage.js';

/** Effects that wait for the disk, at most: a node whose disk hangs takes nothing more in. */
const MOST_WAITING = 200;

/** An input, without the time. */
export type TimelessInput = ReplicaInput extends infer Input
  ? Input extends ReplicaInput
    ? Omit<Input, 'wallMs'>
    : never
  : never;

/** Is told what a replica did, before any of it is carried out. */
export type Observe = (node: number, input: ReplicaInput, effects: readonly ReplicaEffect[]) => void;

/** The names of nodes. */
export function nodeName(node: number): NodeId {
  return `n${node + 1}` as NodeId;
}

/** The number of a node, from its name or that of a replica at it. */
export function nodeNumber(name: string): number {
  return Number(name.slice(1).split('.')[0]) - 1;
}

/** One life of a node. */
export class Host {
  readonly state: ReplicaState;
  /** The replica goes on under another id than the life before. */
  readonly renamed: boolean;
  readonly #world: World;
  readonly #node: number;
  readonly #setup: Setup;
  readonly #observe: Observe;
  readonly #onAccept: (id: number) => void;
  readonly #storage: Storage;
  readonly #waiting: (ReplicaEffect | { readonly type: 'sweep' })[] = [];
  #syncing = false;

  constructor(world: World, node: number, setup: Setup, observe: Observe, onAccept: (id: number) => void) {
    this.#world = world;
    this.#node = node;
    this.#setup = setup;
    this.#observe = observe;
    this.#onAccept = onAccept;
    this.#storage = new Storage(world.disk(node));
    const found = this.#storage.open();
    const { state, effects } = openReplica({
      settings: setup.settings,
      node: nodeName(node),
      incarnation: world.lifeOf(node),
      seed: world.chances.protocol.next(),
      found,
    });
    this.state = state;
    this.renamed = found.identity !== undefined && found.identity.replica !== state.replica;
    if (found.damaged) world.met('store damaged');
    this.#waiting.push(...effects, { type: 'sweep' });
    this.#carryOut();
  }

  /** Nothing waits for the disk. */
  get idle(): boolean {
    return this.#waiting.length === 0 && !this.#syncing;
  }

  /** The wall clock, in milliseconds, as coarse as it is. */
  get wallMs(): number {
    const { grainMs } = this.#setup;
    return Math.max(0, Math.floor(this.#world.wallUs(this.#node) / 1_000 / grainMs) * grainMs);
  }

  /** False when too much waits for the disk: nothing was done. */
  take(input: TimelessInput): boolean {
    if (this.#waiting.length > MOST_WAITING && input.type !== 'neighbours') {
      this.#world.met('busy with the disk');
      return false;
    }
    const timed = { ...input, wallMs: this.wallMs } as ReplicaInput;
    const { effects } = stepReplica(this.state, timed);
    this.#observe(this.#node, timed, effects);
    this.#waiting.push(...effects);
    this.#carryOut();
    return true;
  }

  receive(from: number, packet: Uint8Array): void {
    const message: CrdtMessage = decodeMessage(packet);
    this.take({ type: 'receive', from: nodeName(from), message });
  }

  tick(): void {
    this.#carryOut();
    this.take({ type: 'tick' });
  }

  #carryOut(): void {
    let done = 0;
    while (!this.#syncing && done < this.#waiting.length) {
      const effect = this.#waiting[done] as ReplicaEffect | { readonly type: 'sweep' };
      // What could not be written is tried again at the next tick.
      if (effect.type === 'persist' && !this.#persist(effect)) break;
      done += 1;
      if (effect.type !== 'persist') this.#do(effect);
    }
    this.#waiting.splice(0, done);
  }

  #persist({ identity, documents, clock }: Extract<ReplicaEffect, { readonly type: 'persist' }>): boolean {
    try {
      if (identity !== undefined) this.#storage.writeIdentity(identity);
      for (const record of documents) this.#storage.writeDocument(record, clock);
    } catch (error) {
      if (error instanceof DiskFull) return false;
      throw error;
    }
    this.#syncing = true;
    this.#storage.sync(() => {
      this.#syncing = false;
      this.#carryOut();
    });
    return true;
  }

  #do(effect: Exclude<ReplicaEffect, { readonly type: 'persist' }> | { readonly type: 'sweep' }): void {
    switch (effect.type) {
      case 'send':
        this.#world.network.send(this.#node, nodeNumber(effect.to), encodeMessage(effect.message));
        return;
      case 'accept':
        this.#onAccept(effect.id);
        return;
      case 'refuse':
        this.#world.met(`refused: ${effect.reason}`);
        return;
      case 'changed':
        return;
      case 'sweep':
        this.#storage.sweep();
        return;
      case 'stop':
        throw new Violation('UniqueDots', `${this.state.replica} stopped: ${effect.reason}`);
      default:
        unreachable(effect);
    }
  }
}
