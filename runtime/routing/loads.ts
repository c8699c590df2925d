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

/** What is known of one routee. */
interface Known {
  /** Its serial where it lives here. */
  readonly serial: number | undefined;
  /** The last report and what was sent since, where it lives elsewhere; 0 before the first report. */
  load: number;
}

/** Another executor, and the routees there. */
interface Elsewhere {
  readonly executor: ActorAddress;
  readonly routees: ActorAddress[];
  askedAtMs: number;
}

export class Loads {
  readonly #host: LoadsHost;
  #known = new Map<ActorAddress, Known>();
  #elsewhere: readonly Elsewhere[] = [];

  constructor(host: LoadsHost) {
    this.#host = host;
  }

  /** These are the routees from now on; what is known of those that stay is kept. */
  follow(routees: readonly ActorAddress[]): void {
    const before = this.#known;
    const elsewhere = new Map<ActorAddress, Elsewhere>();
    this.#known = new Map();
    for (const routee of new Set(routees)) {
      const { executor, serial } = whereIs(routee);
      const here = executor === this.#host.address;
      this.#known.set(routee, { serial: here ? serial : undefined, load: before.get(routee)?.load ?? 0 });
      if (here) continue;
      const there = elsewhere.get(executor) ?? { executor, routees: [], askedAtMs: Number.NEGATIVE_INFINITY };
      there.routees.push(routee);
      elsewhere.set(executor, there);
    }
    this.#elsewhere = [...elsewhere.values()];
  }

  /** The load of a routee as far as it is known here. */
  of(routee: ActorAddress): number {
    const known = this.#known.get(routee);
    if (known === undefined) return 0;
    return known.serial === undefined ? known.load : (this.#host.loadOf(known.serial) ?? 0);
  }

  /** A message goes to a routee. */
  sent(routee: ActorAddress): void {
    const known = this.#known.get(routee);
    if (known !== undefined) known.load += 1;
  }

  /** Asks for the reports that are old; called as routees are chosen, so nobody asks when nobody sends. */
  refresh(): void {
    if (this.#elsewhere.length === 0) return;
    const nowMs = this.#host.clock.now();
    for (const there of this.#elsewhere) {
      if (nowMs - there.askedAtMs < FRESH_MS) continue;
      there.askedAtMs = nowMs;
      void this.#ask(there);
    }
  }

  async #ask({ executor, routees }: Elsewhere): Promise<void> {
    try {
      const loads = await askLoads((...question) => this.#host.call(...question), executor, routees);
      for (const [routee, load] of loads) {
        const known = this.#known.get(routee);
        if (known !== undefined) known.load = load;
      }
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
