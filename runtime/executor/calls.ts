/**
 * Calls that this executor waits for. Correlation ids are ours: an answer finds its caller by a number, on the one lane
 * that the executor receives on anyway. Each entry ends exactly once: by reply, error, deadline, cancel, or the death of
 * the other side; an answer that comes later finds nothing and is counted.
 *
 *     slots:  [ . 17 . . 4 5 6 . ]      a call of id n is in slot n mod 8; 17 has been waiting for long
 *
 * Ids count up, so the slots fill in turn like a ring; an id whose slot is still taken is passed over. The table doubles
 * once half of it is taken.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { Clock } from '../clock/clock.js';
import { Deadlines } from '../clock/deadlines.js';
import { type CallOwner, type CallSink, PendingCall, type Settle } from './pending-call.js';

const FIRST_CAPACITY = 16;

/** The pending calls of one executor. */
export class CallTable implements CallOwner {
  #slots = new Array<PendingCall | undefined>(FIRST_CAPACITY).fill(undefined);
  #size = 0;
  #nextId: number;
  readonly #deadlines: Deadlines;
  readonly #onGivenUp: (id: number, to: ActorAddress) => void;

  /**
   * `onGivenUp` tells the other side that nobody waits any more. `firstId` is above every id of the executor's life
   * before, whose address was the same: an answer meant for the dead one must not find a call of its successor.
   */
  constructor(clock: Clock, firstId: number, onGivenUp: (id: number, to: ActorAddress) => void) {
    this.#deadlines = new Deadlines(clock);
    this.#nextId = firstId;
    this.#onGivenUp = onGivenUp;
  }

  get size(): number {
    return this.#size;
  }

  /** Opens a call and gives it; what comes back goes to `answers`. */
  open(to: ActorAddress, name: string, timeoutMs: number, answers: Settle | CallSink): PendingCall {
    const id = this.#freeId();
    const call = new PendingCall(this, id, to, name, timeoutMs, answers);
    this.#slots[id & (this.#slots.length - 1)] = call;
    this.#size += 1;
    return call;
  }

  /** Ends a call with CALL_TIMEOUT `timeoutMs` after `nowMs`, the present time. */
  expire(call: PendingCall, timeoutMs: number, nowMs: number): void {
    this.#deadlines.set(call, timeoutMs, nowMs);
  }

  /** An item of a stream; false when nobody waits for it. */
  item(id: number, value: unknown): boolean {
    const call = this.#find(id);
    call?.item(value);
    return call !== undefined;
  }

  /** The reply of a plain call. */
  reply(id: number, value: unknown): boolean {
    const call = this.#find(id);
    if (call === undefined) return false;
    this.#remove(call);
    call.reply(value);
    return true;
  }

  end(id: number): boolean {
    const call = this.#find(id);
    if (call === undefined) return false;
    this.#remove(call);
    call.end();
    return true;
  }

  fail(id: number, error: SkepError): boolean {
    const call = this.#find(id);
    if (call === undefined) return false;
    this.#remove(call, error);
    call.fail(error);
    return true;
  }

  /** Ends every call to addresses that `gone` accepts. */
  failWhere(gone: (to: ActorAddress) => boolean, error: (to: ActorAddress) => SkepError): void {
    if (this.#size === 0) return;
    const found = this.#slots.filter((call) => call !== undefined && gone(call.to)) as PendingCall[];
    // Oldest first: whoever waits longest hears of it first.
    for (const { id, to } of found.sort((a, b) => a.id - b.id)) this.fail(id, error(to));
  }

  expired({ id, to, name, timeoutMs }: PendingCall): void {
    this.#onGivenUp(id, to);
    const text = `no reply to "${name}" from ${to} within ${Math.round(timeoutMs)} ms`;
    this.fail(id, new SkepError('CALL_TIMEOUT', text, { to, name, timeoutMs }));
  }

  cancelled({ id, to, name }: PendingCall): void {
    if (this.fail(id, cancelledError(to, name))) this.#onGivenUp(id, to);
  }

  #find(id: number): PendingCall | undefined {
    const call = this.#slots[id & (this.#slots.length - 1)];
    return call?.id === id ? call : undefined;
  }

  #remove(call: PendingCall, error?: SkepError): void {
    this.#slots[call.id & (this.#slots.length - 1)] = undefined;
    this.#size -= 1;
    call.release(error);
  }

  #freeId(): number {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    let id = this.#nextId;
    while (this.#slots[id & (this.#slots.length - 1)] !== undefined) id += 1;
    this.#nextId = id + 1;
    return id;
  }

  /** Two calls in different slots of the smaller table are in different slots of the larger one. */
  #grow(): void {
    const old = this.#slots;
    this.#slots = new Array<PendingCall | undefined>(old.length * 2).fill(undefined);
    for (const call of old) if (call !== undefined) this.#slots[call.id & (this.#slots.length - 1)] = call;
  }
}

export function cancelledError(to: ActorAddress, name: string): SkepError {
  return new SkepError('CALL_CANCELLED', `call "${name}" to ${to} was cancelled`, { to, name });
}
