/**
 * The threads of a node: one long-running Piscina task per executor, a mesh of message ports between all of them, and
 * a replacement for each thread that dies. This is the one file that knows Piscina.
 *
 * A thread may die or hang at any moment, and an answer of it then never comes: each wait for one has an end.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { fromWireError, SkepError } from '#protocols/wire/error';
import type { Clock } from '../clock/clock.js';
import { within } from '../clock/within.js';
import { addRestart, type RestartIntensity } from '../supervision/intensity.js';
import type { Logger } from '../telemetry/log.js';
import type { ExecutorSpec } from './build.js';
import { handOver, type Remote, wrap } from './control.js';
import type { Executor } from './executor.js';
import { linkExecutors } from './link.js';
import type { ExecutorReport } from './report.js';
import { EDGE_EXECUTOR, FIRST_SERIAL, SYSTEM_EXECUTOR } from './well-known.js';
import type { ExecutorControl, WorkerTask } from './worker.js';

interface Thread {
  readonly id: number;
  readonly control: Remote<ExecutorControl>;
  /** Settles when the task ends; rejects when its thread dies. */
  readonly ended: Promise<void>;
  /** The main thread's ends of its ports. */
  readonly ports: MessagePort[];
}

/** How often threads may die before the node gives up. */
const INTENSITY: RestartIntensity = { maxRestarts: 5, withinMs: 60_000 };
/** Serials per life of an executor: a replacement never reuses a dead actor's address by chance. */
const SERIALS_PER_LIFE = 2 ** 32;
/** Milliseconds that a thread has for a report, and for ending beyond the time that its actors have. */
const ANSWER_MS = 2_000;

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
  readonly #clock: Clock;
  readonly #events: ThreadEvents;
  readonly #threads = new Map<number, Thread>();
  #deaths: readonly number[] = [];
  #lives = 0;
  #stopping = false;

  constructor(ids: readonly number[], specOf: (id: number) => ExecutorSpec, edge: Executor, events: ThreadEvents) {
    this.#specOf = specOf;
    this.#edge = edge;
    this.#log = edge.log;
    this.#clock = edge.clock;
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

  /** Whether the executor of supervisors and names lives. */
  get systemLives(): boolean {
    return this.#threads.has(SYSTEM_EXECUTOR);
  }

  /** Starts the executors and connects all with all. The system executor is first: the others register names there. */
  async start(ids: readonly number[]): Promise<void> {
    for (const id of ids) await Promise.all(await this.#startThread(id, FIRST_SERIAL));
  }

  /** Starts a thread; the result settles as each of the others has taken its port. */
  async #startThread(id: number, firstSerial: number): Promise<readonly Promise<unknown>[]> {
    const { port1, port2 } = new MessageChannel();
    const task: WorkerTask = { spec: { ...this.#specOf(id), firstSerial }, control: port2 };
    const ended = this.#pool.run(task, { transferList: [port2] }) as Promise<void>;
    const thread: Thread = { id, control: wrap<ExecutorControl>(port1), ended, ports: [port1] };
    try {
      const failed = await Promise.race([thread.control.ready(), ended.then(() => null)]);
      if (failed !== null) throw fromWireError(failed);
    } catch (error) {
      closePorts(thread);
      throw error;
    }
    if (id === SYSTEM_EXECUTOR)
      void thread.control.fatal().then(
        (error) => this.#events.onFatal(fromWireError(error)),
        () => {},
      );
    const others = [...this.#threads.values()];
    this.#threads.set(id, thread);
    ended.then(
      () => closePorts(thread),
      (error: unknown) => {
        closePorts(thread);
        if (!this.#stopping) void this.#died(id, error);
      },
    );
    return [this.#connectEdge(thread), ...others.map((other) => connect(thread, other))];
  }

  #connectEdge(thread: Thread): Promise<unknown> {
    const { port1, port2 } = new MessageChannel();
    thread.ports.push(port1);
    linkExecutors(this.#edge, thread.id, port1);
    return answerOf(thread, thread.control.connect(EDGE_EXECUTOR, handOver(port2)));
  }

  /** Tells everyone, then puts a new thread in the place of the dead one. */
  async #died(id: number, cause: unknown): Promise<void> {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#threads.delete(id);
    this.#log.error('executor died', { peer: id, error: cause });
    // Nobody is waited for: the ports keep the order, so each hears of the death before it hears of the successor.
    for (const thread of this.#threads.values()) thread.control.executorDown(id).catch(() => {});
    this.#edge.executorDown(id);
    const { allowed, history } = addRestart(this.#deaths, this.#clock.now(), INTENSITY);
    this.#deaths = history;
    if (id === SYSTEM_EXECUTOR || !allowed) {
      const what =
        id === SYSTEM_EXECUTOR ? 'the system executor ended' : `executors ended ${history.length} times in a minute`;
      this.#events.onFatal(new SkepError('EXECUTOR_DOWN', `${what}: ${why}`, { executor: id }, cause));
      return;
    }
    try {
      this.#lives += 1;
      // A peer that dies meanwhile takes no port; its own replacement connects to this one.
      void Promise.allSettled(await this.#startThread(id, FIRST_SERIAL + this.#lives * SERIALS_PER_LIFE));
      this.#log.info('executor replaced', { peer: id });
    } catch (error) {
      if (this.#stopping) return;
      this.#events.onFatal(
        new SkepError('EXECUTOR_DOWN', `executor ${id} could not be replaced`, { executor: id }, error),
      );
    }
  }

  /** Tells all executors that a node is gone. */
  async nodeDown(node: string, incarnation: string): Promise<void> {
    const told = [...this.#threads.values()].map((thread) =>
      answerOf(thread, thread.control.nodeDown(node, incarnation)),
    );
    await within(this.#clock, ANSWER_MS, Promise.all(told));
  }

  /** The reports of all threads that answer. */
  async reports(): Promise<readonly ExecutorReport[]> {
    const reports: ExecutorReport[] = [];
    const asked = [...this.#threads.values()].map(async (thread) => {
      const report = await answerOf(thread, thread.control.report());
      if (report !== undefined) reports.push(report);
    });
    await within(this.#clock, ANSWER_MS, Promise.all(asked));
    return [...reports].sort((a, b) => a.id - b.id);
  }

  /** Ends all threads, the system executor last; a thread that does not end in time is terminated. */
  async stop(shutdownMs: number): Promise<void> {
    this.#stopping = true;
    const end = (thread: Thread): Promise<boolean> => {
      const ended = thread.control.shutdown().then(() => thread.ended);
      return within(this.#clock, shutdownMs + ANSWER_MS, Promise.race([ended, thread.ended]));
    };
    const threads = [...this.#threads.values()];
    await Promise.all(threads.filter(({ id }) => id !== SYSTEM_EXECUTOR).map(end));
    await Promise.all(threads.filter(({ id }) => id === SYSTEM_EXECUTOR).map(end));
    await this.#pool.destroy();
    for (const thread of threads) closePorts(thread);
  }
}

/** What a thread answers; undefined when it dies before it does. */
function answerOf<T>(thread: Thread, answer: Promise<T>): Promise<T | undefined> {
  const dead = thread.ended.then(
    () => undefined,
    () => undefined,
  );
  return Promise.race([answer, dead]);
}

async function connect(left: Thread, right: Thread): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await Promise.all([
    answerOf(left, left.control.connect(right.id, handOver(port1))),
    answerOf(right, right.control.connect(left.id, handOver(port2))),
  ]);
}

function closePorts(thread: Thread): void {
  for (const port of thread.ports) port.close();
}
