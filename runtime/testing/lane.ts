/**
 * A lane holds what happens to one executor in a fixed order: the timers that are due there, the orders of the control
 * plane. It waits on the agenda as one source while anything is in it.
 */
import { Queue } from '../mailbox/queue.js';
import type { Agenda, Source, StepHost, StepKind } from './agenda.js';

/** Actions in order, one a step. */
export class Lane implements Source {
  readonly kind: StepKind;
  readonly host: StepHost;
  readonly subject: string;
  readonly open = true;
  readonly #agenda: Agenda;
  readonly #actions = new Queue<() => void>();

  constructor(agenda: Agenda, kind: StepKind, host: StepHost) {
    this.#agenda = agenda;
    this.kind = kind;
    this.host = host;
    this.subject = `executor ${host.id}`;
  }

  push(action: () => void): void {
    this.#actions.push(action);
    if (this.#actions.size === 1) this.#agenda.add(this);
  }

  step(): void {
    const action = this.#actions.shift();
    if (this.#actions.size > 0) this.#agenda.add(this);
    action?.();
  }
}
