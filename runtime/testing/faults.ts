/**
 * The faults of a test system, as plain declarations. Chance comes from the seed, so that a run with faults is the same
 * each time too.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';

/** Which actor crashes: all that is given has to fit. */
export interface CrashTarget {
  /** Name of the definition; every actor of it counts its own messages. */
  readonly definition?: string;
  /** Name of the actor. */
  readonly name?: string;
  readonly address?: ActorAddress;
}

/** When an actor crashes. */
export interface CrashTime {
  /** The message that it crashes at, counted from 1 over all of its lives: casts, calls and infos. */
  readonly atMessage: number;
  /** `before` the handler runs (default), or `after` it: its effects stand and its answer is lost. */
  readonly when?: 'before' | 'after';
  /** How many messages in a row crash it from then on. Default 1. */
  readonly times?: number;
}

/** Where frames are at risk. Without `from` and `to`: on every link. */
export interface LinkFault {
  /** Id of the sending executor. */
  readonly from?: number;
  /** Id of the receiving executor. */
  readonly to?: number;
  /** 0 to 1. Default 1. */
  readonly probability?: number;
  /** Strikes single messages for which this is true. Without it the fault strikes frames as they are. */
  readonly message?: (envelope: Envelope) => boolean;
}

/** A fault that is declared before the run. */
export type Fault =
  | ({ readonly type: 'crash' } & CrashTarget & CrashTime)
  | ({ readonly type: 'drop' } & LinkFault)
  /** The message arrives twice, one right after the other. */
  | ({ readonly type: 'duplicate' } & LinkFault)
  /** What is behind it on the link waits too: links keep their order. */
  | ({ readonly type: 'delay'; readonly delayMs: number } & LinkFault)
  /** Loses everything between two executors, in both directions. `untilMs` on the virtual clock; default: for good. */
  | {
      readonly type: 'partition';
      readonly between: readonly [number, number];
      readonly fromMs?: number;
      readonly untilMs?: number;
    }
  /** The thread hangs: no turn, no timer, no frame of its own, until `untilMs`; default: for good. */
  | { readonly type: 'stall'; readonly executor: number; readonly fromMs?: number; readonly untilMs?: number }
  /** The thread dies and is replaced, once that many steps of the run are done. */
  | { readonly type: 'kill'; readonly executor: number; readonly atStep: number };

/** @throws SkepError BAD_USAGE when a number is out of its range or an executor does not exist. */
export function checkFaults(faults: readonly Fault[], executors: readonly number[], mortal: readonly number[]): void {
  for (const fault of faults) {
    switch (fault.type) {
      case 'crash':
        checkCrash(fault);
        break;
      case 'delay':
        check(fault.delayMs >= 0, `delay.delayMs is ${fault.delayMs}: expected milliseconds from 0`);
        checkLink(fault, executors);
        break;
      case 'drop':
      case 'duplicate':
        checkLink(fault, executors);
        break;
      case 'partition':
        for (const executor of fault.between) checkExecutor('partition.between', executor, executors);
        break;
      case 'stall':
        checkExecutor('stall.executor', fault.executor, executors);
        break;
      case 'kill':
        checkExecutor('kill.executor', fault.executor, mortal);
        check(fault.atStep >= 0, `kill.atStep is ${fault.atStep}: expected a number of steps from 0`);
        break;
    }
  }
}

/** @throws SkepError BAD_USAGE when it names nobody, or a number is out of its range. */
export function checkCrash(fault: CrashTarget & CrashTime): void {
  const { definition, name, address, atMessage, times = 1 } = fault;
  check(
    definition !== undefined || name !== undefined || address !== undefined,
    'crash: expected a definition, a name or an address',
  );
  check(
    Number.isInteger(atMessage) && atMessage >= 1,
    `crash.atMessage is ${atMessage}: expected a whole number from 1`,
  );
  check(times >= 1, `crash.times is ${times}: expected a number from 1`);
}

function checkLink(fault: LinkFault & { readonly type: string }, executors: readonly number[]): void {
  const { type, from, to, probability = 1 } = fault;
  if (from !== undefined) checkExecutor(`${type}.from`, from, executors);
  if (to !== undefined) checkExecutor(`${type}.to`, to, executors);
  check(probability >= 0 && probability <= 1, `${type}.probability is ${probability}: expected a number from 0 to 1`);
}

function checkExecutor(field: string, executor: number, executors: readonly number[]): void {
  check(
    executors.includes(executor),
    `${field} is ${executor}: expected one of ${executors.join(', ') || 'none, as executors is 0'}`,
  );
}

function check(fits: boolean, text: string): void {
  if (!fits) throw new SkepError('BAD_USAGE', `faults: ${text}`);
}
