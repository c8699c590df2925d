/** Carries out the faults of a test system that strike actors and threads, at their message, time or step. */
import type { ActorContext } from '../actor/context.js';
import { CrashPlan } from './crash.js';
import type { Fault } from './faults.js';
import type { LinkFaults } from './link-faults.js';
import type { VirtualClock } from './virtual-clock.js';

/** How threads hang and go on. */
export interface FaultTarget {
  stall(executor: number): void;
  resume(executor: number): void;
}

/** The crashes, stalls, partitions and kills of one run. */
export class FaultPlan {
  readonly #crashes: readonly CrashPlan[];
  readonly #links: LinkFaults;
  #kills: readonly { readonly executor: number; readonly atStep: number }[];

  constructor(faults: readonly Fault[], links: LinkFaults) {
    this.#crashes = faults.filter((fault) => fault.type === 'crash').map((fault) => new CrashPlan(fault));
    this.#kills = faults.filter((fault) => fault.type === 'kill');
    this.#links = links;
  }

  /** Whether kills are still to come. */
  get hasKills(): boolean {
    return this.#kills.length > 0;
  }

  /** Sets the times of partitions and stalls. */
  arm(faults: readonly Fault[], clock: VirtualClock, target: FaultTarget): void {
    const during = (fromMs = 0, untilMs: number | undefined, begin: () => void, end: () => void): void => {
      at(clock, fromMs, begin);
      if (untilMs !== undefined) at(clock, untilMs, end);
    };
    for (const fault of faults) {
      if (fault.type === 'partition') {
        const [a, b] = fault.between;
        const cut = (): void => this.#links.partition(a, b);
        during(fault.fromMs, fault.untilMs, cut, () => this.#links.heal(a, b));
      } else if (fault.type === 'stall') {
        const { executor } = fault;
        const hang = (): void => target.stall(executor);
        during(fault.fromMs, fault.untilMs, hang, () => target.resume(executor));
      }
    }
  }

  /** Carries out the kills that are due after so many steps; one that `kill` refuses is tried again. */
  killDue(steps: number, kill: (executor: number) => boolean): void {
    this.#kills = this.#kills.filter(({ executor, atStep }) => steps < atStep || !kill(executor));
  }

  /** A message of an actor is about to be handled. */
  handling(definition: string, ctx: ActorContext): (() => void) | undefined {
    let after: (() => void) | undefined;
    for (const crash of this.#crashes) after = crash.handling(definition, ctx) ?? after;
    return after;
  }
}

function at(clock: VirtualClock, atMs: number, action: () => void): void {
  if (atMs <= clock.now()) action();
  else clock.after(atMs - clock.now(), action);
}
