/** A wait with an end: what stops or starts an actor may hang, and nobody may hang with it. */
import type { Clock, Timer } from './clock.js';

/** Waits for `work` for at most `limitMs`. True when it ended in time, in whatever way; its error is left to its owner. */
export async function within(clock: Clock, limitMs: number, work: PromiseLike<unknown>): Promise<boolean> {
  let timer: Timer | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = clock.after(limitMs, () => resolve(false));
  });
  const inTime = (): boolean => true;
  try {
    return await Promise.race([work.then(inTime, inTime), expired]);
  } finally {
    timer?.cancel();
  }
}
