/** Runs `skep` as its users do: compiled, in a process of its own, with a mark by which all its processes are found. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { processesWith } from './audit.js';
import { eventually } from './eventually.js';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** Where and with what to run. */
export interface CliOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A file that it reads as standard input; default: nothing to read. */
  readonly stdin?: string;
}

/** A command that has ended. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
  /** Resolves once standard output and error together hold the pattern; rejects when the command ends without, or after 30 s. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its process and those that it started, as far as they live. */
  processes(): readonly number[];
}

/** Environment of a test: nothing of the person's own configuration gets in. */
function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('SKEP_') || name === 'SKEP_NATS_SERVER');
  return { ...Object.fromEntries(own), NO_COLOR: '1', ...more };
}

/** Starts a command. */
export function start(args: readonly string[], { cwd, env = {}, stdin }: CliOptions): RunningCli {
  const mark = `SKEPTEST_MARK=${randomUUID()}`;
  const [name = '', value = ''] = mark.split('=');
  const input = openSync(stdin ?? '/dev/null', 'r');
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: environment({ ...env, [name]: value }),
    stdio: [input, 'pipe', 'pipe'],
  });
  closeSync(input);
  const text = { stdout: '', stderr: '' };
  let result: CliResult | undefined;
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text.stdout += more;
  });
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text.stderr += more;
  });
  const done = new Promise<CliResult>((resolve) => {
    child.on('close', (code, signal) => resolve((result = { code, signal, ...text })));
  });
  const all = (): string => text.stdout + text.stderr;
  return {
    child,
    done,
    processes: () => processesWith(mark),
    waitFor: async (pattern) => {
      await eventually(
        `${args.join(' ')} says ${String(pattern)}`,
        () => pattern.test(all()) || result !== undefined,
        30_000,
      );
      const match = new RegExp(pattern.source, pattern.flags).exec(all());
      if (match === null)
        throw new Error(
          `skep ${args.join(' ')} ended (${result?.code}) without ${String(pattern)}: ${all().slice(-2_000)}`,
        );
      return match;
    },
  };
}

/** Runs a command to its end. */
export function run(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return start(args, options).done;
}

/** What is needed of a tap test. */
interface Test {
  teardown(handler: () => Promise<void>): void;
}

/** A cluster by `skep up` that is ready, and killed with the test if it still runs then. */
export async function up(t: Test, args: readonly string[], options: CliOptions): Promise<RunningCli> {
  const cluster = start(['up', '--executors', '1', ...args], options);
  t.teardown(async () => {
    cluster.child.kill('SIGKILL');
    await nothingLeft(cluster);
  });
  await cluster.waitFor(/is ready at|"url"/);
  return cluster;
}

/** Resolves when the command and all that it started are gone. */
export function nothingLeft(cluster: RunningCli): Promise<void> {
  return eventually('every process is gone', () => cluster.processes().length === 0, 30_000);
}

/** The text of a module with a counter, as a user would write one. */
export const counterModule = `
import { defineActor } from ${JSON.stringify(new URL('../../runtime/index.js', import.meta.url).href)};
import { z } from 'zod';

export const counter = defineActor({
  name: 'counter',
  description: 'Counts.',
  init: ({ start }) => ({ count: start }),
  schemas: {
    args: z.object({ start: z.number().default(0) }),
    calls: { add: z.object({ amount: z.number() }) },
  },
  calls: {
    add: (state, { amount }) => (state.count += amount),
    get: (state) => state.count,
    async *countdown(state, { step }) {
      for (let count = state.count; count > 0; count -= step) yield count;
    },
    never: () => new Promise(() => {}),
    crash: () => {
      throw new Error('told to crash');
    },
  },
  casts: {
    reset: (state) => {
      state.count = 0;
    },
  },
});
`;
