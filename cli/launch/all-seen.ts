/** Waiting until a client sees the nodes that it is about to talk to. */
import type { ClusterNode } from '#cluster/node';
import { SkepError } from '#protocols/wire/error';

const SEEN_MS = 10_000;

/** Waits until the client's view holds every node. @throws SkepError NODE_START_FAILED, or JOB_CANCELLED. */
export function allSeen(client: ClusterNode, names: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: SkepError): void => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener('abort', cancel);
      if (error === undefined) resolve();
      else reject(error);
    };
    const missing = (): readonly string[] =>
      names.filter((name) => !client.members().some((member) => member.name === name));
    const look = (): void => {
      if (missing().length === 0) settle();
    };
    const cancel = (): void => settle(new SkepError('JOB_CANCELLED', 'interrupted while the nodes met'));
    const unsubscribe = client.onMembers(look);
    const timer = setTimeout(
      () => settle(new SkepError('NODE_START_FAILED', `nodes not seen within ${SEEN_MS} ms: ${missing().join(', ')}`)),
      SEEN_MS,
    );
    signal.addEventListener('abort', cancel, { once: true });
    look();
  });
}
