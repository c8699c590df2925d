/** Frames that could not be read: counted with the dead letters, and logged so that a hostile peer cannot fill the log. */
import type { DeadLetters } from './dead-letters.js';
import type { Logger } from './log.js';

/** The first are logged, then one of so many. */
const LOGGED = 10;
const PER_LINE = 1_000;

/** Notes a frame that was refused with this error. */
export function noteBadFrame(letters: DeadLetters, log: Logger, error: unknown): void {
  letters.add({ reason: 'bad-frame', to: undefined, name: '', atMs: Date.now() });
  const count = letters.count('bad-frame');
  if (count <= LOGGED || count % PER_LINE === 0) log.warn('frame refused', { count, error });
}
