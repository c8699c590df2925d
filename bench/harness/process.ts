/**
 * A contender that is a process of its own, so that no contender warms, fills or slows another's heap, and a peer may be
 * of any language. The lines between the two are those of `program.ts`. Each process leads a group, so that stopping it
 * also stops the nodes and servers that it started.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readSize, writeSize } from './program.js';
import { Absent, type Completed, type Contender, type Running, type Size, type StartOptions } from './question.js';

/** A run that takes longer has failed. */
const RUN_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 10_000;
/** Lines of diagnostics kept for the message of a failure. */
const KEPT_LINES = 12;

/** A program to start. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What to do when the command is not there. */
  readonly remedy: string;
}

/** Options of a program of ours. */
export interface SkepOptions {
  /** Name of the contender; `skep` without it. */
  readonly name?: string;
  readonly flags?: readonly string[];
}

/** One of our programs, `bench/programs/<program>.ts`, doing the work of this name. */
export function skep(program: string, work: string, { name = 'skep', flags = [] }: SkepOptions = {}): Contender {
  const module = fileURLToPath(new URL(`../programs/${program}.js`, import.meta.url));
  return {
    name,
    start: (size, options) => {
      const profiling = options.profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileTo}`];
      return startProgram(
        { command: process.execPath, args: [...flags, ...profiling, module, work], remedy: '', env: production },
        size,
        options,
      );
    },
  };
}

/** A peer on Node, `bench/peers/<peer>.mjs` or `bench/peers/<peer>/...`, from the packages installed there. */
export function nodePeer(name: string, file: string, work: string, flags: readonly string[] = []): Contender {
  const module = fileURLToPath(new URL(`../../../bench/peers/${file}`, import.meta.url));
  const packages = fileURLToPath(new URL('../../../bench/peers/node_modules', import.meta.url));
  return {
    name,
    start: (size, options) => {
      if (!existsSync(packages))
        throw new Absent('the peers are not installed: run `npm ci --prefix bench/peers` or `npm run bench`');
      const args = [...flags, module, work];
      return startProgram({ command: process.execPath, args, remedy: '', env: production }, size, options);
    },
  };
}

/** A peer in Erlang, `bench/peers/erlang/<script>.escript`. */
export function erlang(script: string, work: string, name = 'Erlang/OTP'): Contender {
  const path = fileURLToPath(new URL(`../../../bench/peers/erlang/${script}.escript`, import.meta.url));
  const remedy = 'Erlang is not installed: `apt-get install erlang-base` brings it';
  return {
    name,
    start: (size, options) => startProgram({ command: 'escript', args: [path, work], remedy }, size, options),
  };
}

/** Everybody runs as users run it in production. */
const production = { NODE_ENV: 'production' };

export async function startProgram(
  { command, args, env = {}, remedy }: Program,
  size: Size,
  { signal }: StartOptions,
): Promise<Running> {
  const child = spawn(command, [...args, writeSize(size)], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
    detached: true,
  });
  const talk = new Talk(child, `${command} ${args.join(' ')}`, remedy);
  const kill = (): void => killGroup(child);
  signal.addEventListener('abort', kill, { once: true });
  const ready = await talk.next().catch((error: unknown) => {
    kill();
    throw error;
  });
  const version = /version=(\S+)/.exec(ready)?.[1];
  return {
    version,
    run: async (wanted) => {
      child.stdin.write(`run ${writeSize(wanted)}\n`);
      return readCompleted(await talk.next());
    },
    stop: async () => {
      child.stdin.end();
      await talk.ended();
      signal.removeEventListener('abort', kill);
      killGroup(child);
    },
  };
}

function readCompleted(line: string): Completed {
  const { ms = Number.NaN, operations = Number.NaN, ...rest } = readSize(line);
  const named = Object.entries(rest).map(([name, value]) => [name.replaceAll('_', ' '), value] as const);
  return { ms, operations, ...Object.fromEntries(named) };
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of the group have ended.
  }
}

/** Reads the answers of a process: one `ready` or `done` each time it is asked, or a failure. */
class Talk {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #who: string;
  readonly #diagnostics: string[] = [];
  readonly #gone: Promise<never>;
  readonly #exited: Promise<void>;
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(child: ChildProcessWithoutNullStreams, who: string, remedy: string) {
    this.#child = child;
    this.#who = who;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    createInterface({ input: child.stderr }).on('line', (line) => this.#keep(line));
    child.stdin.on('error', (error) => this.#keep(`its input: ${error.message}`));
    this.#exited = new Promise((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
    this.#gone = new Promise((_, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' && remedy !== '' ? new Absent(remedy) : error),
      );
      child.once('close', (code, signal) => reject(this.#failure(`ended with ${code ?? signal}`)));
    });
    this.#gone.catch(() => {});
  }

  /** The next answer, without its first word. @throws Error with the last diagnostics when there is none. */
  async next(): Promise<string> {
    const late = new AbortController();
    try {
      return await Promise.race([this.#answer(), this.#gone, this.#limit(late.signal)]);
    } finally {
      late.abort();
    }
  }

  /** Waits for the process to end by itself, for so long. */
  async ended(): Promise<void> {
    const timer = setTimeout(() => killGroup(this.#child), STOP_LIMIT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  async #answer(): Promise<string> {
    for (;;) {
      const line = await this.#lines.next();
      // How it ended is told by the process; this only stops asking.
      if (line.done === true) return this.#gone;
      const { value } = line;
      if (value.startsWith('absent ')) throw new Absent(value.slice('absent '.length));
      if (value.startsWith('failed ')) throw this.#failure(value);
      const found = /^(?:ready|done)(?: (.*))?$/.exec(value);
      if (found !== null) return found[1] ?? '';
      this.#keep(value);
    }
  }

  #limit(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      const timer = setTimeout(() => {
        killGroup(this.#child);
        reject(this.#failure(`gave no answer in ${RUN_LIMIT_MS / 1_000} s`));
      }, RUN_LIMIT_MS);
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    });
  }

  #keep(line: string): void {
    this.#diagnostics.push(line);
    if (this.#diagnostics.length > KEPT_LINES) this.#diagnostics.shift();
  }

  #failure(what: string): Error {
    return new Error([`${this.#who}: ${what}`, ...this.#diagnostics].join('\n  '));
  }
}
