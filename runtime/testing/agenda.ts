/**
 * Everything that could happen next in a test system, and the choice of what does. A source has at least one step to
 * take: an actor with mail, a link with a frame, a timer that is due. Each waits once, however many steps it has, and
 * is put back after its step if more are left.
 *
 *     random   any source, each as likely as the others: the orders that production may show, and rarely does
 *     fifo     the source that has waited longest: what a run without a seed would do
 */
import { Queue } from '../mailbox/queue.js';
import type { Random } from './random.js';

/** What kind of step a source takes. */
export type StepKind = 'turn' | 'flush' | 'frame' | 'timer' | 'control';

/** How the next step is chosen. */
export type StepOrder = 'random' | 'fifo';

/** The thread that a source belongs to, as far as the choice is concerned. */
export interface StepHost {
  readonly id: number;
  /** False once its thread is dead: its steps are never taken. */
  readonly alive: boolean;
  /** A thread that hangs takes no step until it goes on. */
  readonly stalled: boolean;
}

/** Something that has at least one step to take. */
export interface Source {
  readonly kind: StepKind;
  readonly host: StepHost;
  /** What the step is about, for the trace. */
  readonly subject: string;
  /** False when it was taken down meanwhile: it has no step any more. */
  readonly open: boolean;
  /** Takes one step. The result tells more about it, for the trace. */
  step(): unknown;
}

/** The sources of all executors. */
export class Agenda {
  readonly #random: Random | undefined;
  readonly #sources: Source[] = [];
  readonly #queue = new Queue<Source>();
  readonly #stalled = new Map<StepHost, Source[]>();

  constructor(order: StepOrder, random: Random) {
    this.#random = order === 'random' ? random : undefined;
  }

  add(source: Source): void {
    if (this.#random === undefined) this.#queue.push(source);
    else this.#sources.push(source);
  }

  /** Takes out the source whose step is next; undefined when nothing can be done now. */
  take(): Source | undefined {
    for (let source = this.#choose(); source !== undefined; source = this.#choose()) {
      if (!source.host.alive || !source.open) continue;
      if (!source.host.stalled) return source;
      const waiting = this.#stalled.get(source.host);
      if (waiting === undefined) this.#stalled.set(source.host, [source]);
      else waiting.push(source);
    }
    return undefined;
  }

  /** A thread goes on: what it could not do meanwhile can be done. */
  resume(host: StepHost): void {
    for (const source of this.#stalled.get(host) ?? []) this.add(source);
    this.#stalled.delete(host);
  }

  #choose(): Source | undefined {
    if (this.#random === undefined) return this.#queue.shift();
    const sources = this.#sources;
    const index = sources.length > 1 ? this.#random.below(sources.length) : 0;
    const chosen = sources[index];
    const last = sources.pop();
    if (last !== undefined && index < sources.length) sources[index] = last;
    return chosen;
  }
}
