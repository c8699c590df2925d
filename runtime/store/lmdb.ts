/**
 * LMDB as an engine: the one file that knows it. Every transaction is synchronous, on the thread that owns the
 * environment; `worker.terminate()` inside one would hold the writer's lock for ever, so that thread is never terminated.
 *
 * `overlappingSync` is off: with it a commit is visible before it is flushed, and after a failed flush what was refused
 * stays readable. Without it a commit flushes its pages, then writes the page that makes them count, through a
 * descriptor that is synchronous; only then does it return.
 */
import { open, type RootDatabase, TransactionFlags } from 'lmdb';
import type { Engine, EngineWrite } from './engine.js';
import type { Durability } from './store.js';

/** Aborts when the work throws, and is committed and flushed before it returns. */
const FLUSHED: TransactionFlags = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT;
/** The same, but left to the operating system to flush. */
const UNFLUSHED: TransactionFlags = FLUSHED | TransactionFlags.NO_SYNC_FLUSH;

/**
 * Opens an environment in a folder, which is made when it is missing. Damage may end the process: see `verify.ts`, which
 * opens it to `read` alone, so that looking at what is damaged changes nothing of it.
 */
export function openLmdb(folder: string, durability: Durability, access: 'read' | 'write' = 'write'): Engine {
  const database: RootDatabase<Buffer, Buffer> = open({
    path: folder,
    overlappingSync: false,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    cache: false,
    readOnly: access === 'read',
  });
  const flags = durability === 'disk' ? FLUSHED : UNFLUSHED;
  const write: EngineWrite = {
    put: (key, value) => database.putSync(bufferOf(key), bufferOf(value)),
    remove: (key) => void database.removeSync(bufferOf(key)),
  };
  return {
    get: (key) => database.getBinary(bufferOf(key)),
    range: (start, end) => database.getRange({ start: bufferOf(start), end: bufferOf(end) }),
    transact: (work) => database.transactionSync(() => work(write), flags),
    close: () => database.close(),
  };
}

/** The same bytes as the class that LMDB asks for. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
