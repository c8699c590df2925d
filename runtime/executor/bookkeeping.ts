/**
 * The books of an executor: what it lost, what its definitions did, how its loop runs, and what an operator asks about
 * them. Kept apart from the routing, which only makes entries.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { DeadLetters, type DeadLetterReason } from '../telemetry/dead-letters.js';
import type { LoopDelay } from '../telemetry/loop-delay.js';
import { metricsOf } from '../telemetry/metrics.js';
import type { Cell } from './cell.js';
import type { CellHost } from './cell-host.js';
import { operate } from './operator.js';
import { Replay } from './replay.js';
import { type ExecutorReport, measureCells } from './report.js';
import type { ReadonlySerialTable } from './serial-table.js';
import { FIRST_SERIAL } from './well-known.js';

/** What the books need of their executor. */
export interface BookHost extends CellHost {
  readonly address: ActorAddress;
  readonly cells: ReadonlySerialTable<Cell>;
}

/** What an executor is made with. */
interface BookOptions {
  /** Above that of the executor's life before, and so are the numbers of dead letters. */
  readonly firstSerial: number;
  readonly deadLetterBytes?: number | undefined;
  readonly loopDelay?: LoopDelay | undefined;
}

/** What only the routing knows. */
type Counted = Pick<ExecutorReport, 'pendingCalls' | 'turns' | 'flow'>;

/** The first bad frames are logged, then one of so many: a hostile peer may not fill the log. */
const BAD_FRAMES_LOGGED = 10;
const BAD_FRAMES_PER_LINE = 1_000;

export class Bookkeeping {
  readonly #host: BookHost;
  readonly #beganMs: number;
  readonly #loopDelay: LoopDelay | undefined;
  readonly #letters: DeadLetters;
  readonly #replay: Replay;

  constructor(host: BookHost, { firstSerial, deadLetterBytes, loopDelay }: BookOptions) {
    this.#host = host;
    this.#beganMs = host.clock.now();
    this.#loopDelay = loopDelay;
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

  report(counted: Counted): ExecutorReport {
    const { id, cells, clock, meter } = this.#host;
    const turns = meter.report();
    const { active, idle } = performance.eventLoopUtilization();
    return {
      id,
      uptimeMs: Math.round(clock.now() - this.#beganMs),
      actors: cells.size,
      ...counted,
      ...turns,
      ...measureCells(cells.values(), turns.definitions),
      ...(this.#loopDelay === undefined ? {} : { eventLoopDelay: this.#loopDelay.summary() }),
      loopActiveMs: Math.round(active),
      loopIdleMs: Math.round(idle),
      heapUsedBytes: process.memoryUsage().heapUsed,
      deadLetters: this.#letters.report(),
      metrics: metricsOf(cells.values(), (actor, error) => this.#host.log.warn('metrics failed', { actor, error })),
    };
  }

  /** What an operator asks by name; undefined for a name that is none of these. */
  operate(name: string, message: unknown): unknown {
    return operate({ executor: this.#host, letters: this.#letters, replay: this.#replay }, name, message);
  }

  close(): void {
    this.#loopDelay?.close();
  }
}
