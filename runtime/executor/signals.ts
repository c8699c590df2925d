/**
 * Signals as they reach an executor: most are for one of its actors. The actors that every node needs are guarded, and
 * the executor itself hears only of the deaths of others.
 */
import type { ActorAddress } from '#protocols/wire/address';
import { EXECUTOR_SERIAL } from '#protocols/wire/address';
import type { Envelope, Signal } from '#protocols/wire/envelope';
import type { Logger } from '../telemetry/log.js';
import type { Absent } from './absent.js';
import type { Cell } from './cell.js';
import type { Deaths } from './deaths.js';
import type { ReadonlySerialTable } from './serial-table.js';
import { FIRST_SERIAL, GUARDIAN_SERIAL } from './well-known.js';

/** What the signals need of their executor. */
interface SignalHost {
  readonly cells: ReadonlySerialTable<Cell>;
  readonly log: Logger;
}

export class Signals {
  readonly #host: SignalHost;
  readonly #absent: Absent;
  readonly #deaths: Deaths;

  constructor(host: SignalHost, absent: Absent, deaths: Deaths) {
    this.#host = host;
    this.#absent = absent;
    this.#deaths = deaths;
  }

  /** A signal for the actor of that serial, or for the executor. */
  take({ signal, from, to }: Extract<Envelope, { kind: 'signal' }>, serial: number): void {
    // An executor ends with its thread or node only, and whoever watches it hears of that without a monitor.
    if (serial === EXECUTOR_SERIAL) {
      if (signal.type === 'executor-down' || signal.type === 'executor-up') this.#deaths.hear(from, signal);
      return;
    }
    if (endsActor(signal) && serial < FIRST_SERIAL && !this.#isGuardian(from)) {
      this.#host.log.warn(`${signal.type} refused`, { actor: to, from });
      if (signal.type === 'link') this.#absent.signal(to, from, signal);
      return;
    }
    const cell = this.#host.cells.get(serial);
    if (cell === undefined) this.#absent.signal(to, from, signal);
    else cell.signal(signal, from, to);
  }

  /** What every node needs ends with its node, by the hand of its guardian, and not by a stray signal. */
  #isGuardian(address: ActorAddress): boolean {
    return address === this.#host.cells.get(GUARDIAN_SERIAL)?.address;
  }
}

/** What would end an actor, or tie its life to that of another. */
function endsActor({ type }: Signal): boolean {
  return type === 'stop' || type === 'exit' || type === 'link';
}
