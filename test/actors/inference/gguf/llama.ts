/** Runs `llama-program.ts` as a process of its own and talks to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LlamaResult, LlamaTask } from './llama-program.js';

/** llama.cpp in a process. */
export class Llama {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
    this.#ended = once(child, 'exit');
  }

  /** Starts it, or gives undefined where node-llama-cpp is not installed. */
  static async start(): Promise<Llama | undefined> {
    const script = fileURLToPath(new URL('./llama-program.js', import.meta.url));
    // Without this a debugger is started to print the stack of an abort, which takes seconds.
    const env = { ...process.env, GGML_NO_BACKTRACE: '1' };
    const child = spawn(process.execPath, [script], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    return first.done === true ? undefined : new Llama(child, lines);
  }

  /** What came of a task, or the signal or code by which the process ended under it. */
  async run(task: LlamaTask): Promise<LlamaResult | { readonly died: string }> {
    this.#child.stdin?.write(`${JSON.stringify(task)}\n`);
    const line = await this.#lines.next();
    if (line.done !== true) return JSON.parse(line.value) as LlamaResult;
    await this.#ended;
    return { died: String(this.#child.signalCode ?? this.#child.exitCode) };
  }

  /** Ends it. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}
