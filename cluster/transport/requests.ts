/**
 * Requests and answers over a bus. All answers of one client come to one subscription, `_INBOX.<client>.*`, whose last
 * word says which request they belong to; so a request costs no subscription of its own. An answer that comes late finds
 * nobody waiting and is dropped.
 */
import { randomUUID } from 'node:crypto';
import { SkepError } from '#protocols/wire/error';
import type { Clock } from '#runtime/clock/clock';
import type { Bus, BusMessage, PublishOutcome } from './bus.js';
import type { OnError } from './listeners.js';
import { guarded } from './listeners.js';
import type {
  MessageHeaders,
  RequestManyOptions,
  Respond,
  ServiceHandler,
  ServiceReply,
  Services,
  Unsubscribe,
} from './port.js';
import { checkName, checkServiceSubject } from './subjects.js';

interface Pending {
  readonly onReply: (reply: ServiceReply) => void;
  readonly onNobody: () => void;
  readonly onLost: (error: SkepError) => void;
}

const NO_HEADERS: MessageHeaders = {};
const headerName = /^[A-Za-z0-9-]{1,128}$/;
/** Visible text in one line, without spaces at its ends, which would not survive the way. */
const headerValue = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

/** {@link Services} over a bus. */
export class RequestClient implements Services {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #onError: OnError;
  readonly #pending = new Map<string, Pending>();
  readonly #inbox = `_INBOX.${randomUUID().replaceAll('-', '')}`;
  #listening = false;
  #next = 0;

  constructor(bus: Bus, clock: Clock, onError: OnError) {
    this.#bus = bus;
    this.#clock = clock;
    this.#onError = onError;
    bus.onStatus((status) => {
      if (status !== 'connected') this.#lose();
    });
  }

  serve(subject: string, queue: string | undefined, handler: ServiceHandler): Unsubscribe {
    checkServiceSubject(subject);
    if (queue !== undefined) checkName('queue', queue);
    return this.#bus.subscribe(subject, queue, (message) => {
      guarded(this.#onError, () => handler(message.payload, message.headers, this.#respond(message)));
    });
  }

  request(subject: string, payload: Uint8Array, headers: MessageHeaders, timeoutMs: number): Promise<ServiceReply> {
    return new Promise((resolve, reject) => {
      const timedOut = (): SkepError =>
        new SkepError('CALL_TIMEOUT', `no answer on ${subject} within ${timeoutMs} ms`, { subject, timeoutMs });
      const end = this.#start(subject, payload, headers, timeoutMs, () => reject(timedOut()), {
        onReply: (reply) => (end(), resolve(reply)),
        onNobody: () => (end(), reject(new SkepError('NO_CLUSTER', `nobody serves ${subject}`, { subject }))),
        onLost: (error) => (end(), reject(error)),
      });
    });
  }

  requestMany(subject: string, payload: Uint8Array, options: RequestManyOptions): Promise<readonly ServiceReply[]> {
    return new Promise((resolve, reject) => {
      const replies: ServiceReply[] = [];
      const done = (): void => resolve(replies);
      const end = this.#start(subject, payload, options.headers ?? NO_HEADERS, options.maxWaitMs, done, {
        onReply: (reply) => {
          replies.push(reply);
          if (replies.length !== options.maxReplies) return;
          end();
          done();
        },
        onNobody: () => (end(), done()),
        onLost: (error) => (end(), replies.length > 0 ? done() : reject(error)),
      });
    });
  }

  /** Publishes a request and registers who waits; the function it returns ends the waiting. */
  #start(
    subject: string,
    payload: Uint8Array,
    headers: MessageHeaders,
    waitMs: number,
    onTimeout: () => void,
    pending: Pending,
  ): () => void {
    checkServiceSubject(subject);
    checkHeaders(headers);
    this.#listen();
    const id = (this.#next++).toString(36);
    const outcome = this.#bus.publish(subject, payload, { reply: `${this.#inbox}.${id}`, headers });
    if (outcome !== 'sent' && outcome !== 'full') throw notSent(subject, outcome, payload.byteLength);
    this.#pending.set(id, pending);
    const timer = this.#clock.after(waitMs, () => {
      this.#pending.delete(id);
      onTimeout();
    });
    return () => {
      timer.cancel();
      this.#pending.delete(id);
    };
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#bus.subscribe(`${this.#inbox}.*`, undefined, (message) => {
      const pending = this.#pending.get(message.subject.slice(this.#inbox.length + 1));
      if (message.noResponders) pending?.onNobody();
      else pending?.onReply({ payload: message.payload, headers: message.headers });
    });
  }

  #respond(message: BusMessage): Respond {
    return (payload, headers = NO_HEADERS) => {
      checkHeaders(headers);
      if (message.reply !== undefined) this.#bus.publish(message.reply, payload, { headers });
    };
  }

  /** The inbox was away: answers sent meanwhile are lost. */
  #lose(): void {
    const error = new SkepError('TRANSPORT_FAILED', 'the connection was lost while waiting for the answer');
    for (const pending of [...this.#pending.values()]) pending.onLost(error);
  }
}

function notSent(subject: string, outcome: PublishOutcome, bytes: number): SkepError {
  if (outcome === 'refused') {
    return new SkepError(
      'FRAME_TOO_LARGE',
      `the request on ${subject} has ${bytes} bytes, more than the server takes`,
      { subject, bytes },
    );
  }
  return new SkepError('TRANSPORT_FAILED', `the request on ${subject} was not sent: ${outcome}`, {
    subject,
    reason: outcome,
  });
}

function checkHeaders(headers: MessageHeaders): void {
  for (const [name, value] of Object.entries(headers)) {
    if (headerName.test(name) && headerValue.test(value)) continue;
    throw new SkepError(
      'BAD_MESSAGE',
      `header ${JSON.stringify(name)}: expected a name of letters, digits and hyphens, and one line of ASCII text as value`,
    );
  }
}
