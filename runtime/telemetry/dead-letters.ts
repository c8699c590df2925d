/**
 * Dead letters: whatever could not be delivered or was dropped, counted by reason, the latest kept for a look. A count
 * here is how a loss becomes visible. The payloads of casts are kept too, packed and within a bound of bytes, so that
 * an operator can send them again once what was in the way is gone; calls are not, because their callers have been told.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import type { Traceparent } from '#protocols/wire/trace-context';
import { decode, encode } from '../codec/msgpack.js';
import { Queue } from '../mailbox/queue.js';
import type { Logger } from './log.js';

/** Why a message was not delivered. */
export type DeadLetterReason =
  | 'no-such-actor'
  | 'no-such-handler'
  | 'mailbox-full'
  | 'displaced'
  /** A call whose deadline passed while it waited in the mailbox; its caller has given up. */
  | 'expired'
  | 'stopped'
  | 'unencodable'
  | 'no-route'
  /** It waited for an executor or node that went down. */
  | 'lost'
  /** Reliable delivery: the buffer of the sender was full. */
  | 'outbound-full'
  /** Reliable delivery: its receiver was silent for too long, or the sender's executor ended. */
  | 'undelivered'
  /** Reliable delivery: its handler crashed as often as the definition allows. */
  | 'poison'
  /** A cast through a router that had no routees. */
  | 'no-routee'
  | 'late-reply'
  /** It came in a frame that was for another executor. */
  | 'misrouted'
  | 'bad-frame';

/** One undelivered message, without its payload: payloads may be large or secret. */
export interface DeadLetter {
  /** Names the letter for a replay: its executor and a number, such as `node-1@k3f9/2#17`. */
  readonly id: string;
  readonly reason: DeadLetterReason;
  /** `frame` for bytes that were no envelopes. */
  readonly kind: Envelope['kind'] | 'frame';
  readonly to?: ActorAddress | undefined;
  readonly from?: ActorAddress | undefined;
  /** Name of the cast or call; else its kind. */
  readonly name: string;
  /** Unix time. */
  readonly atMs: number;
  /** Size of the payload that is kept; undefined when none is. */
  readonly bytes?: number | undefined;
  /** Whether it was sent again. */
  readonly replayed: boolean;
}

/** What an inspection shows. */
export interface DeadLetterReport {
  readonly counts: Readonly<Partial<Record<DeadLetterReason, number>>>;
  readonly latest: readonly DeadLetter[];
}

/** How the dead letters of an executor are kept. */
export interface DeadLetterOptions {
  /** What ids begin with: the executor's address without its serial. */
  readonly prefix?: string;
  /** Number of the first letter; above those of the executor's life before. */
  readonly firstNumber?: number;
  /** Bytes of payload that are kept at most. */
  readonly keepBytes?: number;
  readonly log?: Logger;
}

/** A letter at rest. */
export interface KeptLetter {
  letter: DeadLetter;
  /** Of a cast whose payload is kept. */
  readonly trace: Traceparent | undefined;
  payload: Uint8Array | undefined;
}

/** Letters in a report, and letters that are kept for a listing. */
const REPORTED = 100;
const KEPT = 1_000;
/** What a kept payload costs beside its own bytes, about. */
const OVERHEAD_BYTES = 256;
/** The default bound of payloads. */
export const DEFAULT_KEEP_BYTES = 1_048_576;
/** Of each reason the first letters are logged, then one of so many: a flood may not fill the log. */
const LOGGED = 10;
const PER_LINE = 1_000;

/** The dead letters of one executor. */
export class DeadLetters {
  readonly #counts: Partial<Record<DeadLetterReason, number>> = {};
  readonly #letters = new Queue<KeptLetter>();
  /** Letters with a payload, oldest first; those whose payload went already are passed over. */
  readonly #payloads = new Queue<KeptLetter>();
  readonly #options: DeadLetterOptions;
  #number: number;
  #bytes = 0;

  constructor(options: DeadLetterOptions = {}) {
    this.#options = options;
    this.#number = options.firstNumber ?? 1;
  }

  /** Counts and keeps what was lost; without an envelope it was bytes that are none. */
  add(reason: DeadLetterReason, envelope?: Envelope): void {
    this.count(reason, envelope);
    const payload = envelope?.kind === 'cast' ? this.#pack(envelope.message) : undefined;
    const kept: KeptLetter = {
      letter: {
        id: `${this.#options.prefix ?? ''}#${this.#number}`,
        reason,
        kind: envelope?.kind ?? 'frame',
        to: envelope?.to,
        from: envelope !== undefined && 'from' in envelope ? envelope.from : undefined,
        name: nameOf(envelope),
        atMs: Date.now(),
        bytes: payload?.length,
        replayed: false,
      },
      trace: envelope?.kind === 'cast' ? envelope.trace : undefined,
      payload,
    };
    this.#number += 1;
    this.#letters.push(kept);
    if (payload !== undefined) {
      this.#payloads.push(kept);
      this.#bytes += cost(payload);
    }
    if (this.#letters.size > KEPT) this.#release(this.#letters.shift());
    while (this.#bytes > this.#keepBytes) this.#release(this.#payloads.shift());
  }

  /** Counts what was lost, and logs a sample. */
  count(reason: DeadLetterReason, envelope?: Envelope): void {
    const count = (this.#counts[reason] ?? 0) + 1;
    this.#counts[reason] = count;
    if (count > LOGGED && count % PER_LINE !== 0) return;
    this.#options.log?.info('dead letter', { reason, to: envelope?.to, name: nameOf(envelope), count });
  }

  /** How many letters there were for this reason. */
  counted(reason: DeadLetterReason): number {
    return this.#counts[reason] ?? 0;
  }

  report(): DeadLetterReport {
    const all = [...this.#letters].map(({ letter }) => letter);
    return { counts: { ...this.#counts }, latest: all.slice(-REPORTED) };
  }

  /** Kept letters, newest first. */
  kept(): readonly KeptLetter[] {
    return [...this.#letters].reverse();
  }

  get #keepBytes(): number {
    return this.#options.keepBytes ?? DEFAULT_KEEP_BYTES;
  }

  /** The copy that a later replay sends; a payload that is not plain data or exceeds the bound alone is not kept. */
  #pack(message: unknown): Uint8Array | undefined {
    if (this.#keepBytes === 0) return undefined;
    try {
      const payload = encode(message);
      return cost(payload) > this.#keepBytes ? undefined : payload;
    } catch {
      return undefined;
    }
  }

  #release(kept: KeptLetter | undefined): void {
    if (kept?.payload === undefined) return;
    this.#bytes -= cost(kept.payload);
    kept.payload = undefined;
    kept.letter = { ...kept.letter, bytes: undefined };
  }
}

/** The payload of a letter, unpacked. */
export function payloadOf({ payload }: KeptLetter): unknown {
  return payload === undefined ? undefined : decode(payload);
}

function cost(payload: Uint8Array): number {
  return payload.length + OVERHEAD_BYTES;
}

function nameOf(envelope: Envelope | undefined): string {
  if (envelope === undefined) return '';
  return envelope.kind === 'cast' || envelope.kind === 'call' ? envelope.name : envelope.kind;
}
