/**
 * The thread of a node's store. It is never terminated: a thread that ends inside a transaction of LMDB keeps the lock
 * of its writers for ever. It ends by itself when it is told to close and has nothing left to do.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { toWireError, unreachable, type WireError } from '#protocols/wire/error';
import { openFolder } from './folder.js';
import { StoreService } from './service.js';

/** What the thread is started with. */
export interface StoreThreadData {
  readonly path: string;
  readonly node: string;
}

/** What the main thread tells it. */
export type StoreOrder = { readonly type: 'connect'; readonly port: MessagePort } | { readonly type: 'close' };

/** What it tells the main thread. */
export type StoreNews =
  | { readonly type: 'ready' }
  /** The folder could not be opened. */
  | { readonly type: 'refused'; readonly error: WireError }
  /** A write failed: the store answers nothing any more. */
  | { readonly type: 'failed'; readonly error: WireError };

function serve({ path, node }: StoreThreadData, main: MessagePort): void {
  const tell = (news: StoreNews): void => main.postMessage(news);
  let service: StoreService;
  try {
    service = new StoreService(openFolder(path, node), (error) => tell({ type: 'failed', error: toWireError(error) }));
  } catch (error) {
    tell({ type: 'refused', error: toWireError(error) });
    return;
  }
  main.on('message', (order: StoreOrder) => {
    switch (order.type) {
      case 'connect':
        service.connect(order.port);
        return;
      case 'close':
        void service.close().finally(() => main.close());
        return;
      default:
        unreachable(order);
    }
  });
  tell({ type: 'ready' });
}

if (parentPort !== null) serve(workerData as StoreThreadData, parentPort);
