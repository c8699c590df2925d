/** How long an actor may take to end, by its spec or else by its node. */
import type { ShutdownPolicy } from '#protocols/wire/envelope';

/** Milliseconds; Infinity where it may take as long as it needs. A brutal end waits only for the news of it. */
export function shutdownMsOf(policy: ShutdownPolicy | undefined, nodeMs: number): number {
  if (policy === 'infinity') return Number.POSITIVE_INFINITY;
  return policy === undefined || policy === 'brutal' ? nodeMs : policy;
}
