/**
 * The parent's side of a child: starts it, listens for its signs of life, keeps the last lines of its diagnostics, and
 * ends it when it hangs.
 *
 *     starting --ready--> idle --load--> loaded --close--> ended
 *         |                 |               |
 *         +-----------------+---------------+--  exit, abort, or killed for silence  --> ended
 *
 * A process is killed by SIGKILL alone: native code that hangs listens to nothing else. A thread is never terminated
 * while it may compute, since that aborts the whole node; one that hangs is told as down and left behind.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { fromWireError, SkepError } from '#protocols/wire/error';
import { removeFolder } from './folder.js';
import { aliveMs, type FromChild, type ToChild } from './protocol.js';

/** Lines of diagnostics that are kept, and characters of one. */
const keptLines = 12;
const longestLine = 500;

/** When a child counts as hung. */
export interface Patience {
  /** Milliseconds without a sign of life. Default 30,000. */
  readonly silentMs: number;
  /** Milliseconds that native code may go without finishing a step while it has one. Default 120,000. */
  readonly stalledMs: number;
  /** Milliseconds until the native library is loaded; a GPU may have to compile its code first. Default 180,000. */
  readonly startMs: number;
}

export const defaultPatience: Patience = { silentMs: 30_000, stalledMs: 120_000, startMs: 180_000 };

/** How a child ended. */
export interface Exit {
  /** In words: `SIGABRT`, `exit code 1`, `killed, because it was silent for 30000 ms`. */
  readonly how: string;
  /** Whether native code ended it: an abort, a fault. */
  readonly isCrash: boolean;
  /** Its last diagnostics. */
  readonly lines: readonly string[];
}

/** What a process or a thread has in common. */
interface Body {
  readonly pid: number | undefined;
  send(message: ToChild): void;
  kill(): void;
  ref(): void;
  unref(): void;
}

/** Signals by which native code ends its process. */
const crashSignals: ReadonlySet<string> = new Set(['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP']);

/** A child with its native library loaded. */
export class Child {
  readonly #body: Body;
  readonly #patience: Patience;
  readonly #lines: string[] = [];
  readonly #exited: Promise<Exit>;
  #listener: (message: FromChild) => void = () => undefined;
  #end: (exit: Exit) => void = () => undefined;
  #ended = false;
  #seenMs = performance.now();
  #tickMs = performance.now();
  #killedFor: string | undefined;
  #folder: string | undefined;
  #gpu: string | false = false;
  readonly #watch: NodeJS.Timeout;

  private constructor(isolation: 'process' | 'thread', useGpu: boolean, patience: Patience) {
    this.#patience = patience;
    this.#exited = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#body = isolation === 'process' ? this.#fork(useGpu) : this.#thread(useGpu);
    this.#watch = setInterval(() => this.#look(), aliveMs).unref();
  }

  /**
   * Starts a child and waits until it is ready.
   * @throws SkepError MODEL_UNAVAILABLE when the library is not installed, has no binary, or does not load in time.
   */
  static async start(
    isolation: 'process' | 'thread',
    useGpu: boolean,
    patience: Patience = defaultPatience,
  ): Promise<Child> {
    const child = new Child(isolation, useGpu, patience);
    const timer = setTimeout(() => child.kill(`was not ready within ${patience.startMs} ms`), patience.startMs);
    const ready = new Promise<FromChild>((resolve) => child.onMessage(resolve));
    try {
      const first = await Promise.race([ready, child.#exited]);
      if ('how' in first) {
        throw new SkepError('MODEL_UNAVAILABLE', `the process that runs models does not start: ${tell(first)}`);
      }
      if (first.type === 'unavailable') {
        child.kill('has no native library');
        throw fromWireError(first.error);
      }
      return child;
    } finally {
      clearTimeout(timer);
    }
  }

  get pid(): number | undefined {
    return this.#body.pid;
  }

  get gpu(): string | false {
    return this.#gpu;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Resolves once it has ended, for whatever reason. */
  get exited(): Promise<Exit> {
    return this.#exited;
  }

  /** The one who gets its messages from now on. */
  onMessage(listener: (message: FromChild) => void): void {
    this.#listener = listener;
  }

  send(message: ToChild): void {
    if (!this.#ended) this.#body.send(message);
  }

  /** Ends it now; a thread is only given up. */
  kill(why: string): void {
    if (this.#ended) return;
    this.#killedFor ??= why;
    this.#body.kill();
  }

  /** Whether it keeps this process alive: a spare does not, a model in use does. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#body.ref();
    else this.#body.unref();
  }

  #receive(message: FromChild): void {
    this.#seenMs = performance.now();
    if (message.type === 'ready') {
      this.#folder = message.folder;
      this.#gpu = message.gpu;
    }
    if (message.type === 'alive') {
      const { stalledMs } = this.#patience;
      if (message.stalledMs > stalledMs)
        this.kill(`its native code made no step for ${Math.round(message.stalledMs)} ms`);
      return;
    }
    this.#listener(message);
  }

  #look(): void {
    const nowMs = performance.now();
    // When this thread itself was held up, the signs of life are still in line.
    const wasLate = nowMs - this.#tickMs > 2 * aliveMs;
    this.#tickMs = nowMs;
    // Nor has one that still loads the native library anything to say.
    if (wasLate || this.#folder === undefined) this.#seenMs = nowMs;
    const silentMs = nowMs - this.#seenMs;
    if (silentMs > this.#patience.silentMs) this.kill(`was silent for ${Math.round(silentMs)} ms`);
  }

  #fork(useGpu: boolean): Body {
    const child: ChildProcess = fork(fileURLToPath(new URL('./child.js', import.meta.url)), [useGpu ? 'gpu' : 'cpu'], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Flags of this process (a debugger, a profiler, a larger heap) are not meant for it.
      execArgv: [],
    });
    child.on('message', (message) => this.#receive(message as FromChild));
    this.#keepLines(child.stdout);
    this.#keepLines(child.stderr);
    // `close` comes behind the last of its output.
    child.once('close', (code, signal) => this.#exit(code, signal));
    child.once('error', (error) => {
      this.#keep(error.message);
      if (child.pid === undefined) this.#exit(1, null);
    });
    return {
      pid: child.pid,
      send: (message) => void (child.connected && child.send(message, () => undefined)),
      kill: () => void child.kill('SIGKILL'),
      ref: () => holdProcess(child, true),
      unref: () => holdProcess(child, false),
    };
  }

  #thread(useGpu: boolean): Body {
    const worker = new Worker(new URL('./child.js', import.meta.url), {
      workerData: useGpu ? 'gpu' : 'cpu',
      stdout: true,
      stderr: true,
    });
    worker.on('message', (message: FromChild) => this.#receive(message));
    this.#keepLines(worker.stdout);
    this.#keepLines(worker.stderr);
    worker.once('error', (error) => this.#keep(error.message));
    worker.once('exit', (code) => this.#exit(code, null));
    return {
      pid: undefined,
      send: (message) => worker.postMessage(message),
      kill: () => {
        worker.postMessage({ type: 'close' } satisfies ToChild);
        worker.unref();
        this.#exit(1, null);
      },
      ref: () => worker.ref(),
      unref: () => worker.unref(),
    };
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    if (this.#folder !== undefined) removeFolder(this.#folder);
    const how = this.#killedFor ?? signal ?? `exit code ${code ?? 'unknown'}`;
    const isCrash = this.#killedFor === undefined && signal !== null && crashSignals.has(signal);
    this.#end({ how, isCrash, lines: [...this.#lines] });
  }

  #keepLines(stream: Readable | null): void {
    let open = '';
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (open + text).split('\n');
      open = (lines.pop() ?? '').slice(-longestLine);
      for (const line of lines) this.#keep(line);
    });
    stream?.once('end', () => this.#keep(open));
  }

  #keep(line: string): void {
    const text = line.trim().slice(0, longestLine);
    if (text === '') return;
    this.#lines.push(text);
    if (this.#lines.length > keptLines) this.#lines.shift();
  }
}

/** How a child ended, with its last words. */
export function tell({ how, lines }: Exit): string {
  return lines.length === 0 ? how : `${how}; it said: ${lines.join(' | ')}`;
}

function holdProcess(child: ChildProcess, isHeld: boolean): void {
  const streams = [child.stdout, child.stderr] as readonly ({ ref?: () => void; unref?: () => void } | null)[];
  const parts = [child, child.channel, ...streams];
  for (const part of parts) {
    if (isHeld) part?.ref?.();
    else part?.unref?.();
  }
}
