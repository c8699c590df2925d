/**
 * The dispatcher of an executor decides when its actors get their turns and when what they sent leaves. It is a port:
 * `run-queue.ts` is the production one, which follows the event loop; the test systems of `runtime/testing` give each
 * executor one that does nothing by itself and hands every turn to a seeded scheduler.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { AnyDefinition } from '../actor/definition.js';
import type { Clock } from '../clock/clock.js';
import type { TurnMeter } from '../telemetry/turn-meter.js';

/** What a dispatcher needs of an actor. */
export interface Runnable {
  readonly address: ActorAddress;
  readonly serial: number;
  readonly definition: AnyDefinition;
  /** Whether the dispatcher has it in its queue. */
  scheduled: boolean;
  /** Whether a turn would do anything. */
  readonly ready: boolean;
  /** Gives one turn of at most `budget` messages; the result is how many were handled. */
  run(budget: number): number;
}

/** Gives turns and sends. */
export interface Dispatcher {
  /** Turns given so far. */
  readonly turns: number;
  /** Takes an actor that may have work; does nothing when it has none, or waits already. */
  add(actor: Runnable): void;
  /** Asks for what is in the outboxes to be sent, at the end of the turn or soon when no turn runs. */
  flushSoon(): void;
}

/** Makes the dispatcher of an executor; it tells the meter of each turn, and `flush` sends all that is in the outboxes. */
export type MakeDispatcher = (clock: Clock, meter: TurnMeter, flush: () => void) => Dispatcher;
