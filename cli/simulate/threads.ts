/**
 * The threads of a simulation, each with one piece of work at a time; more work waits in a queue. An interruption ends
 * them at once, in the middle of whatever they run.
 */
import { Worker } from 'node:worker_threads';
import { fromWireError, SkepError } from '#protocols/wire/error';
import type { Kind, Reply, Request, ThreadData, Work } from './work.js';

interface Job {
  readonly request: Request;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** So many threads. */
export class Threads {
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job>();
  readonly #queue: Job[] = [];
  /** Why there are no threads any more. */
  #ended: SkepError | undefined;

  constructor(count: number, modules: readonly string[], signal: AbortSignal) {
    const workerData: ThreadData = { modules };
    for (let index = 0; index < count; index += 1) {
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
      worker.on('message', (reply: Reply) => this.#done(worker, reply));
      worker.on('error', (error: Error) => this.#end(died(error.message, error)));
      worker.on('exit', (code) => this.#end(died(`it ended with ${code}`)));
      this.#idle.push(worker);
    }
    const interrupted = new SkepError('JOB_CANCELLED', 'the simulation was interrupted');
    if (signal.aborted) this.#end(interrupted);
    else signal.addEventListener('abort', () => this.#end(interrupted), { once: true });
  }

  /** Has a piece of work done. @throws SkepError JOB_CANCELLED when it is interrupted, or what the work throws. */
  ask<K extends Kind>(kind: K, model: string, ask: Work[K]['ask']): Promise<Work[K]['answer']> {
    const done = new Promise<unknown>((resolve, reject) => {
      if (this.#ended === undefined) this.#queue.push({ request: { kind, model, ask } as Request, resolve, reject });
      else reject(this.#ended);
    });
    this.#next();
    return done as Promise<Work[K]['answer']>;
  }

  /** Ends all threads. */
  async stop(): Promise<void> {
    const workers = [...this.#idle, ...this.#busy.keys()];
    this.#end(new SkepError('JOB_CANCELLED', 'the simulation is over'));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    const worker = this.#idle.at(-1);
    const job = this.#queue[0];
    if (worker === undefined || job === undefined) return;
    this.#idle.pop();
    this.#queue.shift();
    this.#busy.set(worker, job);
    worker.postMessage(job.request);
  }

  #done(worker: Worker, reply: Reply): void {
    const job = this.#busy.get(worker);
    if (job === undefined) return;
    this.#busy.delete(worker);
    this.#idle.push(worker);
    if (reply.type === 'done') job.resolve(reply.answer);
    else job.reject(fromWireError(reply.error));
    this.#next();
  }

  #end(why: SkepError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    for (const { reject } of [...this.#busy.values(), ...this.#queue.splice(0)]) reject(why);
    for (const worker of [...this.#idle.splice(0), ...this.#busy.keys()]) void worker.terminate();
    this.#busy.clear();
  }
}

function died(why: string, cause?: Error): SkepError {
  return new SkepError('INTERNAL', `a thread of the simulation died: ${why}`, {}, cause);
}
