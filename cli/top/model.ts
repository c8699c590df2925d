/**
 * What `skep top` shows, worked out of two looks at a cluster: counters become rates, executors become sums by
 * definition, and everything is in the order that was asked for. Pure, so that it can be tested without a cluster.
 */
import type { NodeModel } from '../inference/registries.js';
import type { NodeReport } from '../remote/answers.js';

/** One look at a cluster. */
export interface Sample {
  readonly cluster: string;
  /** Unix time. */
  readonly atMs: number;
  readonly nodes: readonly NodeReport[];
  /** Of nodes that have some. */
  readonly models: readonly NodeModel[];
  /** Nodes and executors that did not answer, and the like. */
  readonly warnings: readonly string[];
}

/** What rows are sorted by, in the order in which a key goes through them. */
export const sorts = ['rate', 'mailbox', 'actors', 'name'] as const;
export type Sort = (typeof sorts)[number];

export interface ExecutorRow {
  /** `node/executor`. */
  readonly name: string;
  readonly actors: number;
  /** Per second; undefined until there are two looks at the same life of the executor. */
  readonly turns: number | undefined;
  readonly rate: number | undefined;
  readonly mailbox: number;
  /** 99th percentile of the delay of its event loop in milliseconds. */
  readonly loopDelayMs: number | undefined;
  /** Share of the time that its event loop was at work. */
  readonly busy: number | undefined;
  /** 99th percentile of the time of a turn in milliseconds. */
  readonly turnMs: number;
  readonly heapBytes: number;
}

export interface DefinitionRow {
  readonly name: string;
  readonly actors: number;
  readonly rate: number | undefined;
  readonly mailbox: number;
  /** The longest mailbox. */
  readonly mailboxMax: number;
  readonly failed: number;
  readonly restarts: number;
  /** Share of one thread's time. */
  readonly busy: number | undefined;
}

export interface MailboxRow {
  readonly address: string;
  readonly name: string;
  readonly definition: string;
  readonly mailbox: number;
}

export interface SlowTurnRow {
  readonly executor: string;
  readonly definition: string;
  readonly message: string;
  readonly durationMs: number;
  readonly agoMs: number;
}

export interface DeadLetterRow {
  readonly reason: string;
  readonly count: number;
  readonly rate: number | undefined;
  /** The newest of that reason: what it was, and for whom. */
  readonly latest: string;
}

export interface ModelRow {
  /** `model@node`. */
  readonly name: string;
  readonly state: string;
  readonly running: number;
  readonly slots: number | undefined;
  readonly waiting: number;
  /** Tokens of answers per second; undefined until there are two looks. */
  readonly tokens: number | undefined;
  /** Share of the tokens of prompts that needed no computing; undefined before the first. */
  readonly cached: number | undefined;
  readonly rejected: number;
  readonly memoryBytes: number;
}

/** Everything that is shown. */
export interface TopModel {
  readonly cluster: string;
  readonly atMs: number;
  readonly sort: Sort;
  readonly nodes: number;
  readonly actors: number;
  /** Messages per second. */
  readonly rate: number | undefined;
  readonly mailbox: number;
  readonly pendingCalls: number;
  readonly deadLetterCount: number;
  readonly warnings: readonly string[];
  readonly executors: readonly ExecutorRow[];
  readonly definitions: readonly DefinitionRow[];
  readonly mailboxes: readonly MailboxRow[];
  /** Newest first. */
  readonly slowTurns: readonly SlowTurnRow[];
  readonly deadLetters: readonly DeadLetterRow[];
  readonly models: readonly ModelRow[];
}

type Report = NodeReport['executors'][number];

/** An executor in both looks; `before` is absent when it is new, or has begun again in between. */
interface Pair {
  readonly name: string;
  readonly now: Report;
  readonly before: Report | undefined;
  readonly seconds: number;
}

/** Makes the model of the latest look and the one before. */
export function topModel(now: Sample, before: Sample | undefined, sort: Sort): TopModel {
  const pairs = pairsOf(now, before);
  const executors = pairs.map(executorRow);
  const deadLetters = deadLetterRows(pairs);
  return {
    cluster: now.cluster,
    atMs: now.atMs,
    sort,
    nodes: now.nodes.length,
    actors: sum(executors.map(({ actors }) => actors)),
    rate: sumKnown(executors.map(({ rate }) => rate)),
    mailbox: sum(executors.map(({ mailbox }) => mailbox)),
    pendingCalls: sum(pairs.map((pair) => pair.now.pendingCalls)),
    deadLetterCount: sum(deadLetters.map(({ count }) => count)),
    warnings: now.warnings,
    executors: sorted(executors, sort),
    definitions: sorted(definitionRows(pairs), sort),
    mailboxes: pairs.flatMap((pair) => pair.now.busiest).sort((a, b) => b.mailbox - a.mailbox),
    slowTurns: pairs
      .flatMap(({ name, now: { slowTurns } }) =>
        slowTurns.map(({ definition, message, durationMs, atMs }) => ({
          executor: name,
          definition,
          message,
          durationMs,
          agoMs: Math.max(0, now.atMs - atMs),
        })),
      )
      .sort((a, b) => a.agoMs - b.agoMs),
    deadLetters,
    models: modelRows(now, before),
  };
}

function pairsOf(now: Sample, before: Sample | undefined): readonly Pair[] {
  const old = new Map<string, Report>();
  for (const { node, executors } of before?.nodes ?? []) for (const one of executors) old.set(`${node}/${one.id}`, one);
  return now.nodes.flatMap(({ node, executors }) =>
    executors.map((report): Pair => {
      const name = `${node}/${report.id}`;
      const earlier = old.get(name);
      const known = earlier !== undefined && earlier.uptimeMs < report.uptimeMs ? earlier : undefined;
      return { name, now: report, before: known, seconds: (report.uptimeMs - (known?.uptimeMs ?? 0)) / 1_000 };
    }),
  );
}

/** Growth per second; undefined without a look before. A counter that went back belongs to another life. */
function rateOf({ now, before, seconds }: Pair, value: (report: Report) => number): number | undefined {
  return before === undefined ? undefined : Math.max(0, value(now) - value(before)) / seconds;
}

function executorRow(pair: Pair): ExecutorRow {
  const { name, now, before } = pair;
  const active = now.loopActiveMs - (before?.loopActiveMs ?? 0);
  const idle = now.loopIdleMs - (before?.loopIdleMs ?? 0);
  return {
    name,
    actors: now.actors,
    turns: rateOf(pair, ({ turns }) => turns),
    rate: rateOf(pair, ({ processed }) => processed),
    mailbox: now.mailbox,
    loopDelayMs: now.eventLoopDelay?.p99,
    busy: before === undefined || active + idle <= 0 ? undefined : active / (active + idle),
    turnMs: now.turnLatency.p99,
    heapBytes: now.heapUsedBytes,
  };
}

function definitionRows(pairs: readonly Pair[]): readonly DefinitionRow[] {
  const rows = new Map<string, DefinitionRow>();
  for (const pair of pairs) {
    for (const one of pair.now.definitions) {
      const name = one.version === 1 ? one.definition : `${one.definition} v${one.version}`;
      const same = (report: Report) =>
        report.definitions.find(({ definition, version }) => definition === one.definition && version === one.version);
      const row = rows.get(name);
      rows.set(name, {
        name,
        actors: one.actors + (row?.actors ?? 0),
        rate: sumKnown([row?.rate, rateOf(pair, (report) => same(report)?.processed ?? 0)]),
        mailbox: one.mailbox + (row?.mailbox ?? 0),
        mailboxMax: Math.max(one.mailboxMax, row?.mailboxMax ?? 0),
        failed: one.failed + (row?.failed ?? 0),
        restarts: one.restarts + (row?.restarts ?? 0),
        busy: sumKnown([row?.busy, rateOf(pair, (report) => (same(report)?.busyMs ?? 0) / 1_000)]),
      });
    }
  }
  return [...rows.values()];
}

function deadLetterRows(pairs: readonly Pair[]): readonly DeadLetterRow[] {
  const rows = new Map<string, DeadLetterRow & { readonly latestMs: number }>();
  for (const pair of pairs) {
    const { counts, latest } = pair.now.deadLetters;
    for (const [reason, count] of Object.entries(counts)) {
      const row = rows.get(reason);
      const newest = latest.findLast((letter) => letter.reason === reason);
      const newer = newest !== undefined && newest.atMs > (row?.latestMs ?? 0) ? newest : undefined;
      const countOf = (report: Report): number =>
        (report.deadLetters.counts as Readonly<Record<string, number>>)[reason] ?? 0;
      rows.set(reason, {
        reason,
        count: count + (row?.count ?? 0),
        rate: sumKnown([row?.rate, rateOf(pair, countOf)]),
        latest: newer === undefined ? (row?.latest ?? '') : `${newer.name} to ${newer.to ?? '?'}`,
        latestMs: newer?.atMs ?? row?.latestMs ?? 0,
      });
    }
  }
  return [...rows.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ reason, count, rate, latest }) => ({ reason, count, rate, latest }));
}

function modelRows(now: Sample, before: Sample | undefined): readonly ModelRow[] {
  const old = new Map((before?.models ?? []).map((model) => [`${model.name}@${model.node}`, model]));
  const seconds = (now.atMs - (before?.atMs ?? now.atMs)) / 1_000;
  return now.models.map((model) => {
    const name = `${model.name}@${model.node}`;
    const { figures } = model;
    const grown = generated(model) - generated(old.get(name));
    return {
      name,
      state: model.state,
      running: model.running,
      slots: model.slots,
      waiting: model.waiting + model.waitingToLoad,
      // A counter that went back belongs to another life.
      tokens: !old.has(name) || seconds <= 0 ? undefined : Math.max(0, grown) / seconds,
      cached:
        (figures['promptTokens'] ?? 0) > 0
          ? (figures['cachedTokens'] ?? 0) / (figures['promptTokens'] ?? 1)
          : undefined,
      rejected: sum(Object.entries(figures).flatMap(([key, value]) => (key.startsWith('rejected.') ? [value] : []))),
      memoryBytes: model.memoryBytes,
    };
  });
}

function generated(model: NodeModel | undefined): number {
  return model?.figures['generatedTokens'] ?? 0;
}

/** Largest first, and by name where they are even. */
function sorted<
  R extends {
    readonly name: string;
    readonly rate: number | undefined;
    readonly mailbox: number;
    readonly actors: number;
  },
>(rows: readonly R[], sort: Sort): readonly R[] {
  const weight = (row: R): number => (sort === 'name' ? 0 : (row[sort] ?? 0));
  const collator = new Intl.Collator('en', { numeric: true });
  return [...rows].sort((a, b) => weight(b) - weight(a) || collator.compare(a.name, b.name));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The sum of what is known; undefined when nothing is. */
function sumKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : sum(known);
}
