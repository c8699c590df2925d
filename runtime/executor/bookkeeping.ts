/**
 * The books of an executor: what it lost, what its definitions did, how its loop runs, and what an operator asks about
 * them. Kept apart from the routing, which only makes entries.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { DeadLetters, type DeadLetterReason } from '../telemetry/dead-letters.js';
import { DefinitionMetrics } from '../telemetry/definition-metrics.js';
import { LoopDelay } from '../telemetry/loop-delay.js';
import type { Cell } from './cell.js';
import type { CellHost } from './cell-host.js';
import { operate } from './operator.js';
import { Replay } from './replay.js';
import { type ExecutorReport, measureCells } from './report.js';
import { FIRST_SERIAL } from './well-known.js';

/** What the books need of their executor. */
export interface BookHost extends CellHost {
  readonly address: ActorAddress;
  readonly cells: ReadonlyMap<number, Cell>;
}

/** What only the routing knows. */
type Counted = Pick<ExecutorReport, 'pendingCalls' | 'turns'>;

/** The first bad frames are logged, then one of so many: a hostile peer may not fill the log. */
const BAD_FRAMES_LOGGED = 10;
const BAD_FRAMES_PER_LINE = 1_000;

export class Bookkeeping {
  readonly metrics = new DefinitionMetrics();
  readonly #host: BookHost;
  readonly #beganMs: number;
  readonly #loop = new LoopDelay();
  readonly #letters: DeadLetters;
  readonly #replay: Replay;

  /** `firstSerial` is above that of the executor's life before, and so are the numbers of dead letters. */
  constructor(host: BookHost, firstSerial: number, deadLetterBytes: number | undefined) {
    this.#host = host;
    this.#beganMs = host.clock.now();
    this.#letters = new DeadLetters({
      prefix: host.address.slice(0, host.address.lastIndexOf('/')),
      firstNumber: firstSerial - FIRST_SERIAL + 1,
      log: host.log,
      ...(deadLetterBytes === undefined ? {} : { keepBytes: deadLetterBytes }),
    });
    this.#replay = new Replay(host, this.#letters);
  }

  deadLetter(reason: DeadLetterReason, envelope: Envelope): void {
    if (this.#replay.takes(reason, envelope)) this.#letters.count(reason, envelope);
    else this.#letters.add(reason, envelope);
  }

  badFrame(error: unknown): void {
    this.#letters.add('bad-frame');
    const count = this.#letters.counted('bad-frame');
    if (count > BAD_FRAMES_LOGGED && count % BAD_FRAMES_PER_LINE !== 0) return;
    this.#host.log.warn('frame refused', { count, error });
  }

  /** An actor ended. */
  ended(cell: Cell): void {
    this.metrics.ended(cell.definition.name, cell.turns.processed);
  }

  report(counted: Counted): ExecutorReport {
    const { id, cells, clock } = this.#host;
    return {
      id,
      uptimeMs: Math.round(clock.now() - this.#beganMs),
      actors: cells.size,
      ...counted,
      ...measureCells(cells.values(), this.metrics),
      loop: this.#loop.report(),
      heapUsedBytes: process.memoryUsage().heapUsed,
      deadLetters: this.#letters.report(),
    };
  }

  /** What an operator asks by name; undefined for a name that is none of these. */
  operate(name: string, message: unknown): unknown {
    return operate({ executor: this.#host, letters: this.#letters, replay: this.#replay }, name, message);
  }

  close(): void {
    this.#loop.close();
  }
}
