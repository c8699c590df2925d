/**
 * One node as a child process: started with its settings in the environment (a url may hold a password, and arguments
 * are public), its output in a log file, and a private channel that both sides watch.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromWireError, SkepError, type WireError } from '#protocols/wire/error';
import { readFromNode, STOP } from './managed.js';

/** How a node process is started. */
export interface NodeProcessOptions {
  readonly cluster: string;
  readonly name: string;
  readonly natsUrl: string;
  readonly executors: number;
  readonly logLevel: string;
  /** Folder for its log. */
  readonly logDir: string;
  /** Files with definitions of the user. */
  readonly modules: readonly string[];
  /** Further settings, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Time until it must be ready, in milliseconds. */
  readonly startMs: number;
  /** Gives the start up. */
  readonly signal: AbortSignal;
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A node in a process of its own. */
export interface NodeProcess {
  readonly name: string;
  readonly pid: number;
  readonly executors: number;
  readonly logFile: string;
  readonly exited: Promise<ProcessExit>;
  /** Stops in order; after `graceMs` it is killed. Resolves when the process is gone. */
  stop(graceMs: number): Promise<ProcessExit>;
}

const program = fileURLToPath(new URL('../main.js', import.meta.url));

/** Starts a node and resolves once it takes part in its cluster. @throws SkepError NODE_START_FAILED, or what the node said. */
export async function startNodeProcess(options: NodeProcessOptions): Promise<NodeProcess> {
  const logFile = join(options.logDir, `${options.name}.log`);
  const child = launch(options, logFile);
  const exited = exitOf(child);
  const stop = stopper(child, exited);
  try {
    const ready = await readiness(child, exited, options, logFile);
    return { name: options.name, pid: ready.pid, executors: ready.executors, logFile, exited, stop };
  } catch (error) {
    await stop(1_000);
    throw error;
  }
}

function launch(options: NodeProcessOptions, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  const args = ['node', 'start', ...options.modules.flatMap((path) => ['--module', path])];
  try {
    return spawn(process.execPath, [program, ...args], {
      // A group of its own: Ctrl-C in the terminal reaches the parent only, which then stops its nodes in order.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: {
        ...process.env,
        ...options.env,
        SKEP_CLUSTER_NAME: options.cluster,
        SKEP_NODE_NAME: options.name,
        SKEP_NATS_URL: options.natsUrl,
        SKEP_NODE_EXECUTORS: String(options.executors),
        SKEP_LOG_LEVEL: options.logLevel,
        SKEP_LOG_FORMAT: 'json',
      },
    });
  } finally {
    closeSync(log);
  }
}

/** A process that could not be made has no exit; it counts as ended all the same, or stopping it would never end. */
function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
}

function readiness(child: ChildProcess, exited: Promise<ProcessExit>, options: NodeProcessOptions, logFile: string) {
  return new Promise<{ readonly pid: number; readonly executors: number }>((resolve, reject) => {
    const { name, startMs, signal } = options;
    const fail = (text: string): void =>
      reject(new SkepError('NODE_START_FAILED', `node ${name} ${text}; see ${logFile}`, { node: name, logFile }));
    const cancel = (): void =>
      reject(new SkepError('JOB_CANCELLED', `interrupted while node ${name} started`, { node: name }));
    const timer = setTimeout(() => fail(`was not ready within ${startMs} ms`), startMs);
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.on('message', (raw) => {
      const message = readFromNode(raw);
      if (message === undefined) return;
      settled();
      if (message.type === 'ready') resolve(message);
      else reject(ofNode(message.error, name));
    });
    void exited.then((exit) => {
      settled();
      fail(`ended before it was ready (${exitText(exit)})`);
    });
  });
}

/** What a node said of its failure, with its name, because several nodes start at once. */
function ofNode(error: WireError, name: string): SkepError {
  const { code, message, facts } = fromWireError(error);
  return new SkepError(code, `node ${name}: ${message}`, { ...facts, node: name });
}

/** How a process ended, in words. */
export function exitText({ code, signal }: ProcessExit): string {
  return signal ?? `exit code ${code}`;
}

function stopper(child: ChildProcess, exited: Promise<ProcessExit>): NodeProcess['stop'] {
  return async (graceMs) => {
    if (child.connected) child.send(STOP);
    else child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
}
