/**
 * The screen of `skep top` as lines: a pure function of the model and the size. Each part has a heading that says how
 * many rows there are; when they do not all fit, the parts share the height, each getting a row in turn.
 */
import { printable } from '#config/mask';
import type { TopModel } from './model.js';
import { bytesText, countText, durationText, rateText } from './numbers.js';

/** Columns and rows of the terminal. */
export interface Size {
  readonly columns: number;
  /** Infinity shows everything. */
  readonly rows: number;
}

/** How a line stands out; each gets a whole line, cut to size. */
export interface Style {
  readonly title: (line: string) => string;
  readonly heading: (line: string) => string;
  readonly warning: (line: string) => string;
}

/** What the model does not know of the screen it is on. */
export interface View {
  readonly intervalMs: number;
  readonly paused: boolean;
  /** Whether keys do something. */
  readonly live: boolean;
}

const plain: Style = { title: (line) => line, heading: (line) => line, warning: (line) => line };

interface Part {
  readonly title: string;
  readonly headings: readonly string[];
  /** Columns that are numbers stand to the right. */
  readonly numeric: readonly boolean[];
  readonly rows: readonly (readonly string[])[];
}

/** The lines of the screen: never more than its rows, none wider than its columns. */
export function renderTop(model: TopModel, size: Size, view: View, style: Style = plain): readonly string[] {
  const warnings = model.warnings.slice(0, 2).map((text) => style.warning(fit(`! ${printable(text)}`, size.columns)));
  const head = [style.title(fit(titleOf(model), size.columns)), fit(statusOf(model, view), size.columns), ...warnings];
  const parts = partsOf(model).filter(({ rows }) => rows.length > 0);
  const shares = share(
    parts.map(({ rows }) => rows.length),
    size.rows - head.length,
  );
  const body = parts.flatMap((part, index) => {
    const shown = shares[index] ?? 0;
    return shown === 0 ? [] : partLines(part, shown, size.columns, style);
  });
  return [...head, ...body].slice(0, Math.max(0, size.rows));
}

function titleOf({
  cluster,
  nodes,
  executors,
  actors,
  rate,
  mailbox,
  pendingCalls,
  deadLetterCount,
}: TopModel): string {
  const counts = [
    `${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
    `${countText(actors)} actors`,
    `${rateText(rate)} msg/s`,
    `${countText(mailbox)} waiting`,
    `${countText(pendingCalls)} calls`,
    `${countText(deadLetterCount)} dead`,
  ];
  return executors.length === 0
    ? `skep top: ${cluster}: no executor answers`
    : `skep top: ${cluster}: ${counts.join(', ')}`;
}

function statusOf({ sort, atMs }: TopModel, { intervalMs, paused, live }: View): string {
  const time = new Date(atMs).toISOString().slice(11, 19);
  if (!live) return `${time} UTC, over ${durationText(intervalMs)}, by ${sort}`;
  const pace = paused ? 'PAUSED' : `every ${durationText(intervalMs)}`;
  return `${time} UTC, ${pace}, by ${sort}   q quit  s sort  p ${paused ? 'go on' : 'pause'}`;
}

function partsOf(model: TopModel): readonly Part[] {
  return [
    {
      title: 'EXECUTORS',
      headings: ['EXECUTOR', 'ACTORS', 'TURN/S', 'MSG/S', 'WAITING', 'BUSY', 'DELAY', 'TURN P99', 'HEAP'],
      numeric: [false, true, true, true, true, true, true, true, true],
      rows: model.executors.map((row) => [
        row.name,
        countText(row.actors),
        rateText(row.turns),
        rateText(row.rate),
        countText(row.mailbox),
        percentText(row.busy),
        row.loopDelayMs === undefined ? '-' : durationText(row.loopDelayMs),
        durationText(row.turnMs),
        bytesText(row.heapBytes),
      ]),
    },
    {
      title: 'MODELS',
      headings: ['MODEL', 'STATE', 'RUNNING', 'SLOTS', 'WAITING', 'TOKEN/S', 'CACHED', 'REFUSED', 'MEMORY'],
      numeric: [false, false, true, true, true, true, true, true, true],
      rows: model.models.map((row) => [
        row.name,
        row.state,
        countText(row.running),
        row.slots === undefined ? '-' : countText(row.slots),
        countText(row.waiting),
        rateText(row.tokens),
        percentText(row.cached),
        countText(row.rejected),
        row.memoryBytes === 0 ? '-' : bytesText(row.memoryBytes),
      ]),
    },
    {
      title: 'DEFINITIONS',
      headings: ['DEFINITION', 'ACTORS', 'MSG/S', 'WAITING', 'LONGEST', 'BUSY', 'FAILED', 'RESTARTS'],
      numeric: [false, true, true, true, true, true, true, true],
      rows: model.definitions.map((row) => [
        row.name,
        countText(row.actors),
        rateText(row.rate),
        countText(row.mailbox),
        countText(row.mailboxMax),
        percentText(row.busy),
        countText(row.failed),
        countText(row.restarts),
      ]),
    },
    {
      title: 'MAILBOXES',
      headings: ['LONGEST MAILBOX', 'WAITING', 'NAME', 'DEFINITION'],
      numeric: [false, true, false, false],
      rows: model.mailboxes.map((row) => [row.address, countText(row.mailbox), row.name, row.definition]),
    },
    {
      title: 'SLOW TURNS',
      headings: ['SLOW TURN', 'MESSAGE', 'EXECUTOR', 'TOOK', 'AGO'],
      numeric: [false, false, false, true, true],
      rows: model.slowTurns.map((row) => [
        row.definition,
        row.message,
        row.executor,
        durationText(row.durationMs),
        durationText(row.agoMs),
      ]),
    },
    {
      title: 'DEAD LETTERS',
      headings: ['DEAD LETTERS', 'COUNT', '/S', 'LATEST'],
      numeric: [false, true, true, false],
      rows: model.deadLetters.map((row) => [row.reason, countText(row.count), rateText(row.rate), row.latest]),
    },
  ];
}

/** Characters that a column of texts keeps at least; the first keeps its heading, which tells how much is hidden. */
const LEAST_TEXT = 12;

/** As many columns as have room at their least, from the left: what matters most stands there. */
function fitting(leasts: readonly number[], columns: number): number {
  let used = -2;
  const count = leasts.findIndex((least) => {
    used += 2 + least;
    return used > columns;
  });
  return count === -1 ? leasts.length : Math.max(1, count);
}

function partLines(part: Part, shown: number, columns: number, style: Style): readonly string[] {
  const rows = part.rows.slice(0, shown).map((row) => row.map(printable));
  const [first = '', ...others] = part.headings;
  const hidden = part.rows.length - shown;
  const headings = [hidden === 0 ? first : `${first} (${shown} of ${part.rows.length})`, ...others];
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const leasts = widths.map((width, column) => {
    if (column === 0) return headings[0]?.length ?? 0;
    return part.numeric[column] === true ? width : Math.min(width, LEAST_TEXT);
  });
  widths.length = fitting(leasts, columns);
  narrow(widths, leasts, columns);
  const line = (cells: readonly string[]): string =>
    fit(
      cells
        .slice(0, widths.length)
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return part.numeric[column] === true ? cell.padStart(width) : fit(cell, width).padEnd(width);
        })
        .join('  ')
        .trimEnd(),
      columns,
    );
  return [style.heading(line(headings)), ...rows.map(line)];
}

/** Columns give way until all fit, the widest first, none below its least. */
function narrow(widths: number[], leasts: readonly number[], columns: number): void {
  let over = widths.reduce((total, width) => total + width, 2 * (widths.length - 1)) - columns;
  while (over > 0) {
    let widest = -1;
    for (const [column, width] of widths.entries())
      if (width > (leasts[column] ?? 0) && width > (widths[widest] ?? 0)) widest = column;
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
}

/** How many rows each part gets of so many lines, its heading included in what it costs. */
function share(counts: readonly number[], lines: number): readonly number[] {
  const shares = counts.map(() => 0);
  let left = lines;
  for (let gave = true; gave; ) {
    gave = false;
    for (const [index, count] of counts.entries()) {
      const has = shares[index] ?? 0;
      // The first row of a part brings its heading.
      const cost = has === 0 ? 2 : 1;
      if (has >= count || left < cost) continue;
      shares[index] = has + 1;
      left -= cost;
      gave = true;
    }
  }
  return shares;
}

function percentText(share: number | undefined): string {
  return share === undefined ? '-' : `${Math.round(share * 100)}%`;
}

/** Cuts a text to a width; the cut is told by a tilde. */
function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 0 ? '' : `${text.slice(0, width - 1)}~`;
}
