/**
 * The long-running Piscina task that hosts an executor in a thread. Its control plane is a comlink object on a port of
 * its own; the task ends when the main thread asks for it, and the thread's death ends it with an error.
 */
import type { MessagePort } from 'node:worker_threads';
import { toWireError, type WireError } from '#protocols/wire/error';
import { buildExecutor, type BuiltExecutor, type ExecutorSpec } from './build.js';
import { expose } from './control.js';
import { linkExecutors } from './link.js';
import type { ExecutorReport } from './report.js';

/** What the main thread may ask of an executor in a thread. */
export interface ExecutorControl {
  /** Resolves once the executor is built; gives the error when it could not be. */
  ready(): Promise<WireError | null>;
  connect(peer: number, port: MessagePort): void;
  executorDown(executor: number): void;
  nodeDown(node: string, incarnation: string): void;
  report(): ExecutorReport;
  /** Resolves when an actor that the node cannot do without failed for good. */
  fatal(): Promise<WireError>;
  /** Stops the actors that are left, then ends the task. */
  shutdown(): Promise<void>;
}

/** What the task gets. */
export interface WorkerTask {
  readonly spec: ExecutorSpec;
  readonly control: MessagePort;
}

/** Hosts one executor until it is shut down. */
export default async function hostExecutor({ spec, control }: WorkerTask): Promise<void> {
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const building = buildExecutor(spec);
  // The failure is told through `ready`; without a handler here the thread would die before it could be asked.
  building.catch(() => {});
  const ports = new Map<number, MessagePort>();
  expose(control, controlOf(building, ports, finish));
  await finished;
  for (const port of ports.values()) port.close();
  control.close();
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
    executorDown: (id) => {
      // What the dead one sent last may still be in its port: it comes too late for those who are told now.
      ports.get(id)?.close();
      ports.delete(id);
      executor().executorDown(id);
    },
    nodeDown: (node, incarnation) => executor().nodeDown(node, incarnation),
    report: () => executor().report(),
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
