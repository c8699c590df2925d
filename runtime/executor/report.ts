/**
 * What a report of an executor says; plain data, because it crosses threads and nodes. Counters begin at 0 with the
 * thread; rates are for whoever compares two reports, by their `uptimeMs`.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { DeadLetterReport } from '../telemetry/dead-letters.js';
import type { DefinitionMetrics } from '../telemetry/definition-metrics.js';
import type { LoopReport } from '../telemetry/loop-delay.js';
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

/** What the actors of one definition on one executor did. */
export interface DefinitionReport {
  readonly definition: string;
  /** Living actors. */
  readonly actors: number;
  /** Messages taken out of their mailboxes, by those that have ended, too. */
  readonly processed: number;
  readonly failed: number;
  readonly restarts: number;
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
export interface ExecutorReport {
  readonly id: number;
  /** Milliseconds since the executor began. */
  readonly uptimeMs: number;
  readonly actors: number;
  readonly pendingCalls: number;
  readonly turns: number;
  /** Messages processed by all actors, and those that wait in all mailboxes. */
  readonly processed: number;
  readonly mailbox: number;
  /** By name. */
  readonly definitions: readonly DefinitionReport[];
  /** The longest mailboxes, longest first. */
  readonly busiest: readonly BusyActor[];
  readonly loop: LoopReport;
  readonly heapUsedBytes: number;
  readonly deadLetters: DeadLetterReport;
}

/** Mailboxes in {@link ExecutorReport.busiest}. */
const BUSIEST = 10;

/** What the cells of an executor add to its report. */
export function measureCells(
  cells: Iterable<Cell>,
  metrics: DefinitionMetrics,
): Pick<ExecutorReport, 'processed' | 'mailbox' | 'definitions' | 'busiest'> {
  const living = new Map<string, { actors: number; processed: number; mailbox: number; mailboxMax: number }>();
  let busiest: Cell[] = [];
  let bar = 0;
  for (const cell of cells) {
    const { name } = cell.definition;
    const { mailboxSize, processed } = cell.turns;
    let sum = living.get(name);
    if (sum === undefined) living.set(name, (sum = { actors: 0, processed: 0, mailbox: 0, mailboxMax: 0 }));
    sum.actors += 1;
    sum.processed += processed;
    sum.mailbox += mailboxSize;
    if (mailboxSize > sum.mailboxMax) sum.mailboxMax = mailboxSize;
    if (mailboxSize <= bar) continue;
    busiest.push(cell);
    // Cut now and then only, or a look at a million flooded actors would sort for each.
    if (busiest.length < 16 * BUSIEST) continue;
    busiest = longest(busiest);
    bar = busiest.at(-1)?.turns.mailboxSize ?? 0;
  }
  const names = [...new Set([...living.keys(), ...metrics.definitions()])].sort();
  const definitions = names.map((definition): DefinitionReport => {
    const { actors = 0, processed = 0, mailbox = 0, mailboxMax = 0 } = living.get(definition) ?? {};
    const ended = metrics.of(definition);
    const { failed, restarts } = ended;
    return { definition, actors, processed: processed + ended.processed, failed, restarts, mailbox, mailboxMax };
  });
  return {
    processed: definitions.reduce((sum, { processed }) => sum + processed, 0),
    mailbox: definitions.reduce((sum, { mailbox }) => sum + mailbox, 0),
    definitions,
    busiest: longest(busiest).map(({ address, definition, spec, turns }) => ({
      address,
      definition: definition.name,
      name: spec.name ?? '',
      mailbox: turns.mailboxSize,
    })),
  };
}

function longest(cells: readonly Cell[]): Cell[] {
  return [...cells].sort((a, b) => b.turns.mailboxSize - a.turns.mailboxSize).slice(0, BUSIEST);
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
