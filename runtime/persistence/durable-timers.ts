/**
 * Timers that outlive the life, the thread and the process in which they were set. Each is a document beside the actor's
 * log: the time of day at which it is due, and its period. It is deleted, or moved to its next time, once its handler has
 * ended without an error; a death before that lets it fire again.
 *
 *     set --stored--> armed --due--> told --handled, deleted--> gone
 *                       ^               '--handled, next time stored--> armed   (periodic)
 *                       '-- a new life reads the documents and arms them all
 */
import { SkepError } from '#protocols/wire/error';
import type { Info } from '../actor/definition.js';
import type { Clock, Timer } from '../clock/clock.js';
import { isStoreKey } from '../store/layout.js';
import type { StoredDocument } from '../store/store.js';
import { packTimer, unpackTimer } from './stored-form.js';

/** What the timers need of their actor. */
export interface TimerOwner {
  readonly clock: Clock;
  inform(info: Info): void;
  /** Stores a document under the actor's key, or deletes it. */
  write(name: string, bytes: Uint8Array | undefined): Promise<void>;
}

interface DurableTimer {
  readonly dueMs: number;
  readonly periodMs: number;
  armed: Timer | undefined;
}

/** Timers of one actor at most: all of them are read when it starts. */
const MAX_TIMERS = 1_000;
/** The wall clock may be set while a timer waits: it is looked at again this often. */
const LOOK_AGAIN_MS = 60_000;
const PREFIX = 'timer:';
const MAX_KEY_LENGTH = 200;

/** The durable timers of one life of an actor. */
export class DurableTimers {
  readonly #owner: TimerOwner;
  readonly #timers = new Map<string, DurableTimer>();
  #ended = false;

  constructor(owner: TimerOwner) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#timers.size;
  }

  /** Arms what a life before has stored. */
  load(documents: readonly StoredDocument[]): void {
    for (const { name, bytes } of documents) {
      const stored = name.startsWith(PREFIX) ? unpackTimer(bytes) : undefined;
      if (stored !== undefined) this.#arm(name.slice(PREFIX.length), stored.dueMs, stored.periodMs);
    }
  }

  /** Sets a timer, in the place of the one of that key. @throws SkepError BAD_USAGE. */
  async set(dueMs: number, periodMs: number, key: string): Promise<void> {
    if (!isStoreKey(key) || key.length > MAX_KEY_LENGTH)
      throw new SkepError('BAD_USAGE', `timer key ${JSON.stringify(key)}: expected 1 to ${MAX_KEY_LENGTH} characters`);
    if (!Number.isFinite(dueMs) || !(periodMs >= 0))
      throw new SkepError('BAD_USAGE', `durable timer ${key}: expected milliseconds or a date, and a period above 0`);
    if (!this.#timers.has(key) && this.#timers.size >= MAX_TIMERS)
      throw new SkepError('BAD_USAGE', `durable timer ${key}: an actor has ${MAX_TIMERS} of them at most`);
    await this.#owner.write(`${PREFIX}${key}`, packTimer(dueMs, periodMs));
    this.#arm(key, dueMs, periodMs);
  }

  async cancel(key: string): Promise<void> {
    const timer = this.#timers.get(key);
    if (timer === undefined) return;
    timer.armed?.cancel();
    this.#timers.delete(key);
    await this.#owner.write(`${PREFIX}${key}`, undefined);
  }

  /** Runs the handler of a timer that was told, then settles it; a timer that was cancelled meanwhile is not handled. */
  async fire(key: string, dueMs: number, handle: () => unknown): Promise<void> {
    const timer = this.#timers.get(key);
    if (timer === undefined || timer.dueMs !== dueMs) return;
    await handle();
    // The handler may have set or cancelled it itself.
    if (this.#timers.get(key) !== timer) return;
    if (timer.periodMs === 0) await this.cancel(key);
    else await this.set(nextDue(timer, this.#owner.clock.wall()), timer.periodMs, key);
  }

  /** The life ends: what is stored stays, for the next. */
  end(): void {
    this.#ended = true;
    for (const { armed } of this.#timers.values()) armed?.cancel();
    this.#timers.clear();
  }

  #arm(key: string, dueMs: number, periodMs: number): void {
    this.#timers.get(key)?.armed?.cancel();
    if (this.#ended) return;
    const timer: DurableTimer = { dueMs, periodMs, armed: undefined };
    this.#timers.set(key, timer);
    const look = (): void => {
      const leftMs = dueMs - this.#owner.clock.wall();
      if (leftMs <= 0) {
        timer.armed = undefined;
        this.#owner.inform({ type: 'timer', key, dueMs });
      } else timer.armed = this.#owner.clock.after(Math.min(leftMs, LOOK_AGAIN_MS), look);
    };
    look();
  }
}

/** The first time of the period that is still to come: what was missed is told once. */
function nextDue({ dueMs, periodMs }: DurableTimer, nowMs: number): number {
  return dueMs + periodMs * (Math.floor(Math.max(0, nowMs - dueMs) / periodMs) + 1);
}
