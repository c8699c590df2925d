/**
 * The second process of a program whose work is between two: this very program started again, with a channel between
 * them. It says when it is ready, and ends when the channel does, so that it never outlives the first.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A second process that is ready. */
export interface Second {
  readonly process: ChildProcess;
  /** What it said when it was. */
  readonly said: unknown;
  stop(): Promise<void>;
}

/** Starts `module` in a process of its own. @throws Error when it ends before it is ready. */
export async function startSecond(module: string, args: readonly string[]): Promise<Second> {
  const child = fork(module, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const said = await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => {
      throw new Error(`the second process ended with ${String(code)} before it was ready`);
    }),
  ]);
  return {
    process: child,
    said: said[0],
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** In the second process: tells the first that it is ready, and calls `end` once that is gone. */
export function beSecond(end: () => Promise<void>, says: unknown = 'ready'): void {
  process.once('disconnect', () => void end().finally(() => process.exit()));
  process.send?.(says);
}
