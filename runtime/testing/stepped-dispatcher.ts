/**
 * The test twin of the run queue: each turn is of one message, and each turn and each flush is a step that waits on the
 * agenda until it is chosen. Sending is a step of its own, because between a turn and the end of the slice that it
 * belongs to other turns run, and the thread may die.
 */
import type { Clock } from '../clock/clock.js';
import type { Dispatcher, MakeDispatcher, Runnable } from '../executor/dispatcher.js';
import type { TurnMeter } from '../telemetry/turn-meter.js';
import type { Agenda, Source, StepHost } from './agenda.js';

/** What a turn of an actor handled, as the instrumented definition notes it. */
export interface TurnNotes {
  /** Forgets the note before, and gives the one since. */
  take(): unknown;
}

/** Messages of one actor in a turn: one, so that any other step can come between two. */
const BUDGET = 1;

/** A {@link Dispatcher} that does nothing by itself. */
export class SteppedDispatcher implements Dispatcher {
  turns = 0;
  readonly #agenda: Agenda;
  readonly #host: StepHost;
  readonly #notes: TurnNotes;
  readonly #clock: Clock;
  readonly #meter: TurnMeter;
  readonly #flush: Flush;

  constructor(agenda: Agenda, host: StepHost, notes: TurnNotes, ...[clock, meter, flush]: Parameters<MakeDispatcher>) {
    this.#clock = clock;
    this.#meter = meter;
    this.#agenda = agenda;
    this.#host = host;
    this.#notes = notes;
    this.#flush = new Flush(host, flush);
  }

  add(actor: Runnable): void {
    if (actor.scheduled || !actor.ready) return;
    actor.scheduled = true;
    this.#agenda.add(new Turn(this.#host, actor, () => this.#run(actor)));
  }

  flushSoon(): void {
    if (this.#flush.waiting) return;
    this.#flush.waiting = true;
    this.#agenda.add(this.#flush);
  }

  #run(actor: Runnable): unknown {
    this.turns += 1;
    actor.scheduled = false;
    this.#notes.take();
    this.#meter.begin(actor);
    const handled = actor.run(BUDGET);
    // Time stands still in a turn.
    this.#meter.end(handled, 0, this.#clock.now());
    this.#meter.rest();
    this.add(actor);
    return this.#notes.take();
  }
}

/** One turn of one actor. */
class Turn implements Source {
  readonly kind = 'turn';
  readonly open = true;
  readonly host: StepHost;
  readonly step: () => unknown;
  readonly #actor: Runnable;

  constructor(host: StepHost, actor: Runnable, step: () => unknown) {
    this.host = host;
    this.#actor = actor;
    this.step = step;
  }

  get subject(): string {
    return `${this.#actor.definition.name} ${this.#actor.address}`;
  }
}

/** Sending what is in the outboxes of one executor. */
class Flush implements Source {
  readonly kind = 'flush';
  readonly open = true;
  readonly host: StepHost;
  readonly subject: string;
  waiting = false;
  readonly #flush: () => void;

  constructor(host: StepHost, flush: () => void) {
    this.host = host;
    this.subject = `executor ${host.id}`;
    this.#flush = flush;
  }

  step(): void {
    this.waiting = false;
    this.#flush();
  }
}
