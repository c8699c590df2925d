/**
 * The receiving end of flow control on one executor: answers demands for credit. An actor with room answers at once and
 * keeps nothing but who asked lately; one above its high-water mark answers when it has come down to its low-water mark, or is no more.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { type Demand, WithheldDemands } from '#protocols/flow/receiver';
import { RecentSenders } from '#protocols/flow/recent-senders';
import { windowFor } from '#protocols/flow/window';

/** A demand as it arrives. */
export type DemandEnvelope = Extract<Envelope, { kind: 'demand' }>;

/** The actor that is asked. */
export interface Receiver {
  /** Whether it takes no more messages. */
  readonly ending: boolean;
  /** Messages until senders have to wait; undefined when they have to now. */
  readonly room: number | undefined;
  /** Resolves once there is room again, or the actor ends. */
  drained(): Promise<void>;
}

interface Withheld extends Demand {
  readonly envelope: DemandEnvelope;
}

export class Grants {
  readonly #deliver: (envelope: Envelope) => void;
  /** Only actors that are behind have an entry. */
  readonly #withheld = new Map<Receiver, WithheldDemands<Withheld>>();
  readonly #senders = new RecentSenders();

  constructor(deliver: (envelope: Envelope) => void) {
    this.#deliver = deliver;
  }

  /** Demands that wait for room. */
  get withheld(): number {
    let count = 0;
    for (const demands of this.#withheld.values()) count += demands.size;
    return count;
  }

  /** Answers a demand, now or when there is room. `receiver` is undefined when there is no such actor. */
  demand(receiver: Receiver | undefined, envelope: DemandEnvelope): void {
    const { to: from, from: to, epoch, sent } = envelope;
    if (receiver === undefined || receiver.ending) {
      this.#deliver({ kind: 'closed', to, from, epoch });
      return;
    }
    const senders = this.#senders.note(from, to);
    const { room } = receiver;
    if (room === undefined) this.#withhold(receiver, envelope);
    else this.#deliver({ kind: 'grant', to, from, epoch, limit: sent + windowFor(room, senders) });
  }

  #withhold(receiver: Receiver, envelope: DemandEnvelope): void {
    let demands = this.#withheld.get(receiver);
    if (demands === undefined) {
      demands = new WithheldDemands();
      this.#withheld.set(receiver, demands);
      void receiver.drained().then(() => this.#release(receiver));
    }
    const { from, to, epoch, sent } = envelope;
    demands.withhold({ key: keyOf(from, to), epoch, sent, envelope });
  }

  #release(receiver: Receiver): void {
    const demands = this.#withheld.get(receiver);
    this.#withheld.delete(receiver);
    for (const { envelope } of demands?.release() ?? []) this.demand(receiver, envelope);
  }
}

/** One actor may be addressed in two ways, with the life of its node and with `*`, and has a channel for each. */
function keyOf(sender: ActorAddress, as: ActorAddress): string {
  return `${sender} ${as}`;
}
