/** What an inspection of an executor shows; plain data, because it crosses threads and nodes. */
import type { ActorAddress } from '#protocols/wire/address';
import type { ChannelReport } from '../flow/channels.js';
import type { DeadLetterReport } from '../telemetry/dead-letters.js';
import type { ActorFamily } from '../supervision/tree.js';
import type { LatencySummary } from '../telemetry/histogram.js';
import type { TurnReport } from '../telemetry/turn-meter.js';
import type { Cell, CellStatus } from './cell.js';

/** One actor in an inspection. */
export interface ActorSummary {
  readonly address: ActorAddress;
  readonly definition: string;
  readonly name: string;
  readonly status: CellStatus;
  readonly incarnation: number;
  readonly mailbox: number;
  readonly processed: number;
}

/** Flow control between this executor and the others. */
export interface FlowReport extends ChannelReport {
  /** Demands of senders elsewhere that wait until actors here have caught up. */
  readonly withheld: number;
}

/** State of an executor. */
export interface ExecutorReport extends TurnReport {
  readonly id: number;
  readonly actors: number;
  readonly pendingCalls: number;
  readonly turns: number;
  /** How late its event loop is, in milliseconds; absent under a clock of a test. */
  readonly eventLoopDelay?: LatencySummary;
  readonly deadLetters: DeadLetterReport;
  readonly flow: FlowReport;
}

/** The summary of one actor. */
export function summarise(cell: Cell): ActorSummary {
  return {
    address: cell.address,
    definition: cell.definition.name,
    name: cell.spec.name ?? '',
    status: cell.status,
    incarnation: cell.incarnation,
    mailbox: cell.turns.mailboxSize,
    processed: cell.turns.processed,
  };
}

/** One actor and its children, for the tree of its node. */
export function familyOf(cell: Cell): ActorFamily {
  const { address, definition, spec, status, incarnation, knownFamily } = cell;
  const children = knownFamily?.children;
  return {
    address,
    definition: definition.name,
    name: spec.name ?? '',
    status,
    restarts: Math.max(0, incarnation - 1),
    strategy: definition.supervision?.strategy ?? 'one-for-one',
    parent: spec.parent ?? null,
    children: (children?.addresses() ?? []).map((child) => ({
      address: child,
      id: children?.specOf(child)?.id ?? '',
      definition: children?.specOf(child)?.definition ?? '',
      status: children?.statusOf(child) ?? 'stopped',
      restarts: children?.restartsOf(child) ?? 0,
    })),
  };
}
