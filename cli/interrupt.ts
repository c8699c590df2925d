/**
 * Ctrl-C and SIGTERM: the first asks the command to stop in order, by its signal; the second ends the process at once.
 * The exit code tells which it was.
 */
import type { ExitCode } from './exit-codes.js';

/** The interruption of a command. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code to end with, once interrupted. */
  readonly exitCode: () => ExitCode | undefined;
  /** Stops listening. */
  readonly dispose: () => void;
}

const exitCodeBySignal = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const;

/** Listens for the signals that end a command. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let exitCode: ExitCode | undefined;
  const handlers = Object.entries(exitCodeBySignal).map(([name, code]) => {
    const handler = (): void => {
      if (exitCode !== undefined) process.exit(code);
      exitCode = code;
      controller.abort();
    };
    process.on(name, handler);
    return [name, handler] as const;
  });
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
