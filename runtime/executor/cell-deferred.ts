/**
 * Calls that an actor has taken and not answered yet. Each ends once: by the actor's reply, by the caller's deadline or
 * cancel, by the death of the caller, or with the life of the actor. What comes after that finds nothing.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { type SkepError, toWireError } from '#protocols/wire/error';
import type { Timer } from '../clock/clock.js';
import type { CellHost } from './cell-host.js';
import type { Call } from './cell-refusal.js';
import type { IsGone } from './cell-watch.js';

interface Waiting {
  readonly from: ActorAddress;
  readonly id: number;
  readonly timer: Timer | undefined;
}

/** The deferred calls of one actor. */
export class Deferred {
  readonly #host: CellHost;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(host: CellHost) {
    this.#host = host;
  }

  /** Takes a call over until its deadline on this executor's clock, and gives its number. */
  add({ from, id }: Call, deadlineMs: number): number {
    const number = this.#nextId++;
    const leftMs = Math.max(0, deadlineMs - this.#host.clock.now());
    const timer = Number.isFinite(leftMs) ? this.#host.clock.after(leftMs, () => this.drop(number)) : undefined;
    this.#waiting.set(number, { from, id, timer });
    return number;
  }

  /** Answers; false when nobody waits any more. */
  reply(number: number, value: unknown): boolean {
    const call = this.drop(number);
    if (call !== undefined) this.#host.deliver({ kind: 'reply', to: call.from, id: call.id, value });
    return call !== undefined;
  }

  fail(number: number, error: SkepError): boolean {
    const call = this.drop(number);
    if (call !== undefined) this.#host.deliver({ kind: 'fail', to: call.from, id: call.id, error: toWireError(error) });
    return call !== undefined;
  }

  drop(number: number): Waiting | undefined {
    const call = this.#waiting.get(number);
    call?.timer?.cancel();
    this.#waiting.delete(number);
    return call;
  }

  /** The caller gave up. */
  cancel(from: ActorAddress, id: number): void {
    for (const [number, call] of this.#waiting) if (call.from === from && call.id === id) this.drop(number);
  }

  dropCallers(gone: IsGone): void {
    for (const [number, call] of this.#waiting) if (gone(call.from, call.id)) this.drop(number);
  }

  failAll(error: SkepError): void {
    for (const number of [...this.#waiting.keys()]) this.fail(number, error);
  }
}
