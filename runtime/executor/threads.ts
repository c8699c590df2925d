/**
 * The threads of a node: one long-running Piscina task per executor, a mesh of message ports between all of them, and
 * a replacement for each thread that dies. This is the one file that knows Piscina.
 */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { fromWireError, SkepError } from '#protocols/wire/error';
import { addRestart, type RestartIntensity } from '../supervision/intensity.js';
import type { Logger } from '../telemetry/log.js';
import type { ExecutorSpec } from './build.js';
import { handOver, type Remote, wrap } from './control.js';
import type { Executor, ExecutorReport } from './executor.js';
import { linkExecutors } from './link.js';
import type { ExecutorControl, WorkerTask } from './worker.js';
import { EDGE_EXECUTOR, FIRST_SERIAL, SYSTEM_EXECUTOR } from './well-known.js';

interface Thread {
  readonly id: number;
  readonly control: Remote<ExecutorControl>;
  /** Settles when the task ends; rejects when its thread dies. */
  readonly ended: Promise<void>;
}

/** How often threads may die before the node gives up. */
const INTENSITY: RestartIntensity = { maxRestarts: 5, withinMs: 60_000 };
/** Serials per life of an executor: a replacement never reuses a dead actor's address by chance. */
const SERIALS_PER_LIFE = 2 ** 32;

/** What the node wants to know of its threads. */
export interface ThreadEvents {
  /** The node can not go on: its system executor died, or threads die again and again. */
  readonly onFatal: (error: SkepError) => void;
}

/** The executors of one node that live in threads. */
export class Threads {
  readonly #pool: Piscina;
  readonly #specOf: (id: number) => ExecutorSpec;
  readonly #edge: Executor;
  readonly #log: Logger;
  readonly #events: ThreadEvents;
  readonly #threads = new Map<number, Thread>();
  #deaths: readonly number[] = [];
  #lives = 0;
  #stopping = false;

  constructor(ids: readonly number[], specOf: (id: number) => ExecutorSpec, edge: Executor, log: Logger, events: ThreadEvents) {
    this.#specOf = specOf;
    this.#edge = edge;
    this.#log = log;
    this.#events = events;
    this.#pool = new Piscina<WorkerTask, void>({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: ids.length,
      maxThreads: ids.length,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A worker that sleeps on Atomics between tasks would not see its ports.
      atomics: 'disabled',
    });
  }

  /** Starts the executors and connects all with all. The system executor is first: the others register names there. */
  async start(ids: readonly number[]): Promise<void> {
    for (const id of ids) await this.#startThread(id, FIRST_SERIAL);
  }

  async #startThread(id: number, firstSerial: number): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const task: WorkerTask = { spec: { ...this.#specOf(id), firstSerial }, control: port2 };
    const ended = this.#pool.run(task, { transferList: [port2] }) as Promise<void>;
    const control = wrap<ExecutorControl>(port1);
    const failed = await Promise.race([control.ready(), ended.then(() => null)]);
    if (failed !== null) throw fromWireError(failed);
    const thread: Thread = { id, control, ended };
    for (const other of this.#threads.values()) await connect(thread, other);
    await this.#connectEdge(thread);
    this.#threads.set(id, thread);
    ended.then(
      () => port1.close(),
      (error: unknown) => {
        port1.close();
        if (!this.#stopping) void this.#died(id, error);
      },
    );
  }

  async #connectEdge(thread: Thread): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    linkExecutors(this.#edge, thread.id, port1);
    await thread.control.connect(EDGE_EXECUTOR, handOver(port2));
  }

  /** Tells everyone, then puts a new thread in the place of the dead one. */
  async #died(id: number, cause: unknown): Promise<void> {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#threads.delete(id);
    this.#log.error('executor died', { executor: id, error: cause });
    const { allowed, history } = addRestart(this.#deaths, performance.now(), INTENSITY);
    this.#deaths = history;
    if (id === SYSTEM_EXECUTOR || !allowed) {
      const what = id === SYSTEM_EXECUTOR ? 'the system executor ended' : `executors ended ${history.length} times in a minute`;
      this.#events.onFatal(new SkepError('EXECUTOR_DOWN', `${what}: ${why}`, { executor: id }, cause));
      return;
    }
    try {
      this.#lives += 1;
      const told = [...this.#threads.values()].map((thread) => thread.control.executorDown(id));
      this.#edge.executorDown(id);
      await Promise.all(told);
      await this.#startThread(id, FIRST_SERIAL + this.#lives * SERIALS_PER_LIFE);
      this.#log.info('executor replaced', { executor: id });
    } catch (error) {
      if (this.#stopping) return;
      this.#events.onFatal(new SkepError('EXECUTOR_DOWN', `executor ${id} could not be replaced`, { executor: id }, error));
    }
  }

  /** Tells all executors that a node is gone. */
  async nodeDown(node: string, incarnation: string): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.control.nodeDown(node, incarnation)));
  }

  reports(): Promise<ExecutorReport[]> {
    return Promise.all([...this.#threads.values()].map((thread) => thread.control.report()));
  }

  /** Ends all threads, the system executor last. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const threads = [...this.#threads.values()].sort((a, b) => b.id - a.id);
    for (const thread of threads) await Promise.race([thread.control.shutdown().then(() => thread.ended), thread.ended.catch(() => {})]);
    await this.#pool.destroy();
  }
}

async function connect(left: Thread, right: Thread): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await Promise.all([left.control.connect(right.id, handOver(port1)), right.control.connect(left.id, handOver(port2))]);
}
