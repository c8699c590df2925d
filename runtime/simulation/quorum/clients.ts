/**
 * Clients of a simulated quorum store. Each remembers what it has seen of each key, as a session would, and writes with
 * that; a node that is no replica of a key says who is, and is believed. What comes of an operation is told to the
 * history, which judges it.
 */
import type { Clock, Dot } from '#protocols/quorum/clock';
import { consistencyOf } from '#protocols/quorum/settings';
import type { QuorumResult } from '#protocols/quorum/state';
import { unreachable } from '#protocols/wire/error';
import type { World } from '../world.js';
import type { History } from './history.js';
import { type Host, nodeOf } from './host.js';
import type { QuorumOperation, QuorumSetup } from './plan.js';

/** A client follows this many redirections. */
const MOST_REDIRECTIONS = 3;

type Asked = Extract<QuorumOperation, { readonly via: number }>;

interface Pending {
  readonly asked: Asked;
  readonly node: number;
  /** Of a read: what was acknowledged when it began. */
  readonly expected: Clock;
  readonly redirections: number;
  /** Of a write. */
  dot: Dot | undefined;
  /** The preference lists that the answer goes by. */
  lists: readonly (readonly number[])[];
}

/** All clients of a run. */
export class Clients {
  readonly #world: World;
  readonly #setup: QuorumSetup;
  readonly #history: History;
  readonly #hostOf: (node: number) => Host | undefined;
  readonly #pending = new Map<string, Pending>();
  /** What a client has seen, by client and key. */
  readonly #contexts = new Map<string, Clock>();
  #asked = 0;
  #values = 0;

  constructor(world: World, setup: QuorumSetup, history: History, hostOf: (node: number) => Host | undefined) {
    this.#world = world;
    this.#setup = setup;
    this.#history = history;
    this.#hostOf = hostOf;
  }

  /** Operations of which nothing has been heard. */
  get waiting(): number {
    return this.#pending.size;
  }

  ask(asked: Asked): void {
    const expected = asked.type === 'get' ? this.#history.expected(asked.key) : [];
    this.#send(asked, asked.via, expected, 0);
  }

  /** A node will answer: by the preference lists of now, even if they have changed when the answer comes. */
  decided(node: number, id: string): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) pending.lists = this.#hostOf(node)?.listsOf(pending.asked.key) ?? [];
  }

  /** A node has answered. @throws Violation */
  replied(node: number, id: string, result: QuorumResult): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.node !== node) return;
    this.#pending.delete(id);
    const { asked, redirections, expected } = pending;
    switch (result.type) {
      case 'ok':
        return asked.type === 'get' ? this.#read(pending, result) : this.#acknowledged(pending, result);
      case 'redirect': {
        this.#world.met('redirected');
        if (redirections >= MOST_REDIRECTIONS) return;
        const via = nodeOf(this.#world.chances.workload.pick(result.to));
        return this.#send(asked, via, expected, redirections + 1);
      }
      case 'unavailable':
        return this.#world.met(asked.type === 'get' ? 'read failed' : 'write failed');
      case 'overloaded':
      case 'no-ring':
        return this.#world.met(`client told ${result.type}`);
      case 'bad-context':
        throw new Error(`a context that was given is not taken: ${JSON.stringify(asked)}`);
      default:
        return unreachable(result);
    }
  }

  /** What a node had not answered it never will. */
  crashed(node: number): void {
    for (const [id, pending] of this.#pending) if (pending.node === node) this.#pending.delete(id);
  }

  #send(asked: Asked, via: number, expected: Clock, redirections: number): void {
    const host = this.#hostOf(via);
    if (host === undefined || this.#world.paused(via)) return this.#world.met('node did not answer');
    const { key } = asked;
    const id = `o${(this.#asked += 1)}`;
    const pending: Pending = { asked, node: via, expected, redirections, dot: undefined, lists: [] };
    this.#pending.set(id, pending);
    if (asked.type === 'get') return host.feed({ type: 'get', id, key });
    const value = asked.type === 'put' ? `v${(this.#values += 1)}` : undefined;
    const context = asked.blind ? [] : (this.#contexts.get(`${asked.client} ${key}`) ?? []);
    const before = host.state.counter;
    host.feed({ type: 'put', id, key, value: value === undefined ? undefined : Buffer.from(value), context });
    // A node that took the write has given it its next number; what comes of it, it can only tell later.
    if (host.state.counter === before) return;
    pending.dot = [host.state.actor, host.state.counter];
    this.#history.wrote(key, pending.dot, context, value);
  }

  #read({ asked, expected }: Pending, result: Extract<QuorumResult, { type: 'ok' }>): void {
    this.#world.met('read answered');
    if (result.quorum === 'sloppy') this.#world.met('sloppy quorum');
    const values = result.values.map((value) => Buffer.from(value).toString());
    this.#history.read(asked.key, result.context, values, this.#isRegular(result) ? expected : []);
    this.#contexts.set(`${asked.client} ${asked.key}`, result.context);
  }

  #acknowledged({ asked, dot, lists }: Pending, result: Extract<QuorumResult, { type: 'ok' }>): void {
    if (dot === undefined) return;
    this.#world.met(asked.type === 'delete' ? 'deleted' : 'write acknowledged');
    if (result.quorum === 'sloppy') this.#world.met('sloppy quorum');
    if (this.#isRegular(result)) this.#history.acknowledged(dot, lists, this.#setup.settings.w);
    else this.#history.acknowledgedSloppily(dot);
    this.#contexts.set(`${asked.client} ${asked.key}`, result.context);
  }

  #isRegular({ quorum }: Extract<QuorumResult, { type: 'ok' }>): boolean {
    return quorum === 'strict' && consistencyOf(this.#setup.settings) === 'regular';
  }
}
