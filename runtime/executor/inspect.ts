/** A close look at one actor, for an operator; plain data, because it crosses threads and nodes. */
import type { ActorAddress } from '#protocols/wire/address';
import { DEFAULT_CAPACITY } from '../mailbox/mailbox.js';
import { type StateSummary, summariseState } from '../telemetry/state-summary.js';
import type { SlowTurn } from '../telemetry/turn-meter.js';
import type { Cell } from './cell.js';
import type { CellStatus } from './cell-life.js';
import type { CellHost } from './cell-host.js';

/** What an actor has in hand. Only a handler that waits for something can be seen: others are done before one looks. */
export interface MessageInHand {
  /** Name of the cast or call; empty for init, infos and terminate. */
  readonly message: string;
  readonly sender: ActorAddress | undefined;
  readonly runningMs: number;
  /** Whether its caller has given up. */
  readonly cancelled: boolean;
}

/** One actor. */
export interface ActorInspection {
  readonly address: ActorAddress;
  readonly definition: string;
  readonly version: number;
  readonly name: string | undefined;
  readonly status: CellStatus;
  readonly incarnation: number;
  /** Restarts on this executor; an actor whose thread died begins again at 0. */
  readonly restarts: number;
  /** Of the present life, to the second. */
  readonly uptimeMs: number;
  readonly parent: ActorAddress | undefined;
  readonly mailbox: number;
  readonly mailboxCapacity: number;
  /** Messages taken out of the mailbox in all its lives. */
  readonly processed: number;
  /** The first of its children, and how many there are. */
  readonly children: readonly ActorAddress[];
  readonly childCount: number;
  /** How many it watches, and how many watch it. */
  readonly watching: number;
  readonly watchers: number;
  /** Keys of the first of its timers, and how many there are. */
  readonly timers: readonly string[];
  readonly timerCount: number;
  /** Streams that it produces. */
  readonly streams: number;
  readonly current: MessageInHand | undefined;
  /** The latest of its definition on its executor, oldest first. */
  readonly slowTurns: readonly SlowTurn[];
  /** Only when asked for. */
  readonly state?: StateSummary;
}

/** Children and timers that are listed. */
const LISTED = 50;

/** Looks at an actor. */
export function inspectCell(cell: Cell, host: CellHost, withState: boolean): ActorInspection {
  const { definition, spec, children, monitors } = cell;
  const timers = [...(cell.timers?.keys() ?? [])];
  const nowMs = host.clock.now();
  return {
    address: cell.address,
    definition: definition.name,
    version: definition.version,
    name: spec.name,
    status: cell.status,
    incarnation: cell.incarnation,
    restarts: Math.max(0, cell.incarnation - 1),
    uptimeMs: Math.max(0, Math.trunc(nowMs / 1_000) - cell.bornS) * 1_000,
    parent: spec.parent,
    mailbox: cell.mailboxSize,
    mailboxCapacity: host.mailboxOf(definition).capacity ?? DEFAULT_CAPACITY,
    processed: cell.processed,
    children: children.slice(0, LISTED),
    childCount: children.length,
    watching: monitors.watching,
    watchers: monitors.watchers,
    timers: timers.slice(0, LISTED),
    timerCount: timers.length,
    streams: cell.knownTurns?.streams ?? 0,
    current: inHand(cell, nowMs),
    slowTurns: host.meter.report().slowTurns.filter((turn) => turn.definition === definition.name),
    ...(withState ? { state: summariseState(cell.state) } : {}),
  };
}

function inHand({ knownTurns }: Cell, nowMs: number): MessageInHand | undefined {
  if (knownTurns?.hand.busy !== true) return undefined;
  const { hand } = knownTurns;
  const { name, sender, waitingSinceMs, cancelled } = hand.current;
  return { message: name, sender, runningMs: Math.max(0, Math.round(nowMs - (waitingSinceMs ?? nowMs))), cancelled };
}
