/**
 * The folder of a store, and everything that must be true before LMDB maps its files into this process:
 *
 *     <path>/store.json            whose it is: node, format, id; written last when a store is made
 *     <path>/owner.json            the process that has it open
 *     <path>/disk/data.mdb         what was promised to outlive a power cut
 *     <path>/process/data.mdb      what was promised to outlive the process
 *
 * LMDB takes a file of no bytes for an empty store and answers damage with a fault that ends the process. So the identity
 * says that there is something to be found, and a child process reads all of it before this one opens it.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fromWireError, SkepError, type WireError } from '#protocols/wire/error';
import { openLmdb } from './lmdb.js';
import { takeFolder } from './owner.js';
import { RecordStore } from './record-store.js';
import { durabilities, type Store } from './store.js';

/** Version of the layout; another one is refused. */
const FORMAT = 1;
/** A store is read once as a whole before it is opened; a disk that hangs may not hang the node for ever. */
const VERIFY_LIMIT_MS = 600_000;

const identitySchema = z.object({
  format: z.number(),
  node: z.string(),
  id: z.string(),
  /** `new`: it is being made, nothing was ever acknowledged. */
  state: z.enum(['new', 'ready']),
});
type Identity = z.infer<typeof identitySchema>;

/**
 * Opens the store of a node in a folder, and makes it when there is none.
 * @throws SkepError STORE_IN_USE, STORE_CORRUPT, OUTPUT_UNWRITABLE when the folder cannot be made.
 */
export function openFolder(path: string, node: string): Store {
  makeFolder(path);
  const release = takeFolder(path);
  try {
    const identity = readIdentity(path);
    if (identity === undefined || identity.state === 'new') create(path, node, identity !== undefined);
    else check(path, node, identity);
    return openEngines(path, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** The folder of an environment. */
export function environmentOf(path: string, durability: string): string {
  return join(path, durability);
}

function openEngines(path: string, release: () => void): Store {
  const disk = openLmdb(environmentOf(path, 'disk'), 'disk');
  const process = openLmdb(environmentOf(path, 'process'), 'process');
  const store = new RecordStore({ disk, process }, path);
  return {
    commit: (writes, durability) => store.commit(writes, durability),
    load: (key, durability) => store.load(key, durability),
    events: (key, from, durability) => store.events(key, from, durability),
    contents: () => store.contents(),
    close: () => store.close().finally(release),
  };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new SkepError('OUTPUT_UNWRITABLE', `the folder of the store, ${path}, cannot be made`, { path }, cause);
  }
}

/** Makes the environments, then says that they are there: whatever a death in between leaves is made anew. */
function create(path: string, node: string, again: boolean): void {
  const folders = durabilities.map((durability) => environmentOf(path, durability));
  const stray = folders.find((folder) => existsSync(folder));
  if (stray !== undefined && !again) throw damaged(path, `it holds ${stray} and no store.json that says whose it is`);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  const identity = { format: FORMAT, node, id: randomUUID() };
  writeIdentity(path, { ...identity, state: 'new' });
  for (const durability of durabilities) {
    const engine = openLmdb(environmentOf(path, durability), 'disk');
    engine.transact(() => {});
    void engine.close();
    flushFile(environmentOf(path, durability));
  }
  writeIdentity(path, { ...identity, state: 'ready' });
}

/** @throws SkepError unless the store is the node's own and all of it can be read. */
function check(path: string, node: string, identity: Identity): void {
  if (identity.format !== FORMAT)
    throw damaged(path, `it has format ${identity.format}, and this version of skep reads format ${FORMAT}`);
  if (identity.node !== node)
    throw damaged(
      path,
      `it belongs to node ${identity.node} and not to ${node}; start that node, or use another folder`,
    );
  for (const durability of durabilities) {
    const file = join(environmentOf(path, durability), 'data.mdb');
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size === 0) throw damaged(path, `${file} is missing or empty`);
  }
  verify(path);
}

/** Reads all of it in a process of its own, which may end over it. */
function verify(path: string): void {
  const program = fileURLToPath(new URL('./verify.js', import.meta.url));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, path], {
    encoding: 'utf8',
    timeout: VERIFY_LIMIT_MS,
    killSignal: 'SIGKILL',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (status === 0) return;
  const lines = stdout.trim().split('\n');
  const failure = parseJson(lines.at(-1) ?? '') as { readonly error?: WireError } | undefined;
  if (failure?.error !== undefined) throw fromWireError(failure.error);
  const where = environmentOf(path, lines.findLast((line) => line.startsWith('checking '))?.slice(9) ?? '');
  const how = signal ?? `exit code ${String(status)}`;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  throw damaged(where, `reading all of it ended a process by ${how}${said === '' ? '' : ` (${said.slice(0, 200)})`}`);
}

function readIdentity(path: string): Identity | undefined {
  const file = join(path, 'store.json');
  if (!existsSync(file)) return undefined;
  const parsed = identitySchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (!parsed.success) throw damaged(path, `${file} is not an identity file`);
  return parsed.data;
}

function writeIdentity(path: string, identity: Identity): void {
  const file = join(path, 'store.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(identity, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  flushFile(path);
}

/** Makes a folder's entries outlive a power cut. */
function flushFile(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function damaged(path: string, what: string): SkepError {
  const remedy = 'Move it away and restore it from a backup, or let the node begin with an empty folder';
  return new SkepError('STORE_CORRUPT', `the store ${path} is refused: ${what}. ${remedy}.`, { path });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
