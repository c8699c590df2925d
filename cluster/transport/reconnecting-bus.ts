/**
 * A bus that keeps one connection to a server alive. It dials again by itself rather than by the client library's own
 * reconnection, for three reasons: nothing of an outage is kept and delivered long after (what is sent meanwhile is
 * dropped and counted, as at-most-once allows); a connection whose socket is stuck can be thrown away whole; and the
 * rules can be tested without a server.
 *
 *     connected --(connection ends)--> disconnected --(dial succeeds)--> connected ...
 *         \_______________________________\_________________close()_______> closed
 */
import { SkepError } from '#protocols/wire/error';
import type { Clock, Timer } from '#runtime/clock/clock';
import type { Bus, BusHandler, BusPublishOptions, PublishOutcome } from './bus.js';
import { Listeners, toError, type OnError } from './listeners.js';
import type { TransportStatus, Unsubscribe } from './port.js';
import { SendWindow, type SendWindowOptions } from './send-window.js';

/** One connection to a server, until it ends. */
export interface Connection {
  readonly maxPayloadBytes: number;
  /** @throws when the connection has ended. */
  publish(subject: string, payload: Uint8Array, options: BusPublishOptions): void;
  subscribe(subject: string, queue: string | undefined, handler: BusHandler): Unsubscribe;
  /** One round trip to the server. */
  flush(): Promise<void>;
  /** Lets what is under way arrive, then ends the connection; the time it takes has no bound. */
  drain(): Promise<void>;
  /** Ends the connection now. */
  close(): Promise<void>;
  /** Resolves when the connection has ended, with the reason. */
  readonly ended: Promise<string>;
}

/** Makes a connection, or rejects with a SkepError. */
type Dial = () => Promise<Connection>;

/** Options of a {@link ReconnectingBus}. */
interface ReconnectOptions extends SendWindowOptions {
  /** Its timers should keep the process alive: in an outage nothing else may. */
  readonly clock: Clock;
  readonly onError: OnError;
  /** A number from 0 to 1; spreads the return of many executors after an outage. */
  readonly random: () => number;
}

interface Subscription {
  readonly subject: string;
  readonly queue: string | undefined;
  readonly handler: BusHandler;
  end: Unsubscribe;
}

const FIRST_DELAY_MS = 50;
/** Shorter than the time after which members are suspected, so that all are back before anyone is. */
const MAX_DELAY_MS = 1_000;
const DRAIN_LIMIT_MS = 2_000;

/** {@link Bus} over connections that come and go. */
export class ReconnectingBus implements Bus {
  readonly #dial: Dial;
  readonly #options: ReconnectOptions;
  readonly #window: SendWindow;
  readonly #subscriptions = new Set<Subscription>();
  readonly #statuses: Listeners<TransportStatus>;
  readonly #drains: Listeners<void>;
  #connection: Connection | undefined;
  #status: TransportStatus = 'connected';
  #closing: Promise<void> | undefined;
  #redial: Timer | undefined;
  #lastDialError = '';
  reconnects = 0;

  private constructor(dial: Dial, options: ReconnectOptions, first: Connection) {
    this.#dial = dial;
    this.#options = options;
    this.#window = new SendWindow(options);
    this.#statuses = new Listeners(options.onError);
    this.#drains = new Listeners(options.onError);
    this.#adopt(first);
  }

  /** Connects. The first connection fails at once, so that a wrong url is told rather than retried for ever. */
  static async open(dial: Dial, options: ReconnectOptions): Promise<ReconnectingBus> {
    return new ReconnectingBus(dial, options, await dial());
  }

  publish(subject: string, payload: Uint8Array, options: BusPublishOptions = {}): PublishOutcome {
    if (this.#closing !== undefined) return 'closed';
    const connection = this.#connection;
    if (connection === undefined) {
      this.#window.missed();
      return 'disconnected';
    }
    if (payload.byteLength > connection.maxPayloadBytes) return 'refused';
    if (!this.#window.admits(payload.byteLength)) return 'overflow';
    try {
      connection.publish(subject, payload, options);
    } catch (thrown) {
      this.#options.onError(toError(thrown));
      return 'refused';
    }
    const outcome = this.#window.add(payload.byteLength);
    this.#measure(connection);
    return outcome;
  }

  subscribe(subject: string, queue: string | undefined, handler: BusHandler): Unsubscribe {
    const subscription: Subscription = { subject, queue, handler, end: () => {} };
    if (this.#closing === undefined) {
      this.#subscriptions.add(subscription);
      if (this.#connection !== undefined) subscription.end = this.#connection.subscribe(subject, queue, handler);
    }
    return () => {
      if (this.#subscriptions.delete(subscription)) subscription.end();
    };
  }

  status(): TransportStatus {
    return this.#status;
  }

  onStatus(handler: (status: TransportStatus) => void): Unsubscribe {
    return this.#statuses.add(handler);
  }

  onDrain(handler: () => void): Unsubscribe {
    return this.#drains.add(handler);
  }

  flush(): Promise<void> {
    const connection = this.#connection;
    const refused = (why: string): SkepError => new SkepError('TRANSPORT_FAILED', `not flushed: ${why}`);
    if (connection === undefined || this.#closing !== undefined) {
      return Promise.reject(refused(`the connection is ${this.#status}`));
    }
    // The client leaves the round trip of a connection that ends for ever unanswered.
    return Promise.race([connection.flush(), connection.ended.then((reason) => Promise.reject(refused(reason)))]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #adopt(connection: Connection): void {
    this.#connection = connection;
    for (const each of this.#subscriptions) each.end = connection.subscribe(each.subject, each.queue, each.handler);
    void connection.ended.then((reason) => {
      if (this.#connection === connection) this.#lost(reason);
    });
  }

  #lost(reason: string): void {
    this.#connection = undefined;
    this.#window.lost();
    if (this.#closing !== undefined) return;
    this.#setStatus('disconnected');
    this.#options.onError(new SkepError('TRANSPORT_FAILED', `the connection to NATS was lost: ${reason}`, { reason }));
    this.#scheduleDial(0);
  }

  #scheduleDial(attempt: number): void {
    if (this.#closing !== undefined) return;
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt) * (0.5 + this.#options.random() / 2);
    this.#redial = this.#options.clock.after(delayMs, () => {
      this.#dial().then(
        (connection) => this.#returned(connection),
        (thrown: unknown) => this.#failed(toError(thrown), attempt + 1),
      );
    });
  }

  #returned(connection: Connection): void {
    if (this.#closing !== undefined) {
      void connection.close();
      return;
    }
    this.#lastDialError = '';
    this.reconnects += 1;
    this.#adopt(connection);
    this.#setStatus('connected');
    if (this.#window.renewed()) this.#drains.emit();
  }

  /** Tries again. A failure like the one before is not told twice: an outage of an hour is one line, not a thousand. */
  #failed(error: Error, attempt: number): void {
    if (error.message !== this.#lastDialError) this.#options.onError(error);
    this.#lastDialError = error.message;
    this.#scheduleDial(attempt);
  }

  #measure(connection: Connection): void {
    if (!this.#window.beginRoundTrip()) return;
    connection.flush().then(
      () => {
        if (this.#connection !== connection) return;
        if (this.#window.confirmed()) this.#drains.emit();
        this.#measure(connection);
      },
      () => {
        // The connection ended; `ended` tells why and resets the window.
      },
    );
  }

  async #close(): Promise<void> {
    this.#redial?.cancel();
    const connection = this.#connection;
    if (connection !== undefined) {
      await this.#drain(connection);
      await connection.close();
    }
    this.#connection = undefined;
    this.#subscriptions.clear();
    this.#setStatus('closed');
  }

  /** Lets what is under way arrive, but waits no longer for a server that may be gone. */
  #drain(connection: Connection): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.#options.clock.after(DRAIN_LIMIT_MS, resolve);
      const drained = connection.drain().catch(() => {
        // It ended meanwhile: nothing is under way any more.
      });
      void drained.then(() => {
        limit.cancel();
        resolve();
      });
    });
  }

  #setStatus(status: TransportStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#statuses.emit(status);
  }
}
