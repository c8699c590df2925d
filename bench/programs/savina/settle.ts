/** Waits for actors that end by themselves. */
import { setTimeout as wait } from 'node:timers/promises';
import { PATIENCE } from './stage.js';

/** Resolves once `condition` holds, asked every few milliseconds. @throws Error when it takes too long. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE.timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`actors did not end in ${PATIENCE.timeoutMs} ms`);
    await wait(5);
  }
}
