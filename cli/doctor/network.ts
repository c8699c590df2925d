/** Checks of what nodes meet over: the nats-server program, a server that really starts, the configured url, a cluster. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '#config';
import { connectServices } from '#cluster/transport/connect';
import { findNatsServer } from '#cluster/transport/nats-program';
import type { NatsOptions } from '#cluster/transport/nats-options';
import { startNatsServer } from '#cluster/transport/nats-server';
import { SkepError } from '#protocols/wire/error';
import { connectOptions } from '../launch/node-options.js';
import { clusterFolder, findRun, readRun, runFileIn } from '../launch/run-file.js';
import { readAnswer, statusAnswer } from '../remote/answers.js';
import { withCluster } from '../remote/session.js';
import { type Check, ok, type Verdict, warn } from './check.js';
import { compareVersions } from './versions.js';

const run = promisify(execFile);

/** Servers before this have known holes that a client can use; on the loopback interface clients are our own. */
const LEAST_SERVER = '2.9.23';

/** The checks, given the configuration. */
export function networkChecks(config: Config): readonly Check[] {
  return [
    { name: 'nats-server', look: () => lookForServer(config) },
    { name: 'own server', look: () => startAndAsk(config) },
    { name: 'nats url', look: () => reach(config) },
    { name: 'cluster', look: () => askCluster(config) },
  ];
}

async function lookForServer(config: Config): Promise<Verdict> {
  const program = await findNatsServer(config.nats.serverPath);
  const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
  return serverVerdict(stdout.trim().replace(/^nats-server: v?/, ''), program, config.nats.url);
}

/** Judges a version of nats-server by where its clients are. */
export function serverVerdict(version: string, program: string, url: string | undefined): Verdict {
  const found = `${version} (${program})`;
  if (compareVersions(version, LEAST_SERVER) >= 0) return ok(found);
  if (url === undefined || isLoopback(url))
    return ok(`${found}; below ${LEAST_SERVER}, so for the loopback interface only`);
  return warn(
    `${found} is older than ${LEAST_SERVER}, and nats.url is not on the loopback interface`,
    `Use nats-server ${LEAST_SERVER} or later where other machines connect.`,
  );
}

function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

async function startAndAsk(config: Config): Promise<Verdict> {
  const server = await startNatsServer(config.nats.serverPath === undefined ? {} : { program: config.nats.serverPath });
  try {
    await ping({ urls: [server.url] });
    return ok('started, answered and stopped');
  } finally {
    await server.stop();
  }
}

/** A round trip to a server. */
async function ping(nats: NatsOptions): Promise<void> {
  const client = await connectServices({ ...nats, name: 'skep doctor' });
  try {
    await client.flush();
  } finally {
    await client.close();
  }
}

async function reach(config: Config): Promise<Verdict> {
  if (config.nats.url === undefined) return ok('none is set; `skep up` starts a server of its own');
  await ping(connectOptions(config));
  return ok('the server answers');
}

async function askCluster(config: Config): Promise<Verdict> {
  const path = runFileIn(clusterFolder(config));
  const record = await findRun(path);
  if (record === undefined && (await readRun(path)) !== undefined) {
    return warn(
      `${path} was left by a process that has ended`,
      'Remove it with `skep down`; `skep up` does so by itself.',
    );
  }
  if (record?.status === 'starting') return ok(`cluster ${config.cluster.name} is being started`);
  if (record === undefined && config.nats.url === undefined) return ok(`no cluster ${config.cluster.name} runs here`);
  try {
    const status = readAnswer(
      statusAnswer,
      await withCluster(config, new AbortController().signal, (ask) => ask('status', {})),
    );
    return ok(`cluster ${status.cluster} answers with ${status.nodes.length} node(s)`);
  } catch (error) {
    // On a server of somebody else's there need not be a cluster; one that was started here must answer.
    if (record === undefined && error instanceof SkepError && error.code === 'NO_CLUSTER')
      return ok(`no cluster ${config.cluster.name} on that server`);
    throw error;
  }
}
