/**
 * Calls that this executor waits for. Correlation ids are ours: an answer finds its caller by a number, on the one lane
 * that the executor receives on anyway. Each entry ends exactly once: by reply, error, deadline, cancel, or the death of
 * the other side; an answer that comes later finds nothing and is counted.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import type { Clock, Timer } from '../clock/clock.js';
import { Deadlines } from '../clock/deadlines.js';

/** What happens to a call. */
export interface CallSink {
  /** One item of a stream, or the one value of a plain call (then `end` follows). */
  item(value: unknown): void;
  end(): void;
  fail(error: SkepError): void;
}

interface Pending {
  readonly to: ActorAddress;
  readonly name: string;
  readonly sink: CallSink;
  timer: Timer | undefined;
  /** Takes back what would have cancelled the call. */
  detach: (() => void) | undefined;
}

/** The pending calls of one executor. */
export class CallTable {
  readonly #pending = new Map<number, Pending>();
  readonly #deadlines: Deadlines;
  readonly #onExpire: (id: number, to: ActorAddress) => void;
  #nextId: number;

  /**
   * `onExpire` tells the other side that nobody waits any more. `firstId` is above every id of the executor's life
   * before, whose address was the same: an answer meant for the dead one must not find a call of its successor.
   */
  constructor(clock: Clock, firstId: number, onExpire: (id: number, to: ActorAddress) => void) {
    this.#deadlines = new Deadlines(clock);
    this.#nextId = firstId;
    this.#onExpire = onExpire;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Opens a call and gives its id. A finite `timeoutMs` ends it with CALL_TIMEOUT. */
  open(to: ActorAddress, name: string, timeoutMs: number, sink: CallSink): number {
    const id = this.#nextId++;
    const pending: Pending = { to, name, sink, timer: undefined, detach: undefined };
    this.#pending.set(id, pending);
    if (Number.isFinite(timeoutMs)) {
      pending.timer = this.#deadlines.after(timeoutMs, () => {
        this.#onExpire(id, to);
        const text = `no reply to "${name}" from ${to} within ${Math.round(timeoutMs)} ms`;
        this.fail(id, new SkepError('CALL_TIMEOUT', text, { to, name, timeoutMs }));
      });
    }
    return id;
  }

  /** Runs `detach` when the call ends; at once if it has. */
  whenSettled(id: number, detach: () => void): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) detach();
    else pending.detach = detach;
  }

  /** An item of a stream; false when nobody waits for it. */
  item(id: number, value: unknown): boolean {
    const pending = this.#pending.get(id);
    pending?.sink.item(value);
    return pending !== undefined;
  }

  /** The reply of a plain call. */
  reply(id: number, value: unknown): boolean {
    const pending = this.#take(id);
    pending?.sink.item(value);
    pending?.sink.end();
    return pending !== undefined;
  }

  end(id: number): boolean {
    const pending = this.#take(id);
    pending?.sink.end();
    return pending !== undefined;
  }

  fail(id: number, error: SkepError): boolean {
    const pending = this.#take(id);
    pending?.sink.fail(error);
    return pending !== undefined;
  }

  /** Ends every call to addresses that `gone` accepts. */
  failWhere(gone: (to: ActorAddress) => boolean, error: (to: ActorAddress) => SkepError): void {
    for (const [id, { to }] of this.#pending) if (gone(to)) this.fail(id, error(to));
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    pending.timer?.cancel();
    pending.detach?.();
    return pending;
  }
}
