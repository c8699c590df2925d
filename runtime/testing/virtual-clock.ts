/**
 * A clock that stands still until a test advances it. Timers fire in order of their due time, then of their creation,
 * so a run is the same each time. They wait in a binary heap; a cancelled one stays in it until it comes up or until
 * most are cancelled, because nearly every timer of a system is the deadline of a call that is answered in time.
 */
import type { Clock, Timer } from '../clock/clock.js';

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  /** Absent once it fired or was cancelled. */
  callback: (() => void) | undefined;
}

/** The time of day at which every virtual clock begins: 2026-01-01, 00:00 UTC. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** A heap smaller than this is not worth cleaning. */
const SMALL_HEAP = 64;

/** A {@link Clock} under the control of a test. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #pending = 0;
  #heap: Entry[] = [];

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return EPOCH_MS + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending += 1;
    this.#push(entry);
    return { cancel: () => this.#cancel(entry) };
  }

  /** Moves time forward by `deltaMs`, firing each timer at its due time, those that fired timers add included. */
  advance(deltaMs: number): void {
    this.advanceTo(this.#nowMs + deltaMs);
  }

  /** Moves time forward to `atMs`, as {@link advance} does; never back. */
  advanceTo(atMs: number): void {
    for (let due = this.nextDueMs; due !== undefined && due <= atMs; due = this.nextDueMs) {
      const entry = this.#pop();
      this.#nowMs = Math.max(this.#nowMs, due);
      const callback = entry?.callback;
      if (entry === undefined || callback === undefined) continue;
      entry.callback = undefined;
      this.#pending -= 1;
      callback();
    }
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  /** Timers that have not fired yet. */
  get pending(): number {
    return this.#pending;
  }

  /** When the next timer is due; undefined when there is none. */
  get nextDueMs(): number | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) this.#pop();
    return this.#heap[0]?.dueMs;
  }

  #cancel(entry: Entry): void {
    if (entry.callback === undefined) return;
    entry.callback = undefined;
    this.#pending -= 1;
    if (this.#heap.length < SMALL_HEAP || this.#heap.length < 2 * this.#pending) return;
    const kept = this.#heap.filter(({ callback }) => callback !== undefined);
    // A sorted array is a heap.
    this.#heap = kept.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Entry;
      if (!isBefore(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below] as Entry)) below += 1;
      const child = heap[below] as Entry;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
