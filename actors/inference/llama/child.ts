/**
 * Main of the process, or of the thread, in which a model lives. It loads the native library first and says that it is
 * ready; a process at that point has no model yet and can be kept as a spare. It ends with its parent: when the channel
 * breaks there is nobody to answer, so it removes its files and goes, at once and without the native library's own
 * farewell, which aborts while something is being computed.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { toWireError, unreachable } from '#protocols/wire/error';
import { Engine } from './engine/engine.js';
import { Outbox } from './engine/outbox.js';
import { makeFolder, removeFolder } from './folder.js';
import { loadNative, type Native } from './llama.js';
import { aliveMs, type FromChild, type LoadSpec, type ToChild } from './protocol.js';

/** The way to the parent. */
interface Link {
  send(message: FromChild): void;
  onMessage(listener: (message: ToChild) => void): void;
  onBroken(listener: () => void): void;
  /** Ends this process or thread, which is at rest. */
  end(): void;
}

function processLink(): Link {
  return {
    send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
    onMessage: (listener) => void process.on('message', (message) => listener(message as ToChild)),
    onBroken: (listener) => void process.on('disconnect', listener),
    // What the native library does at an orderly exit is not needed, and it has aborted there.
    end: () => process.kill(process.pid, 'SIGKILL'),
  };
}

function threadLink(): Link {
  const port = parentPort;
  if (port === null) throw new Error('a thread without a parent');
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onBroken: (listener) => void port.on('close', listener),
    end: () => port.close(),
  };
}

/** Serves one parent, and one model at most. */
class Child {
  readonly #link: Link;
  readonly #folder: string;
  readonly #native: Native;
  readonly #outbox: Outbox;
  #engine: Engine | undefined;

  constructor(link: Link, native: Native, folder: string) {
    this.#link = link;
    this.#native = native;
    this.#folder = folder;
    this.#outbox = new Outbox((items) => link.send({ type: 'items', items }));
    setInterval(() => link.send({ type: 'alive', stalledMs: this.#engine?.stalledMs ?? 0 }), aliveMs).unref();
  }

  receive(message: ToChild): void {
    switch (message.type) {
      case 'load':
        void this.#load(message.spec);
        return;
      case 'ask':
        this.#engine?.ask(message.id, message.work, message.credit);
        return;
      case 'embed':
      case 'tokenize':
      case 'count':
      case 'counters':
        this.#engine?.request(message);
        return;
      case 'credit':
        this.#engine?.credit(message.id, message.tokens);
        return;
      case 'cancel':
        this.#engine?.cancel(message.id);
        return;
      case 'close':
        void this.#close();
        return;
      default:
        unreachable(message);
    }
  }

  async #load(spec: LoadSpec): Promise<void> {
    try {
      this.#engine = await Engine.load(this.#native, spec, { outbox: this.#outbox, folder: this.#folder });
      this.#link.send({ type: 'loaded', loaded: this.#engine.loaded });
    } catch (error) {
      this.#link.send({ type: 'loadFailed', error: toWireError(error) });
    }
  }

  /** A process gives everything back by ending; only a thread has to see to it. */
  async #close(): Promise<void> {
    if (!isMainThread) {
      await this.#engine?.close();
      await this.#native.dispose();
    }
    removeFolder(this.#folder);
    this.#link.end();
  }
}

async function main(link: Link): Promise<void> {
  const folder = makeFolder();
  link.onBroken(() => {
    removeFolder(folder);
    link.end();
  });
  try {
    const native = await loadNative({ useGpu: usesGpu() });
    const child = new Child(link, native, folder);
    link.onMessage((message) => child.receive(message));
    link.send({ type: 'ready', folder, gpu: native.gpu });
  } catch (error) {
    removeFolder(folder);
    link.send({ type: 'unavailable', error: toWireError(error, 'MODEL_UNAVAILABLE') });
  }
}

function usesGpu(): boolean {
  return isMainThread ? process.argv[2] === 'gpu' : workerData === 'gpu';
}

await main(isMainThread ? processLink() : threadLink());
