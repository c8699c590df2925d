/**
 * Sends dead letters again, each at most once unless forced. What can be known at once is told: whether the receiver is
 * here and took it, whether it left for elsewhere, or why it is dead again. A letter that is refused stays as it was.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { addressParts } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import type { OperatorRequest, ReplayResult } from '#protocols/wire/operator';
import { type DeadLetterReason, type DeadLetters, type KeptLetter, payloadOf } from '../telemetry/dead-letters.js';

/** What a replay needs of the executor. */
export interface ReplayHost {
  readonly node: string;
  readonly id: number;
  readonly address: ActorAddress;
  deliver(envelope: Envelope): boolean;
}

export class Replay {
  readonly #host: ReplayHost;
  readonly #letters: DeadLetters;
  /** The letter that is being sent, and why it came back. */
  #sending: { readonly envelope: Envelope; refused: DeadLetterReason | undefined } | undefined;

  constructor(host: ReplayHost, letters: DeadLetters) {
    this.#host = host;
    this.#letters = letters;
  }

  /** Whether a dead letter is the one that is being sent again: it is counted, and not kept twice. */
  takes(reason: DeadLetterReason, envelope: Envelope): boolean {
    if (this.#sending?.envelope !== envelope) return false;
    this.#sending.refused = reason;
    return true;
  }

  /** Oldest first, as the letters were sent. Without ids: every cast that was not sent again and has its payload. */
  run({ ids, reason, to, force = false }: OperatorRequest<'replay'>): readonly ReplayResult[] {
    const kept = [...this.#letters.kept()].reverse();
    const fits = ({ letter }: KeptLetter): boolean => reason === undefined || letter.reason === reason;
    if (ids === undefined) {
      const open = kept.filter((one) => fits(one) && one.payload !== undefined && (force || !one.letter.replayed));
      return open.map((one) => this.#send(one, to));
    }
    const byId = new Map(kept.map((one) => [one.letter.id, one]));
    return [...new Set(ids)].map((id) => {
      const one = byId.get(id);
      if (one === undefined) return { id, outcome: 'unknown' };
      if (one.letter.kind !== 'cast') return { id, outcome: 'not-a-cast' };
      if (one.letter.replayed && !force) return { id, outcome: 'already-replayed' };
      return one.payload === undefined ? { id, outcome: 'not-kept' } : this.#send(one, to);
    });
  }

  #send(kept: KeptLetter, elsewhere: ActorAddress | undefined): ReplayResult {
    const { id, from, name } = kept.letter;
    const to = elsewhere ?? kept.letter.to ?? this.#host.address;
    const { trace } = kept;
    const envelope: Envelope = {
      kind: 'cast',
      to,
      from: from ?? this.#host.address,
      name,
      message: payloadOf(kept),
      ...(trace === undefined ? {} : { trace }),
    };
    this.#sending = { envelope, refused: undefined };
    try {
      this.#host.deliver(envelope);
      const { refused } = this.#sending;
      if (refused !== undefined) return { id, outcome: 'refused', to, reason: refused };
    } finally {
      this.#sending = undefined;
    }
    kept.letter = { ...kept.letter, replayed: true };
    const { node, executor } = addressParts(to);
    const here = node === this.#host.node && executor === this.#host.id;
    return { id, outcome: here ? 'accepted' : 'sent', to };
  }
}
