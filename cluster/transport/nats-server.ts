/**
 * A nats-server of our own, as a child that cannot outlive us. Between us and the server stands a few lines of shell:
 *
 *     this process --pipe--> sh --starts--> nats-server
 *                             \--> watcher: reads the pipe to its end, then ends the server
 *
 * The pipe closes whenever this process ends, `kill -9` included, and it is open before the server starts, so there is
 * no moment at which the server could be left behind. The three form a session of their own: Ctrl-C in the terminal
 * reaches our process only, which lets the nodes drain before it stops the server.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkepError } from '#protocols/wire/error';
import { findNatsServer, missing } from './nats-program.js';
import { probeNats } from './probe.js';

/** Options of {@link startNatsServer}. */
export interface NatsServerOptions {
  /** Path of the program; default: `SKEP_NATS_SERVER`, then `nats-server` on the path. */
  readonly program?: string;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default: a free one, chosen by the server itself. */
  readonly port?: number;
  /** What clients must show; default: nothing, any local program may connect. */
  readonly auth?: { readonly token: string } | { readonly user: string; readonly password: string };
  /** Existing folder that keeps the server's log, `nats-server.log`; default: the log goes with the server. */
  readonly storeDir?: string;
  /** Where the server's log goes, when `storeDir` does not say. */
  readonly logFile?: string;
}

/** How the server ended. */
interface NatsServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running server. */
export interface NatsServer {
  /** Without credentials. */
  readonly url: string;
  readonly port: number;
  /** Of the server itself. */
  readonly pid: number;
  /** Resolves when the server has ended, whoever ended it. Waiting for it does not keep this process alive. */
  readonly exited: Promise<NatsServerExit>;
  /** Ends the server: asks it to, and kills it after 3 s. Resolves when it is gone. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 15_000;
const POLL_MS = 20;
/** What shells answer for a program that is not there, that cannot run, and that a signal ended. */
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_SIGNAL = 128;

/**
 * $1 folder, $2 log, $3.. the server and its arguments; the pipe is descriptor 3, because Node closes stdin by itself.
 * When the server ends by itself the shell ends with its exit code; the watcher ends, and clears the folder, when the
 * pipe does, and knows by the file `ended` that the number of the process is not the server's any more.
 */
const SUPERVISOR = `
folder=$1; log=$2; shift 2
"$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
(
  trap '' INT HUP TERM
  cat <&3 >/dev/null
  [ -e "$folder/ended" ] || kill -TERM $server
  tries=0
  while [ ! -e "$folder/ended" ] && kill -0 $server; do
    tries=$((tries + 1))
    [ $tries -le 30 ] || kill -KILL $server
    sleep 0.1
  done
  rm -rf "$folder"
) >/dev/null 2>&1 &
exec 3<&-
echo $server
trap '' INT HUP
wait $server
code=$?
: >"$folder/ended"
exit $code
`;

/**
 * Starts a server and waits until it answers.
 * @throws SkepError `NATS_SERVER_MISSING`, `PORT_IN_USE`, or `TRANSPORT_FAILED` with the end of the server's log.
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = await findNatsServer(options.program);
  const host = options.host ?? '127.0.0.1';
  const folder = await mkdtemp(join(tmpdir(), 'skep-nats-'));
  const log = options.logFile ?? join(options.storeDir ?? folder, 'nats-server.log');
  const config = join(folder, 'server.conf');
  await writeFile(config, configText(host, options, folder), { mode: 0o600 });
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', folder, log, program, '-c', config], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const exited = exitOf(child);
  try {
    const pid = await pidOf(child, program);
    const port = await readyPort({ program, host, port: options.port, folder, log, exited });
    // A server that ends by itself leaves the watcher waiting for us.
    void exited.then(() => lifelineOf(child)?.destroy());
    return { url: `nats://${host}:${port}`, port, pid, exited, stop: () => stop(child, exited, folder) };
  } catch (thrown) {
    await stop(child, exited, folder);
    throw thrown;
  } finally {
    release(child);
  }
}

function configText(host: string, options: NatsServerOptions, folder: string): string {
  return [
    `listen: ${JSON.stringify(`${host}:${options.port ?? -1}`)}`,
    `ports_file_dir: ${JSON.stringify(folder)}`,
    // Clients of the spawn API may send more than a frame.
    'max_payload: 1MB',
    'max_pending: 64MB',
    // A client that takes nothing for this long while bulk waits for it is cut; its control lane is another connection.
    'write_deadline: "1s"',
    // An event loop may be busy for seconds without being dead, so the server's own pings are more patient than ours.
    'ping_interval: "2s"',
    'ping_max: 3',
    ...authLines(options.auth),
    '',
  ].join('\n');
}

function authLines(auth: NatsServerOptions['auth']): readonly string[] {
  if (auth === undefined) return [];
  if ('token' in auth) return [`authorization { token: ${JSON.stringify(auth.token)} }`];
  return [`authorization { user: ${JSON.stringify(auth.user)}, password: ${JSON.stringify(auth.password)} }`];
}

function exitOf(child: ChildProcess): Promise<NatsServerExit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: EXIT_NOT_FOUND, signal: null }));
    child.once('exit', (code, signal) => {
      resolve(
        code !== null && code > EXIT_SIGNAL ? { code: null, signal: signalOf(code - EXIT_SIGNAL) } : { code, signal },
      );
    });
  });
}

function signalOf(number: number): NodeJS.Signals | null {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number && isSignal(name)) return name;
  return null;
}

function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}

/** The first line that the shell writes. */
async function pidOf(child: ChildProcess, program: string): Promise<number> {
  if (child.stdout === null) throw new Error('the supervisor has no output');
  for await (const line of createInterface({ input: child.stdout })) return Number(line);
  throw missing(program, 'cannot be started');
}

interface Starting {
  readonly program: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly folder: string;
  readonly log: string;
  readonly exited: Promise<NatsServerExit>;
}

/** The port, once the server itself says that it listens there and greets. */
async function readyPort(starting: Starting): Promise<number> {
  let ended: NatsServerExit | undefined;
  void starting.exited.then((exit) => (ended = exit));
  for (const deadlineMs = performance.now() + START_LIMIT_MS; performance.now() < deadlineMs; await sleep(POLL_MS)) {
    if (ended !== undefined) throw await startError(starting, ended);
    const port = await writtenPort(starting.folder);
    if (port === undefined) continue;
    const answers = await probeNats(starting.host, port, START_LIMIT_MS).then(
      () => true,
      () => false,
    );
    if (answers) return port;
  }
  throw await startError(starting, undefined);
}

/** What the server wrote into its file of ports; undefined while it has not. */
async function writtenPort(folder: string): Promise<number | undefined> {
  const files = await readdir(folder).catch(() => []);
  const file = files.find((name) => name.endsWith('.ports'));
  if (file === undefined) return undefined;
  const match = /"nats:\/\/[^"]*:(\d+)"/.exec(await readFile(join(folder, file), 'utf8'));
  return match === null ? undefined : Number(match[1]);
}

async function startError(starting: Starting, exit: NatsServerExit | undefined): Promise<SkepError> {
  if (exit?.code === EXIT_NOT_FOUND || exit?.code === EXIT_NOT_EXECUTABLE)
    return missing(starting.program, 'cannot be started');
  const log = await readFile(starting.log, 'utf8').catch(() => '');
  const { host, port } = starting;
  if (port !== undefined && /address already in use/.test(log)) {
    return new SkepError('PORT_IN_USE', `nats-server cannot listen on ${host}:${port}: another program does`, {
      host,
      port,
    });
  }
  const last = log.trimEnd().split('\n').slice(-3).join(' | ');
  const how = exit === undefined ? 'did not answer in time' : 'ended before it answered';
  return new SkepError('TRANSPORT_FAILED', `nats-server ${how}: ${last === '' ? 'it wrote no log' : last}`, {
    program: starting.program,
  });
}

/** Our end of the pipe. */
function lifelineOf(child: ChildProcess): Socket | undefined {
  const pipe = child.stdio[3];
  return pipe instanceof Socket ? pipe : undefined;
}

/** From here on neither the child nor its pipes keep this process alive: the pipe's end is what stops the server. */
function release(child: ChildProcess): void {
  child.stdout?.destroy();
  lifelineOf(child)?.unref();
  child.unref();
}

async function stop(child: ChildProcess, exited: Promise<NatsServerExit>, folder: string): Promise<void> {
  child.ref();
  lifelineOf(child)?.destroy();
  await exited;
  await rm(folder, { recursive: true, force: true });
}
