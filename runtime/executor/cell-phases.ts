/**
 * The transitions of a phased actor, in the order of gen_statem's `transition_option()`: the state changes, what was
 * postponed is retried, inserted messages go before it, the phase is entered, and then its time-outs start.
 */
import type { AnyDefinition } from '../actor/definition.js';
import { phaseOf, phaseSpec } from '../actor/phase-table.js';
import type { PhaseContext } from '../actor/phases.js';
import type { Timer } from '../clock/clock.js';
import type { After } from './cell-after.js';
import type { Work } from './cell-hand.js';
import type { CellHost } from './cell-host.js';
import type { FiredTimeout, Stash } from './cell-stash.js';
import { Current } from './current.js';

/** The actor that has the phases. */
export interface PhasesOwner {
  readonly definition: AnyDefinition;
  readonly context: PhaseContext<unknown>;
  state: unknown;
  /** Asks for a turn. */
  wake(): void;
}

type Timeouts = readonly (readonly [name: string, delayMs: number])[];

interface Ticket {
  readonly timer: Timer | undefined;
}

export class Phases {
  readonly #owner: PhasesOwner;
  readonly #host: CellHost;
  readonly #stash: Stash;
  /** The entry that is due: before anything else runs. */
  #entering: { readonly from: string; readonly timeouts: Timeouts } | undefined;
  /** Time-outs that run or have fired and are not handled yet. */
  #tickets: Map<string, Ticket> | undefined;

  constructor(owner: PhasesOwner, host: CellHost, stash: Stash) {
    this.#owner = owner;
    this.#host = host;
    this.#stash = stash;
  }

  get entering(): boolean {
    return this.#entering !== undefined;
  }

  /** A phase is to be entered; `timeouts` were asked for on the way. */
  enter(from: string, timeouts: Timeouts): void {
    this.#entering = { from, timeouts };
  }

  /** Carries out what a handler asked for. */
  transit({ next, repeats, inserts, timeouts }: After): void {
    const from = this.#owner.definition.phases === undefined ? '' : phaseOf(this.#owner.state);
    if (next !== undefined) this.#owner.state = next.state;
    const changed = next !== undefined && phaseOf(next.state) !== from;
    if (changed) {
      this.#cancel('state');
      this.#stash.release('phase');
    }
    if (inserts.length > 0) this.#stash.insert(inserts);
    if (changed || repeats) this.enter(from, timeouts);
    else this.#startAll(timeouts);
  }

  /** The run of the enter handler; its own time-outs come after those asked for on the way. */
  takeEntry(): Work | undefined {
    const due = this.#entering;
    this.#entering = undefined;
    if (due === undefined) return undefined;
    const { definition, context, state } = this.#owner;
    const spec = phaseSpec(definition, phaseOf(state));
    const current = new Current(this.#host.clock);
    current.about = 'enter';
    return {
      current,
      body: () => spec?.enter?.(state, due.from, context),
      onValue: () => {
        if (spec?.timeoutMs !== undefined) this.#start('state', spec.timeoutMs);
        this.#startAll(due.timeouts);
      },
    };
  }

  /** The run of a time-out's handler; undefined when it was cancelled or set again since it fired. */
  takeTimeout({ timeout, ticket }: FiredTimeout): Work | undefined {
    if (this.#tickets?.get(timeout) !== ticket) return undefined;
    this.#tickets.delete(timeout);
    this.event();
    const { definition, context, state } = this.#owner;
    const handler = phaseSpec(definition, phaseOf(state))?.timeouts?.[timeout] ?? definition.timeouts?.[timeout];
    if (handler === undefined) {
      const { self } = context;
      this.#host.deadLetter('no-such-handler', {
        kind: 'cast',
        to: self,
        from: self,
        name: `timeout ${timeout}`,
        message: null,
      });
      return undefined;
    }
    const current = new Current(this.#host.clock);
    current.about = 'timeout';
    return { current, body: () => handler(state, context) };
  }

  /** Something is about to be handled: the event time-out is over. */
  event(): void {
    if (this.#tickets !== undefined) this.#cancel('event');
  }

  cancelAll(): void {
    for (const name of this.#tickets?.keys() ?? []) this.#cancel(name);
    this.#entering = undefined;
  }

  #startAll(timeouts: Timeouts): void {
    for (const [name, delayMs] of timeouts) this.#start(name, delayMs);
  }

  #start(name: string, delayMs: number): void {
    this.#cancel(name);
    if (!Number.isFinite(delayMs)) return;
    // An event that waits already would cancel it before it could be handled.
    if (delayMs === 0 && name === 'event' && this.#stash.hasAhead) return;
    const fire = (): void => {
      this.#stash.fire({ timeout: name, ticket });
      this.#owner.wake();
    };
    const ticket: Ticket = { timer: delayMs === 0 ? undefined : this.#host.clock.after(delayMs, fire) };
    (this.#tickets ??= new Map()).set(name, ticket);
    // A time-out of nothing is handled before any message that is still in the mailbox.
    if (delayMs === 0) fire();
  }

  #cancel(name: string): void {
    const tickets = this.#tickets;
    if (tickets === undefined) return;
    tickets.get(name)?.timer?.cancel();
    tickets.delete(name);
    if (tickets.size === 0) this.#tickets = undefined;
  }
}
