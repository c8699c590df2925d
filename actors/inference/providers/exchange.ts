/**
 * One request over HTTP and its answer, on Node's own client. Not on the global `fetch`: its dispatcher ends an answer
 * that is silent for 300 s, which cannot be set without a second copy of undici, newer Nodes send it through the proxies
 * of the environment, and it follows redirects. Here each limit is ours, nothing but the host of the entry is talked to,
 * and a body is read only as fast as it is asked for.
 *
 *     connect ---------> first byte of the body ---------> part -> part -> end
 *     `connectMs`        `firstByteMs`                     `betweenPartsMs`, only while we wait
 *
 * Whatever ends an exchange early, the first reason is the one that its user sees.
 */
import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock, Timer } from '#runtime/clock/clock';

/** Why an exchange ended before its answer was complete. */
export type TroubleType =
  | 'cancelled'
  | 'deadline'
  | 'closed'
  | 'stale'
  | 'connection'
  | 'connect-timeout'
  | 'first-byte-timeout'
  | 'between-parts-timeout'
  | 'cut';

/** An exchange that ended early. As the reason of an abort signal it says who aborted. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
  readonly type: TroubleType;

  constructor(type: TroubleType, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.type = type;
  }
}

/** Limits in milliseconds. */
export interface ExchangeLimits {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly betweenPartsMs: number;
}

/** What is sent. */
export interface Outgoing {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Chunks and milliseconds that an answer which is complete for us may still have, before its connection is given up. */
const DRAIN_CHUNKS = 16;
const DRAIN_MS = 250;

export class Exchange {
  readonly #clock: Clock;
  readonly #limits: ExchangeLimits;
  readonly #signal: AbortSignal;
  readonly #request: ClientRequest;
  readonly #onAbort = (): void => this.#stop(troubleOf(this.#signal));
  #chunks: AsyncIterator<Buffer, undefined> | undefined;
  #response: IncomingMessage | undefined;
  #timer: Timer | undefined;
  #trouble: Trouble | undefined;
  #over = false;

  /** Sends. `signal` ends the exchange at once; its reason should be a {@link Trouble}. */
  constructor(outgoing: Outgoing, agent: Agent, limits: ExchangeLimits, signal: AbortSignal, clock: Clock) {
    this.#clock = clock;
    this.#limits = limits;
    this.#signal = signal;
    const headers = { ...outgoing.headers, 'content-length': String(Buffer.byteLength(outgoing.body)) };
    const options = { method: 'POST', agent, headers };
    const secure = outgoing.url.protocol === 'https:';
    this.#request = secure ? requestHttps(outgoing.url, options) : requestHttp(outgoing.url, options);
    // Errors that come when nobody waits any more are of no interest, and must not end the process.
    this.#request.on('error', () => {});
    this.#limitConnecting(secure ? 'secureConnect' : 'connect');
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    else this.#request.end(outgoing.body);
  }

  /** Status and headers. @throws Trouble. */
  async head(): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      if (this.#trouble !== undefined) reject(this.#trouble);
      this.#request.once('response', resolve);
      this.#request.once('error', (cause) => reject(this.#lost(cause)));
    });
    this.#response = response;
    response.on('error', () => {});
    this.#chunks = response.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>;
    return response;
  }

  /** The body, in the chunks in which it comes, after {@link head}; read once. @throws Trouble. */
  async *body(): AsyncGenerator<Buffer, void, undefined> {
    const { betweenPartsMs } = this.#limits;
    for (;;) {
      const chunk = await this.#nextChunk();
      this.#disarm();
      if (chunk === undefined) return;
      yield chunk;
      if (this.#trouble !== undefined) throw this.#trouble;
      this.#arm(betweenPartsMs, 'between-parts-timeout', `nothing came for ${betweenPartsMs} ms`);
    }
  }

  /**
   * The answer is complete for its reader: what is left of it is passed over, so that the connection can be used again.
   * Resolves when it can, or is closed; never rejects.
   */
  async finish(): Promise<void> {
    if (this.#over) return;
    this.#end();
    await this.#drain();
  }

  /** Nobody reads on: the connection is closed. Nothing after {@link finish}. */
  abandon(): void {
    if (this.#over) return;
    this.#end();
    this.#request.destroy();
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    if (this.#trouble !== undefined) throw this.#trouble;
    try {
      const step = await this.#chunks?.next();
      if (step !== undefined && step.done !== true) return step.value;
    } catch (cause) {
      throw this.#lost(cause);
    }
    if (this.#response?.complete !== true) throw this.#lost(undefined);
    return undefined;
  }

  async #drain(): Promise<void> {
    const timer = this.#clock.after(DRAIN_MS, () => this.#request.destroy());
    try {
      for (let chunk = 0; chunk < DRAIN_CHUNKS; chunk += 1) {
        const step = await this.#chunks?.next();
        if (step === undefined || step.done === true) return;
      }
      this.#request.destroy();
    } catch {
      // It was closed: there is nothing to give back.
    } finally {
      timer.cancel();
    }
  }

  /** Bounds the time until there is a connection, then that until the first byte of the body. */
  #limitConnecting(event: 'connect' | 'secureConnect'): void {
    const { connectMs, firstByteMs } = this.#limits;
    this.#arm(connectMs, 'connect-timeout', `no connection within ${connectMs} ms`);
    const connected = (): void => {
      if (this.#over || this.#trouble !== undefined) return;
      this.#arm(firstByteMs, 'first-byte-timeout', `no byte of an answer within ${firstByteMs} ms`);
    };
    this.#request.once('socket', (socket) => {
      if (this.#request.reusedSocket) connected();
      else socket.once(event, connected);
    });
  }

  #arm(limitMs: number, type: TroubleType, message: string): void {
    this.#disarm();
    this.#timer = this.#clock.after(limitMs, () => this.#stop(new Trouble(type, message)));
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #stop(trouble: Trouble): void {
    if (this.#over || this.#trouble !== undefined) return;
    this.#trouble = trouble;
    this.#end();
    this.#request.destroy(trouble);
  }

  #end(): void {
    this.#over = true;
    this.#disarm();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  /** What an error of Node means. A kept connection that ends before an answer began was closed by the server meanwhile. */
  #lost(cause: unknown): Trouble {
    if (this.#trouble !== undefined) return this.#trouble;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no reason given';
    if (this.#response !== undefined)
      return new Trouble('cut', `the answer ended before it was complete (${code})`, cause);
    const closed = code === 'ECONNRESET' || code === 'EPIPE';
    if (closed && this.#request.reusedSocket) return new Trouble('stale', 'a kept connection was closed', cause);
    return new Trouble('connection', `no answer: ${code}`, cause);
  }
}

/** The reason of an aborted signal. */
export function troubleOf(signal: AbortSignal): Trouble {
  const reason: unknown = signal.reason;
  return reason instanceof Trouble ? reason : new Trouble('cancelled', 'cancelled by its asker');
}
