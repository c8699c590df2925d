/**
 * The infos that wait for one actor: timers, monitors, exits and what a topic says. A queue that knows its timers, so
 * that one object does for both.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Info } from '../actor/definition.js';
import { Queue } from '../mailbox/queue.js';

export class Infos extends Queue<Info> {
  /** Keys of timers whose info waits: a timer that fires again meanwhile is not told twice. */
  #timersDue: Set<string> | undefined;

  /** Puts an info in line; false for a timer whose info waits already. */
  add(info: Info): boolean {
    if (isVolatileTimer(info)) {
      this.#timersDue ??= new Set();
      if (this.#timersDue.has(info.key)) return false;
      this.#timersDue.add(info.key);
    }
    this.push(info);
    return true;
  }

  /** Whether an info that was taken is still to be given: a timer that was cancelled meanwhile is not. */
  holds(info: Info): boolean {
    return !isVolatileTimer(info) || this.#timersDue?.delete(info.key) === true;
  }

  forgetTimer(key: string): void {
    this.#timersDue?.delete(key);
  }

  /** No `exit-signal` of a link to that peer is given any more. */
  forgetExits(peer: ActorAddress): void {
    if (this.size === 0) return;
    for (const info of this.drain()) {
      if (info.type !== 'exit-signal' || !info.linked || info.from !== peer) this.push(info);
    }
  }
}

/** A timer that is not stored; stored ones have an account of their own. */
function isVolatileTimer(info: Info): info is Extract<Info, { type: 'timer' }> {
  return info.type === 'timer' && info.dueMs === undefined;
}
