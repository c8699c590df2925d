/**
 * The death of an executor's thread, as it is told to the other executors of its node and to other nodes: why it died,
 * and in whose turn. A thread that stalls or runs out of heap was brought there by the actor in its turn, as far as
 * anyone can know; that actor has failed, while the others on the thread have merely lost it.
 */
import { type ActorAddress, formatAddress } from '#protocols/wire/address';
import type { ExitReason } from '#protocols/wire/envelope';
import type { InTurn } from './heartbeat.js';

/** Plain data, because it crosses threads and nodes. */
export interface ExecutorDeath {
  readonly executor: number;
  /** Why, as monitors and supervisors hear it. */
  readonly reason: ExitReason;
  /** The actor in whose turn the thread died, where it was in one. */
  readonly culprit?: ActorAddress;
  /** First serial of the life that follows: addresses from here on are not of the one that died. */
  readonly nextSerial: number;
}

/** What is known of a death. */
export interface DeathFacts {
  readonly node: string;
  readonly incarnation: string;
  readonly executor: number;
  readonly nextSerial: number;
  /** What ended the thread, where nobody ended it on purpose. */
  readonly cause: unknown;
  readonly inTurn: InTurn | undefined;
  /** Milliseconds for which it was stuck, when the watchdog ended it. */
  readonly stalledMs: number | undefined;
}

/** The news of a death. */
export function describeDeath(facts: DeathFacts): ExecutorDeath {
  const { node, incarnation, executor, nextSerial, inTurn, stalledMs } = facts;
  const culprit =
    inTurn === undefined ? undefined : formatAddress({ node, incarnation, executor, serial: inTurn.serial });
  const turn = culprit === undefined ? 'outside of any turn' : `in a turn of ${inTurn?.definition ?? ''} (${culprit})`;
  const reason: ExitReason =
    stalledMs === undefined
      ? { class: 'crash', message: `executor ${executor} ended ${turn}: ${textOf(facts.cause)}` }
      : { class: 'stalled', message: `executor ${executor} was stuck for ${Math.round(stalledMs)} ms ${turn}` };
  return { executor, reason, nextSerial, ...(culprit === undefined ? {} : { culprit }) };
}

/** The text of an error, with its code where it has one. */
function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? `${cause.code}: ` : '';
  return `${code}${cause.message}`;
}
