/**
 * The threads of a node: one long-running task of a pool per executor, a mesh of message ports between all of them, a
 * watchdog that ends those that are stuck, and a replacement for each that dies.
 *
 * A thread may die or hang at any moment, and an answer of it then never comes: each wait for one has an end.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { fromWireError, SkepError } from '#protocols/wire/error';
import type { Clock } from '../clock/clock.js';
import { within } from '../clock/within.js';
import { addRestart } from '../supervision/intensity.js';
import type { Logger } from '../telemetry/log.js';
import type { ExecutorSpec } from './build.js';
import { handOver, type Remote, wrap } from './control.js';
import { cpuWaitMs } from './cpu-wait.js';
import { describeDeath, type ExecutorDeath } from './death.js';
import type { Executor } from './executor.js';
import { heartbeatMemory, HeartbeatReader } from './heartbeat.js';
import { linkExecutors } from './link.js';
import { ThreadPool } from './pool.js';
import type { ReloadedDefinition, ReloadSpec } from './reload.js';
import type { ExecutorReport } from './report.js';
import type { ThreadOptions } from './thread-options.js';
import { lookPeriodMs, Watchdog } from './watchdog.js';
import { EDGE_EXECUTOR, FIRST_SERIAL, SYSTEM_EXECUTOR } from './well-known.js';
import type { ExecutorControl, WorkerTask } from './worker.js';

interface Thread {
  readonly id: number;
  readonly control: Remote<ExecutorControl>;
  /** Settles when the task ends; rejects when its thread dies. */
  readonly ended: Promise<void>;
  /** The main thread's ends of its ports. */
  readonly ports: MessagePort[];
  /** Those who wait for an answer of the thread, to be called when it ends; undefined once it has. */
  waiting: Set<() => void> | undefined;
  readonly heartbeat: HeartbeatReader;
  /** Ends the thread, wherever it is stuck. */
  readonly terminate: () => void;
  /** For how long it was stuck when the watchdog ended it. */
  stalledMs: number | undefined;
}

/** Serials per life of an executor: a replacement never reuses a dead actor's address by chance. */
const SERIALS_PER_LIFE = 2 ** 32;
/** Milliseconds that a thread has for a report, and for ending beyond the time that its actors have. */
const ANSWER_MS = 2_000;
/** Milliseconds for which a replacement waits for other nodes to be told of the death. */
const NEWS_MS = 500;

/** What the node wants to know of its threads. */
export interface ThreadEvents {
  /** The node can not go on: its system executor died, or threads die again and again. */
  readonly onFatal: (error: SkepError) => void;
  /**
   * A thread died (`replaced` false), and later its replacement took its place (true). The replacement starts once the
   * result of the first resolves, or after half a second.
   */
  readonly onDeath: (death: ExecutorDeath, replaced: boolean) => Promise<void>;
}

/** The executors of one node that live in threads. */
export class Threads {
  readonly #pool: ThreadPool<WorkerTask, void>;
  readonly #options: ThreadOptions;
  readonly #watchdog: Watchdog | undefined;
  readonly #specOf: (id: number) => ExecutorSpec;
  readonly #storePort: () => MessagePort | undefined;
  readonly #edge: Executor;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #events: ThreadEvents;
  readonly #threads = new Map<number, Thread>();
  /** The last reload of each module, by its URL: a replacement loads them too. */
  readonly #reloads = new Map<string, ReloadSpec>();
  #deaths: readonly number[] = [];
  #lives = 0;
  #stopping = false;

  /** `storePort` makes a port to the store of the node for one life of an executor. */
  constructor(
    ids: readonly number[],
    specOf: (id: number) => ExecutorSpec,
    edge: Executor,
    options: ThreadOptions,
    events: ThreadEvents,
    storePort: () => MessagePort | undefined = () => undefined,
  ) {
    this.#specOf = specOf;
    this.#storePort = storePort;
    this.#edge = edge;
    this.#log = edge.log;
    this.#clock = edge.clock;
    this.#options = options;
    this.#events = events;
    this.#watchdog = options.stallMs === 0 ? undefined : new Watchdog(edge.clock, options.stallMs);
    this.#pool = new ThreadPool<WorkerTask, void>({
      module: new URL('./worker.js', import.meta.url),
      minThreads: ids.length,
      maxThreads: ids.length,
      idleMs: Number.POSITIVE_INFINITY,
      heapMb: options.heapMb,
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
    const reloads = [...this.#reloads.values()];
    const storePort = this.#storePort();
    const heartbeat = heartbeatMemory();
    const beatMs = this.#watchdog === undefined ? undefined : lookPeriodMs(this.#options.stallMs) / 2;
    const spec = { ...this.#specOf(id), firstSerial, reloads };
    const task: WorkerTask = { spec, control: port2, heartbeat, beatMs, storePort };
    const end = new AbortController();
    const ended = this.#pool.run(task, storePort === undefined ? [port2] : [port2, storePort], end.signal);
    const thread: Thread = {
      id,
      control: wrap<ExecutorControl>(port1),
      ended,
      ports: [port1],
      waiting: new Set(),
      heartbeat: new HeartbeatReader(heartbeat),
      terminate: () => end.abort(),
      stalledMs: undefined,
    };
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
    this.#watch(thread);
    for (const reload of this.#reloads.values()) if (!reloads.includes(reload)) void this.#commit(thread, reload);
    ended.then(
      () => release(thread),
      (error: unknown) => {
        release(thread);
        if (!this.#stopping) void this.#died(thread, error);
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

  /** Ends a thread that is stuck; what follows is what follows any death. */
  #watch(thread: Thread): void {
    this.#watchdog?.watch(thread.id, {
      beats: () => thread.heartbeat.beats,
      cpuWaitMs: () => cpuWaitMs(thread.heartbeat.thread),
      onStalled: (stuckMs) => {
        thread.stalledMs = stuckMs;
        thread.terminate();
      },
    });
  }

  /** Tells everyone, then puts a new thread in the place of the dead one. */
  async #died({ id, heartbeat, stalledMs }: Thread, cause: unknown): Promise<void> {
    this.#threads.delete(id);
    this.#watchdog?.unwatch(id);
    this.#lives += 1;
    const nextSerial = FIRST_SERIAL + this.#lives * SERIALS_PER_LIFE;
    const { node, incarnation } = this.#edge;
    const inTurn = heartbeat.inTurn();
    const death = describeDeath({ node, incarnation, executor: id, nextSerial, cause, inTurn, stalledMs });
    const { reason, culprit } = death;
    const who = culprit === undefined ? {} : { actor: culprit, definition: inTurn?.definition };
    this.#log.error('executor died', {
      peer: id,
      class: reason.class,
      ...who,
      error: stalledMs ?? cause,
      reason: reason.message,
    });
    // Nobody is waited for: the ports keep the order, so each hears of the death before it hears of the successor.
    for (const thread of this.#threads.values()) thread.control.executorDown(death).catch(() => {});
    this.#edge.executorDown(death);
    const { allowed, history } = addRestart(this.#deaths, this.#clock.now(), this.#options.intensity);
    this.#deaths = history;
    if (id === SYSTEM_EXECUTOR || !allowed) {
      const what =
        id === SYSTEM_EXECUTOR
          ? 'the system executor ended'
          : `executors ended ${history.length} times within ${this.#options.intensity.withinMs} ms`;
      const text = `${what}: ${reason.message}`;
      this.#events.onFatal(new SkepError('EXECUTOR_DOWN', text, { executor: id, class: reason.class }, cause));
      return;
    }
    // Other nodes are to know of the death before the first word of the successor.
    await within(this.#clock, NEWS_MS, this.#events.onDeath(death, false));
    if (!this.#stopping) await this.#replace(death);
  }

  async #replace(death: ExecutorDeath): Promise<void> {
    const { executor, nextSerial } = death;
    try {
      // A peer that dies meanwhile takes no port; its own replacement connects to this one.
      void Promise.allSettled(await this.#startThread(executor, nextSerial));
      this.#log.info('executor replaced', { peer: executor });
      void this.#events.onDeath(death, true);
    } catch (error) {
      if (this.#stopping) return;
      this.#events.onFatal(
        new SkepError('EXECUTOR_DOWN', `executor ${executor} could not be replaced`, { executor }, error),
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

  /** Has all threads import a module again. @throws SkepError of the first that would not do. */
  async prepareReload(spec: ReloadSpec): Promise<void> {
    const asked = [...this.#threads.values()].map((thread) => answerOf(thread, thread.control.prepareReload(spec)));
    for (const failed of await Promise.all(asked)) {
      if (failed !== null && failed !== undefined) throw fromWireError(failed);
    }
  }

  /** Puts the definitions of a prepared module in place on all threads, and on those that replace them later. */
  async commitReload(spec: ReloadSpec): Promise<readonly (readonly ReloadedDefinition[])[]> {
    this.#reloads.set(spec.url, spec);
    const done = await Promise.all([...this.#threads.values()].map((thread) => this.#commit(thread, spec)));
    return done.filter((definitions) => definitions !== undefined);
  }

  #commit(thread: Thread, spec: ReloadSpec): Promise<readonly ReloadedDefinition[] | undefined> {
    const failed = (error: unknown): undefined => {
      this.#log.error('reload failed on an executor', { peer: thread.id, module: spec.url, error });
    };
    return answerOf(thread, thread.control.commitReload(spec)).catch(failed);
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
    this.#watchdog?.close();
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

/**
 * What a thread answers; undefined when it dies before it does. A race against `ended` would leave a reaction behind with
 * each question, for as long as the thread lives.
 */
function answerOf<T>(thread: Thread, answer: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const dead = (): void => resolve(undefined);
    if (thread.waiting === undefined) return dead();
    thread.waiting.add(dead);
    void answer.then(resolve, reject).finally(() => thread.waiting?.delete(dead));
  });
}

async function connect(left: Thread, right: Thread): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await Promise.all([
    answerOf(left, left.control.connect(right.id, handOver(port1))),
    answerOf(right, right.control.connect(left.id, handOver(port2))),
  ]);
}

/** A thread has ended: nothing of it is waited for any more. */
function release(thread: Thread): void {
  closePorts(thread);
  for (const dead of thread.waiting ?? []) dead();
  thread.waiting = undefined;
}

function closePorts(thread: Thread): void {
  for (const port of thread.ports) port.close();
}
