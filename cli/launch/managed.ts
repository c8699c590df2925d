/**
 * What a parent process and the node processes that it launched tell each other over their private channel. When the
 * channel closes, the parent is gone, and the node stops: no launched node outlives who launched it.
 */
import { z } from 'zod';
import type { WireError } from '#protocols/wire/error';

/** From a node to its parent. */
export type FromNode =
  | {
      readonly type: 'ready';
      readonly name: string;
      readonly incarnation: string;
      readonly pid: number;
      readonly executors: number;
    }
  | { readonly type: 'failed'; readonly error: WireError };

const fromNodeSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    name: z.string(),
    incarnation: z.string(),
    pid: z.number(),
    executors: z.number(),
  }),
  z.object({ type: z.literal('failed'), error: z.object({ code: z.string(), message: z.string() }).loose() }),
]);

/** Reads a message of a node; undefined when it is none. */
export function readFromNode(message: unknown): FromNode | undefined {
  const parsed = fromNodeSchema.safeParse(message);
  return parsed.success ? (parsed.data as FromNode) : undefined;
}

/** Asks a node to stop in order. */
export const STOP = 'stop';

/** The parent of this process, when it was launched as a managed node. */
export interface Parent {
  tell(message: FromNode): void;
  /** Aborted when the parent asks to stop, or is gone. */
  readonly signal: AbortSignal;
}

/** A node whose parent is gone and that is not done by then ends anyway: it may be waiting for a server that went too. */
const ORPHAN_MS = 5_000;

/** Finds the parent's channel; undefined for a node that a person started. */
export function parentOf(child: NodeJS.Process): Parent | undefined {
  if (child.send === undefined) return undefined;
  const controller = new AbortController();
  const orphaned = (): void => {
    controller.abort();
    setTimeout(() => child.exit(1), ORPHAN_MS).unref();
  };
  child.on('message', (message) => {
    if (message === STOP) controller.abort();
  });
  child.on('disconnect', orphaned);
  // The parent may have gone while the modules of this process were loaded, before anybody listened.
  if (!child.connected) orphaned();
  return {
    signal: controller.signal,
    tell: (message) => {
      if (child.connected) child.send?.(message);
    },
  };
}
