/**
 * What few actors have and no idle one pays for: children, monitors, links, timers, and the steps of a life that is
 * beginning, restarting or ending. An actor gets one the first time that it needs any of it.
 */
import type { Timer } from '../clock/clock.js';
import type { Family } from './cell-family.js';
import type { Links } from './cell-links.js';
import type { Watch } from './cell-watch.js';

/** What there is to wait for when nothing is under way; shared, because every actor has one. */
export const DONE: Promise<void> = Promise.resolve();

export class Extras {
  family: Family | undefined;
  watch: Watch | undefined;
  links: Links | undefined;
  /** By key. */
  timers: Map<string, Timer> | undefined;
  /** The start or restart under way; never rejects. */
  beginning: Promise<void> = DONE;
  stopping: Promise<void> | undefined;
  /** Lives that were taken by force: what was begun in one goes no further. */
  taken = 0;
  /** Whether it holds its name. */
  named = false;
  /** Whether it starts no children any more. */
  childless = false;

  /** The actor ended. */
  end(): void {
    this.family = undefined;
    this.watch = undefined;
    this.links = undefined;
  }
}
