/**
 * One life of a model: a child that has loaded it, and the requests that it has. When the child ends, however it does,
 * each of them ends with it by a typed error, and none waits for an answer that cannot come.
 */
import { fromWireError, SkepError, unreachable } from '#protocols/wire/error';
import type { Work, WorkEvent } from '../backend.js';
import { Parts } from './parts.js';
import { type Child, type Exit, tell } from './process.js';
import { type FromChild, type Item, type Loaded, type LoadSpec, type Reply, type ToChild, window } from './protocol.js';

/** Tokens after which a model counts as one that works. */
export const provenTokens = 16;

type Request = Extract<ToChild, { readonly type: 'embed' | 'tokenize' | 'count' | 'counters' }>;
/** A request without its number. */
export type Asked = Request extends infer One ? (One extends Request ? Omit<One, 'id'> : never) : never;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A loaded model in a child. */
export class Session {
  readonly #child: Child;
  readonly #answers = new Map<number, Parts>();
  readonly #replies = new Map<number, Waiting>();
  readonly #onProven: () => void;
  readonly ended: Promise<Exit>;
  #load: { readonly resolve: (loaded: Loaded) => void; readonly reject: (error: Error) => void } | undefined;
  #ids = 0;
  #tokens = 0;
  #closing = false;

  private constructor(child: Child, onProven: () => void) {
    this.#child = child;
    this.#onProven = onProven;
    this.ended = child.exited.then((exit) => {
      this.#failAll(new SkepError('MODEL_FAILED', `the process of the model ended: ${tell(exit)}`, { how: exit.how }));
      return exit;
    });
    child.onMessage((message) => this.#receive(message));
  }

  /**
   * Loads a model into a child.
   * @throws SkepError MODEL_FILE_BAD when llama.cpp says so, MODEL_FAILED when it ended the child.
   */
  static async load(
    child: Child,
    spec: LoadSpec,
    onProven: () => void,
  ): Promise<{ readonly session: Session; readonly loaded: Loaded }> {
    const session = new Session(child, onProven);
    const loading = new Promise<Loaded>((resolve, reject) => {
      session.#load = { resolve, reject };
    });
    child.send({ type: 'load', spec });
    try {
      return { session, loaded: await loading };
    } catch (error) {
      child.kill('could not load its model');
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it has answered enough for its file to be trusted. */
  get isProven(): boolean {
    return this.#tokens >= provenTokens;
  }

  /** Computes an answer; see `ModelBackend.generate`. */
  answer({ timeLeftMs, ...work }: Work, signal: AbortSignal): AsyncIterable<WorkEvent> {
    this.#ids += 1;
    const id = this.#ids;
    const late = setTimeout(
      () => parts.fail(new SkepError('CALL_TIMEOUT', 'the time of the request ran out', { timeLeftMs })),
      Math.min(timeLeftMs, 2 ** 31 - 1),
    );
    const abort = (): void => parts.fail(cancelled());
    const parts = new Parts(
      (tokens) => this.#child.send({ type: 'credit', id, tokens }),
      (isComplete) => {
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
        this.#answers.delete(id);
        if (!isComplete) this.#child.send({ type: 'cancel', id });
      },
    );
    this.#answers.set(id, parts);
    signal.addEventListener('abort', abort, { once: true });
    if (this.#child.hasEnded) parts.fail(new SkepError('MODEL_FAILED', 'the process of the model has ended'));
    else if (signal.aborted) abort();
    else this.#child.send({ type: 'ask', id, work, credit: window });
    return parts;
  }

  /** Asks anything else. @throws SkepError MODEL_FAILED, CALL_CANCELLED, or what the child answers. */
  async request(asked: Asked, signal?: AbortSignal): Promise<Reply> {
    if (signal?.aborted === true) throw cancelled();
    if (this.#child.hasEnded) throw new SkepError('MODEL_FAILED', 'the process of the model has ended');
    this.#ids += 1;
    const id = this.#ids;
    const reply = new Promise<Reply>((resolve, reject) => this.#replies.set(id, { resolve, reject }));
    const abort = (): void => {
      this.#child.send({ type: 'cancel', id });
      this.#replies.get(id)?.reject(cancelled());
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#child.send({ ...asked, id });
    try {
      return await reply;
    } finally {
      this.#replies.delete(id);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends it: what runs is cancelled, and the child has `graceMs` to go by itself. */
  async close(graceMs = 5_000): Promise<void> {
    if (this.#closing) return void (await this.ended);
    this.#closing = true;
    this.#failAll(cancelled());
    this.#child.send({ type: 'close' });
    const timer = setTimeout(() => this.#child.kill('did not end when it was asked to'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  #receive(message: FromChild): void {
    switch (message.type) {
      case 'loaded':
        this.#load?.resolve(message.loaded);
        return;
      case 'loadFailed':
        this.#load?.reject(fromWireError(message.error));
        return;
      case 'items':
        for (const item of message.items) this.#take(item);
        return;
      case 'ready':
      case 'unavailable':
      case 'alive':
        return;
      default:
        unreachable(message);
    }
  }

  #take(item: Item): void {
    switch (item.type) {
      case 'text': {
        this.#count(item.tokens);
        this.#answers.get(item.id)?.push({ type: 'text', text: item.text, tokens: item.tokens });
        return;
      }
      case 'toolCall':
        this.#answers.get(item.id)?.push({ type: 'toolCall', call: item.call });
        return;
      case 'end': {
        const { id, ...end } = item;
        this.#answers.get(id)?.push(end);
        return;
      }
      case 'reply':
        this.#replies.get(item.id)?.resolve(item.reply);
        return;
      case 'failed': {
        const error = fromWireError(item.error);
        this.#answers.get(item.id)?.fail(error);
        this.#replies.get(item.id)?.reject(error);
        return;
      }
      default:
        unreachable(item);
    }
  }

  #count(tokens: number): void {
    const wasProven = this.isProven;
    this.#tokens += tokens;
    if (!wasProven && this.isProven) this.#onProven();
  }

  #failAll(error: Error): void {
    this.#load?.reject(error);
    for (const answer of [...this.#answers.values()]) answer.fail(error);
    for (const { reject } of [...this.#replies.values()]) reject(error);
  }
}

function cancelled(): SkepError {
  return new SkepError('CALL_CANCELLED', 'the request was cancelled');
}
