/**
 * The long-running Piscina task that hosts an executor in a thread. Its control plane is a comlink object on a port of
 * its own; the task ends when the main thread asks for it, and the thread's death ends it with an error.
 */
import type { MessagePort } from 'node:worker_threads';
import { toWireError, type WireError } from '#protocols/wire/error';
import { systemClock, type Timer } from '../clock/clock.js';
import { buildExecutor, type BuiltExecutor, type ExecutorSpec } from './build.js';
import { expose } from './control.js';
import type { ExecutorDeath } from './death.js';
import { ownThreadNumber } from './cpu-wait.js';
import { Heartbeat } from './heartbeat.js';
import { linkExecutors } from './link.js';
import type { ReloadedDefinition, ReloadSpec } from './reload.js';
import type { ExecutorReport } from './report.js';

/** What the main thread may ask of an executor in a thread. */
export interface ExecutorControl {
  /** Resolves once the executor is built; gives the error when it could not be. */
  ready(): Promise<WireError | null>;
  connect(peer: number, port: MessagePort): void;
  executorDown(death: ExecutorDeath): void;
  nodeDown(node: string, incarnation: string): void;
  report(): ExecutorReport;
  /** Imports a module again and changes nothing; gives the error when it would not do. */
  prepareReload(spec: ReloadSpec): Promise<WireError | null>;
  commitReload(spec: ReloadSpec): Promise<readonly ReloadedDefinition[]>;
  /** Resolves when an actor that the node cannot do without failed for good. */
  fatal(): Promise<WireError>;
  /** Stops the actors that are left, then ends the task. */
  shutdown(): Promise<void>;
}

/** What the task gets. */
export interface WorkerTask {
  readonly spec: ExecutorSpec;
  readonly control: MessagePort;
  /** Memory of the heartbeat; see `heartbeat.ts`. */
  readonly heartbeat: SharedArrayBuffer;
  /** Milliseconds between two beats of a thread that has nothing to do; absent when nobody watches. */
  readonly beatMs: number | undefined;
  /** To the store of the node, where it has one. */
  readonly storePort: MessagePort | undefined;
}

/** Hosts one executor until it is shut down. */
export default async function hostExecutor(task: WorkerTask): Promise<void> {
  const { spec, control, heartbeat: memory, beatMs, storePort } = task;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const heartbeat = new Heartbeat(memory, ownThreadNumber());
  const building = buildExecutor(spec, { heartbeat, storePort });
  // Modules may take their time to load: the watch begins once the executor could do something.
  const stopBeats = building.then(
    () => keepBeating(heartbeat, beatMs),
    () => () => {},
  );
  // The failure is told through `ready`; without a handler here the thread would die before it could be asked.
  building.catch(() => {});
  const ports = new Map<number, MessagePort>();
  expose(control, controlOf(building, ports, finish));
  await finished;
  (await stopBeats)();
  for (const port of ports.values()) port.close();
  control.close();
}

/** Beats now and then while nothing else makes the event loop come round. The result stops it. */
function keepBeating(heartbeat: Heartbeat, beatMs: number | undefined): () => void {
  if (beatMs === undefined) return () => {};
  let timer: Timer;
  const beat = (): void => {
    heartbeat.beat();
    timer = systemClock.after(beatMs, beat);
  };
  beat();
  return () => timer.cancel();
}

function controlOf(
  building: Promise<BuiltExecutor>,
  ports: Map<number, MessagePort>,
  finish: () => void,
): ExecutorControl {
  let built: BuiltExecutor | undefined;
  const executor = () => {
    if (built === undefined) throw new Error('the executor is not ready');
    return built.executor;
  };
  return {
    ready: async () => {
      try {
        built = await building;
        return null;
      } catch (error) {
        return toWireError(error);
      }
    },
    connect: (peer, port) => {
      ports.set(peer, port);
      linkExecutors(executor(), peer, port);
    },
    executorDown: (death) => {
      // What the dead one sent last may still be in its port: it comes too late for those who are told now.
      ports.get(death.executor)?.close();
      ports.delete(death.executor);
      executor().executorDown(death);
    },
    nodeDown: (node, incarnation) => executor().nodeDown(node, incarnation),
    report: () => executor().report(),
    prepareReload: (spec) =>
      executor()
        .services.reloads.prepare(spec)
        .then(
          () => null,
          (error: unknown) => toWireError(error),
        ),
    commitReload: (spec) => executor().services.reloads.commit(spec),
    fatal: () => new Promise((resolve) => executor().onFatal((error) => resolve(toWireError(error)))),
    shutdown: async () => {
      try {
        await built?.executor.close();
        await built?.uninstall();
      } finally {
        setImmediate(finish);
      }
    },
  };
}
