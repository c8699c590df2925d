/**
 * The run file of a cluster, `<dataDir>/<cluster>/run.json`: who runs it and where it is reached, so that other commands
 * find it. It is there from before the first node starts, which makes it the lock against a second `skep up` too. A file
 * whose process is gone is stale and counts as none. Readers never see half a file: it is linked or renamed into place.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from '#config';
import { SkepError } from '#protocols/wire/error';
import { ensurePrivateFolder } from './private-folder.js';
import { isAlive, processIdentitySchema } from './process-identity.js';

const runSchema = z.object({
  cluster: z.string(),
  /** `starting` until every node is ready. */
  status: z.enum(['starting', 'ready']),
  /** The `skep up` process. */
  up: processIdentitySchema,
  /** May hold a password. Null while starting. */
  url: z.string().nullable(),
  /** The server of ours; null when it is somebody else's. */
  server: processIdentitySchema.nullable(),
  nodes: z.array(processIdentitySchema.extend({ name: z.string(), executors: z.number(), logFile: z.string() })),
});

/** What a run file says. */
export type RunRecord = Readonly<z.infer<typeof runSchema>>;

/** Folder of a cluster's logs and run file. */
export function clusterFolder(config: Config): string {
  return join(resolve(config.node.dataDir), config.cluster.name);
}

/** Path of the run file in a cluster's folder. */
export function runFileIn(folder: string): string {
  return join(folder, 'run.json');
}

/** What the file says; undefined when there is none, or none that can be read. */
export async function readRun(path: string): Promise<RunRecord | undefined> {
  try {
    return runSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** What the file says, if the cluster it tells of runs. */
export async function findRun(path: string): Promise<RunRecord | undefined> {
  const record = await readRun(path);
  return record !== undefined && isAlive(record.up) ? record : undefined;
}

const CLAIM_TRIES = 5;

/** Writes the file where no living cluster has one. @throws SkepError CLUSTER_RUNNING, or OUTPUT_UNWRITABLE. */
export async function claimRun(path: string, record: RunRecord): Promise<void> {
  await ensurePrivateFolder(dirname(path)).catch((cause: unknown) => {
    throw unwritable(dirname(path), cause);
  });
  for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
    if (await linkNew(path, record)) return;
    const present = await findRun(path);
    if (present !== undefined) throw alreadyRunning(present);
    await takeAway(path);
  }
  throw new SkepError('CLUSTER_RUNNING', `others start cluster ${record.cluster} at the same time`, {
    cluster: record.cluster,
  });
}

/** Replaces the file of a cluster that was claimed. */
export async function updateRun(path: string, record: RunRecord): Promise<void> {
  const temporary = await writeBeside(path, record);
  await rename(temporary, path);
}

/** Removes the file, unless it tells of another process than `upPid`. */
export async function removeRun(path: string, upPid: number): Promise<void> {
  const present = await readRun(path);
  if (present === undefined || present.up.pid === upPid) await rm(path, { force: true });
}

async function linkNew(path: string, record: RunRecord): Promise<boolean> {
  const temporary = await writeBeside(path, record);
  try {
    await link(temporary, path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw unwritable(path, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes a stale file; one that somebody else put there in the meantime is put back. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return;
    throw unwritable(path, cause);
  }
  if ((await findRun(aside)) !== undefined) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function writeBeside(path: string, record: RunRecord): Promise<string> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
    return temporary;
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function alreadyRunning({ cluster, up, nodes, status }: RunRecord): SkepError {
  const state = status === 'starting' ? 'is being started' : `already runs with ${nodes.length} node(s)`;
  return new SkepError('CLUSTER_RUNNING', `cluster ${cluster} ${state} (process ${up.pid})`, { cluster, pid: up.pid });
}

function unwritable(path: string, cause: unknown): SkepError {
  const reason = codeOf(cause);
  return new SkepError(
    'OUTPUT_UNWRITABLE',
    `${path} cannot be written (${reason}); node.dataDir names its folder`,
    { path, reason },
    cause,
  );
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
