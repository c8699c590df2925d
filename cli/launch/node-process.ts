/**
 * One node as a child process: started with its settings in the environment (a url may hold a password, and arguments
 * are public), its output in a log file, and a private channel that both sides watch.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromWireError, SkepError } from '#protocols/wire/error';
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
  const exited = new Promise<ProcessExit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
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

function readiness(child: ChildProcess, exited: Promise<ProcessExit>, options: NodeProcessOptions, logFile: string) {
  return new Promise<{ readonly pid: number; readonly executors: number }>((resolve, reject) => {
    const fail = (text: string): void => reject(new SkepError('NODE_START_FAILED', `node ${options.name} ${text}; see ${logFile}`, { node: options.name, logFile }));
    const timer = setTimeout(() => fail(`was not ready within ${options.startMs} ms`), options.startMs);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.on('message', (raw) => {
      const message = readFromNode(raw);
      if (message === undefined) return;
      clearTimeout(timer);
      if (message.type === 'ready') resolve(message);
      else reject(fromWireError(message.error));
    });
    void exited.then(({ code, signal }) => {
      clearTimeout(timer);
      fail(`ended before it was ready (${signal ?? `exit code ${code}`})`);
    });
  });
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
