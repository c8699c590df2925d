/**
 * What a report of an executor says; plain data, because it crosses threads and nodes. Counters begin at 0 with the
 * thread; rates are for whoever compares two reports, by their `uptimeMs`.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { AnyDefinition } from '../actor/definition.js';
import type { FlowReport } from '../flow/flow-control.js';
import type { DeadLetterReport } from '../telemetry/dead-letters.js';
import type { ActorFamily } from '../supervision/tree.js';
import type { LatencySummary } from '../telemetry/histogram.js';
import type { Metric } from '../telemetry/metrics.js';
import type { DefinitionLoad, TurnReport } from '../telemetry/turn-meter.js';
import type { Cell } from './cell.js';
import type { CellStatus } from './cell-life.js';

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

/** The actors of one definition on an executor: what they did, ended ones included, and what waits for them. */
export interface DefinitionReport extends DefinitionLoad {
  /** Living actors. */
  readonly actors: number;
  /** Messages that wait, in all mailboxes and in the longest. */
  readonly mailbox: number;
  readonly mailboxMax: number;
}

/** An actor with mail that waits. */
export interface BusyActor {
  readonly address: ActorAddress;
  readonly definition: string;
  readonly name: string;
  readonly mailbox: number;
}

/** State of an executor. */
export interface ExecutorReport extends TurnReport {
  readonly id: number;
  /** Milliseconds since the executor began. */
  readonly uptimeMs: number;
  readonly actors: number;
  readonly pendingCalls: number;
  readonly turns: number;
  /** Handled by all actors, and waiting in all mailboxes. */
  readonly processed: number;
  readonly mailbox: number;
  /** By name and version. */
  readonly definitions: readonly DefinitionReport[];
  /** The longest mailboxes, longest first. */
  readonly busiest: readonly BusyActor[];
  readonly heapUsedBytes: number;
  /** Milliseconds that the event loop was at work, and idle, since the thread began. */
  readonly loopActiveMs: number;
  readonly loopIdleMs: number;
  /** How late its event loop is, in milliseconds; absent under a clock of a test. */
  readonly eventLoopDelay?: LatencySummary;
  readonly deadLetters: DeadLetterReport;
  readonly flow: FlowReport;
  /** What actors count themselves; absent from nodes of older versions. */
  readonly metrics?: readonly Metric[];
}

/** Mailboxes in {@link ExecutorReport.busiest}. */
const BUSIEST = 10;

/** What the cells of an executor and the loads of their definitions add to its report. */
export function measureCells(
  cells: Iterable<Cell>,
  loads: readonly DefinitionLoad[],
): Pick<ExecutorReport, 'processed' | 'mailbox' | 'definitions' | 'busiest'> {
  const living = new Map<AnyDefinition, { actors: number; mailbox: number; mailboxMax: number }>();
  let busiest: Cell[] = [];
  let bar = 0;
  for (const cell of cells) {
    const { mailboxSize } = cell;
    let sum = living.get(cell.definition);
    if (sum === undefined) living.set(cell.definition, (sum = { actors: 0, mailbox: 0, mailboxMax: 0 }));
    sum.actors += 1;
    sum.mailbox += mailboxSize;
    if (mailboxSize > sum.mailboxMax) sum.mailboxMax = mailboxSize;
    if (mailboxSize <= bar) continue;
    busiest.push(cell);
    // Cut now and then only, or a look at a million flooded actors would sort for each.
    if (busiest.length < 16 * BUSIEST) continue;
    busiest = longest(busiest);
    bar = busiest.at(-1)?.mailboxSize ?? 0;
  }
  const reports = new Map(loads.map((load): [string, DefinitionReport] => [keyOf(load), { ...load, ...nobody }]));
  for (const [{ name: definition, version }, sum] of living) {
    const key = keyOf({ definition, version });
    reports.set(key, { ...(reports.get(key) ?? { definition, version, ...idle }), ...sum });
  }
  const definitions = [...reports].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, report]) => report);
  return {
    processed: definitions.reduce((sum, { processed }) => sum + processed, 0),
    mailbox: definitions.reduce((sum, { mailbox }) => sum + mailbox, 0),
    definitions,
    busiest: longest(busiest).map(({ address, definition, spec, mailboxSize }) => ({
      address,
      definition: definition.name,
      name: spec.name ?? '',
      mailbox: mailboxSize,
    })),
  };
}

const nobody = { actors: 0, mailbox: 0, mailboxMax: 0 };
const idle = { processed: 0, failed: 0, restarts: 0, busyMs: 0 };

function keyOf({ definition, version }: Pick<DefinitionLoad, 'definition' | 'version'>): string {
  return `${definition} ${version}`;
}

function longest(cells: readonly Cell[]): Cell[] {
  return [...cells].sort((a, b) => b.mailboxSize - a.mailboxSize).slice(0, BUSIEST);
}

/** The summary of one actor. */
export function summarise(cell: Cell): ActorSummary {
  return {
    address: cell.address,
    definition: cell.definition.name,
    name: cell.spec.name ?? '',
    status: cell.status,
    incarnation: cell.incarnation,
    mailbox: cell.knownTurns?.waiting ?? 0,
    processed: cell.processed,
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
