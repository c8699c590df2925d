/**
 * Waiting for a condition instead of for a time. The deadline is far away: it only turns a test that hangs into one that
 * fails with a sentence.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the condition holds; throws naming it when it does not within 20 s. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (const deadlineMs = performance.now() + 20_000; !holds(); await sleep(5)) {
    if (performance.now() > deadlineMs) throw new Error(`waited 20 s in vain for: ${what}`);
  }
}
