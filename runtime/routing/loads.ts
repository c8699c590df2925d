/**
 * How much waits in the mailboxes of routees. An actor of this executor is looked at; of one elsewhere its executor is
 * asked, at most once in a while and only as long as somebody wants to know. In between, what was sent there since the
 * last report is added to it.
 */
import { type ActorAddress, addressParts, formatAddress } from '#protocols/wire/address';
import type { CallOptions } from '../actor/ref.js';
import type { Clock } from '../clock/clock.js';

/** Milliseconds that a report is good for. */
const FRESH_MS = 50;
/** Milliseconds that a report may take. */
const REPORT_MS = 1_000;

/** What loads need of their executor. */
export interface LoadsHost {
  readonly address: ActorAddress;
  readonly clock: Clock;
  /** Messages, streams and the message in hand of an actor here; undefined when there is none at that serial. */
  loadOf(serial: number): number | undefined;
  call(to: ActorAddress, name: string, message: unknown, options: CallOptions): Promise<unknown>;
}

interface Known {
  reported: number;
  sentSince: number;
}

export class Loads {
  readonly #host: LoadsHost;
  readonly #known = new Map<ActorAddress, Known>();
  readonly #askedAtMs = new Map<ActorAddress, number>();

  constructor(host: LoadsHost) {
    this.#host = host;
  }

  /** The load of a routee as far as it is known here; 0 before the first report. */
  of(routee: ActorAddress): number {
    const { executor, serial } = whereIs(routee);
    if (executor === this.#host.address) return this.#host.loadOf(serial) ?? 0;
    const known = this.#known.get(routee);
    return known === undefined ? 0 : known.reported + known.sentSince;
  }

  /** A message goes to a routee. */
  sent(routee: ActorAddress): void {
    if (whereIs(routee).executor === this.#host.address) return;
    const known = this.#known.get(routee) ?? { reported: 0, sentSince: 0 };
    known.sentSince += 1;
    this.#known.set(routee, known);
  }

  /** Asks for reports of the executors whose last is old; called as routees are chosen, so nobody asks when nobody sends. */
  refresh(routees: readonly ActorAddress[]): void {
    const nowMs = this.#host.clock.now();
    const due = new Map<ActorAddress, ActorAddress[]>();
    for (const routee of routees) {
      const { executor } = whereIs(routee);
      if (executor === this.#host.address || nowMs - (this.#askedAtMs.get(executor) ?? -FRESH_MS) < FRESH_MS) continue;
      due.set(executor, [...(due.get(executor) ?? []), routee]);
    }
    for (const [executor, asked] of due) {
      this.#askedAtMs.set(executor, nowMs);
      void this.#ask(executor, asked);
    }
  }

  /** Forgets routees that are none any more. */
  keepOnly(routees: readonly ActorAddress[]): void {
    const kept = new Set(routees);
    for (const routee of this.#known.keys()) if (!kept.has(routee)) this.#known.delete(routee);
  }

  async #ask(executor: ActorAddress, routees: readonly ActorAddress[]): Promise<void> {
    try {
      const loads = await askLoads((...question) => this.#host.call(...question), executor, routees);
      for (const [routee, load] of loads) this.#known.set(routee, { reported: load, sentSince: 0 });
    } catch {
      // An executor that does not answer is judged by what was sent to it, which only grows.
    }
  }
}

/** Asks one executor for the loads of actors there; one that does not live has none. */
export async function askLoads(
  call: LoadsHost['call'],
  executor: ActorAddress,
  actors: readonly ActorAddress[],
): Promise<ReadonlyMap<ActorAddress, number>> {
  const serials = actors.map((actor) => addressParts(actor).serial);
  const answer = await call(executor, 'loads', { serials }, { timeoutMs: REPORT_MS });
  const loads = new Map<ActorAddress, number>();
  if (!Array.isArray(answer)) return loads;
  for (const [index, actor] of actors.entries()) {
    const load: unknown = answer[index];
    if (typeof load === 'number' && load >= 0) loads.set(actor, load);
  }
  return loads;
}

/** The executor of an actor, and its serial there. */
export function whereIs(actor: ActorAddress): { readonly executor: ActorAddress; readonly serial: number } {
  const { node, incarnation, executor, serial } = addressParts(actor);
  return { executor: formatAddress({ node, incarnation, executor, serial: 0 }), serial };
}
