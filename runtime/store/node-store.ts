/**
 * The store of a node as its system sees it: open it, give each executor a port to it, close it. A store in a folder has
 * a thread of its own; a store in memory is served on the thread of the system.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { resolve as resolvePath } from 'node:path';
import { fromWireError, SkepError } from '#protocols/wire/error';
import { systemClock } from '../clock/clock.js';
import { within } from '../clock/within.js';
import type { StoreSettings } from './client.js';
import type { MemoryStore } from './memory.js';
import { StoreService } from './service.js';
import { durabilities, type Durability } from './store.js';
import type { StoreNews, StoreOrder, StoreThreadData } from './thread.js';

/** Where a node keeps what its actors persist. */
export interface StoreOptions {
  /** Folder; made when it is missing. One node at a time, and always the same one. */
  readonly path: string;
  /**
   * When a write counts as written, for definitions that say nothing themselves: `disk` (default), flushed to the device
   * and safe from a power cut; `process`, safe from `kill -9` and not from a power cut.
   */
  readonly sync?: Durability;
  /** Milliseconds that the store may take for one request. Default 10,000. */
  readonly timeoutMs?: number;
}

/** An open store. */
export interface NodeStore {
  readonly settings: StoreSettings;
  /** A port to the store for one executor. */
  connect(): MessagePort;
  /** Finishes what has arrived, flushes and closes. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Milliseconds that the last flush may take before the node ends without it. */
const CLOSE_MS = 30_000;

/**
 * Opens the store of a node. `onFailed` hears once that it answers nothing any more.
 * @throws SkepError BAD_CONFIG, STORE_IN_USE, STORE_CORRUPT.
 */
export async function openNodeStore(
  options: StoreOptions | MemoryStore,
  node: string | undefined,
  onFailed: (error: SkepError) => void,
): Promise<NodeStore> {
  if ('kind' in options) return openInline(options, onFailed);
  const { path, sync = 'disk', timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (typeof path !== 'string' || path === '') throw badOption('path', path, 'the path of a folder');
  if (!durabilities.includes(sync)) throw badOption('sync', sync, '"disk" or "process"');
  if (!(timeoutMs > 0)) throw badOption('timeoutMs', timeoutMs, 'a number of milliseconds above 0');
  if (node === undefined) {
    const text = 'store: a node with a store needs a name that it keeps: set node beside store';
    throw new SkepError('BAD_CONFIG', text, { field: 'node' });
  }
  return openThread({ path: resolvePath(path), node }, { sync, timeoutMs }, onFailed);
}

function openInline(memory: MemoryStore, onFailed: (error: SkepError) => void): NodeStore {
  const service = new StoreService(memory.open(), onFailed);
  return {
    settings: { sync: memory.sync, timeoutMs: DEFAULT_TIMEOUT_MS },
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      service.connect(port1);
      return port2;
    },
    close: () => service.close(),
  };
}

async function openThread(
  data: StoreThreadData,
  settings: StoreSettings,
  onFailed: (error: SkepError) => void,
): Promise<NodeStore> {
  const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: data });
  let closing = false;
  const ended = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
  worker.on('error', (cause) => {
    onFailed(
      new SkepError('STORE_FAILED', `the thread of the store ${data.path} ended: ${cause.message}`, { ...data }, cause),
    );
  });
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (news: StoreNews) => {
      if (news.type === 'ready') resolve();
      else if (news.type === 'refused') {
        closing = true;
        reject(fromWireError(news.error));
      } else onFailed(fromWireError(news.error));
    });
    worker.once('exit', () => {
      reject(
        new SkepError('STORE_FAILED', `the thread of the store ${data.path} ended before it was open`, { ...data }),
      );
      if (!closing) onFailed(new SkepError('STORE_FAILED', `the thread of the store ${data.path} ended`, { ...data }));
    });
  });
  const order = (what: StoreOrder, transfer: readonly MessagePort[] = []): void => worker.postMessage(what, transfer);
  return {
    settings,
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      order({ type: 'connect', port: port1 }, [port1]);
      return port2;
    },
    close: async () => {
      closing = true;
      order({ type: 'close' });
      // It is not terminated, whatever happens: see `thread.ts`.
      // It runs on the machine's time, whatever clock the actors have.
      if (!(await within(systemClock, CLOSE_MS, ended))) worker.unref();
    },
  };
}

function badOption(field: string, value: unknown, expected: string): SkepError {
  return new SkepError('BAD_CONFIG', `store.${field} is ${JSON.stringify(value)}: expected ${expected}`, { field });
}
