/**
 * Dead letters: whatever could not be delivered or was dropped, counted by reason, the latest kept for a look. A count
 * here is how a loss becomes visible.
 */
import type { ActorAddress } from '#protocols/wire/address';

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
  readonly reason: DeadLetterReason;
  readonly to: ActorAddress | undefined;
  readonly name: string;
  readonly atMs: number;
}

/** What an inspection shows. */
export interface DeadLetterReport {
  readonly counts: Readonly<Partial<Record<DeadLetterReason, number>>>;
  readonly latest: readonly DeadLetter[];
}

const KEPT = 100;

/** The dead letters of one executor. */
export class DeadLetters {
  readonly #counts: Partial<Record<DeadLetterReason, number>> = {};
  readonly #latest: DeadLetter[] = [];

  add(letter: DeadLetter): void {
    this.#counts[letter.reason] = (this.#counts[letter.reason] ?? 0) + 1;
    this.#latest.push(letter);
    if (this.#latest.length > KEPT) this.#latest.shift();
  }

  /** How many letters there were for this reason. */
  count(reason: DeadLetterReason): number {
    return this.#counts[reason] ?? 0;
  }

  report(): DeadLetterReport {
    return { counts: { ...this.#counts }, latest: [...this.#latest] };
  }
}
