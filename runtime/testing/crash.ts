/**
 * Crashes at a chosen message. The fault is in the definition, so it strikes in a test system and in an ordinary
 * `ActorSystem`, inline or in threads, alike; and since it counts by address, a restart does not bring it back.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ActorContext } from '../actor/context.js';
import type { AnyDefinition } from '../actor/definition.js';
import { checkCrash, type CrashTarget, type CrashTime } from './faults.js';
import { observed, type Observer } from './instrument.js';

/** What a crash fault throws. */
export class PlannedCrash extends Error {
  override readonly name = 'PlannedCrash';
}

/** Counts messages by actor, and says which of them crash. */
export class CrashPlan {
  readonly #fault: CrashTarget & CrashTime;
  readonly #counts = new Map<ActorAddress, number>();

  constructor(fault: CrashTarget & CrashTime) {
    this.#fault = fault;
  }

  /** Counts a message. Throws where it strikes before the handler; gives what throws after it otherwise. */
  handling(definition: string, ctx: ActorContext): (() => void) | undefined {
    const { atMessage, times = 1, when = 'before' } = this.#fault;
    if (!this.#fits(definition, ctx)) return undefined;
    const count = (this.#counts.get(ctx.self) ?? 0) + 1;
    this.#counts.set(ctx.self, count);
    if (count < atMessage || count >= atMessage + times) return undefined;
    const strike = (): never => {
      throw new PlannedCrash(`planned crash ${when} message ${count} of ${definition}`);
    };
    return when === 'after' ? strike : strike();
  }

  #fits(definition: string, ctx: ActorContext): boolean {
    const { definition: wanted, name, address } = this.#fault;
    if (wanted !== undefined && wanted !== definition) return false;
    return (name === undefined || name === ctx.name) && (address === undefined || address === ctx.self);
  }
}

/**
 * The definition, made to crash at a message of each of its actors (or of the one named). Register the result in place
 * of the definition; refs are made with either.
 * @throws SkepError BAD_USAGE when a number is out of range.
 */
export function crashing<D extends AnyDefinition>(
  definition: D,
  options: Omit<CrashTarget, 'definition'> & CrashTime,
): D {
  const fault = { ...options, definition: definition.name };
  checkCrash(fault);
  const plan = new CrashPlan(fault);
  const observer: Observer = { handling: (_handled, ctx) => plan.handling(definition.name, ctx) };
  return observed(definition, observer) as D;
}
