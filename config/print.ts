/**
 * Shows a loaded configuration: every option with its value and where it came from. Secrets are masked here and not by
 * the caller, so no way of printing can forget it.
 */
import type { LoadedConfig } from './load.js';
import { type Leaf, leaves } from './leaves.js';
import { printable, shownValue } from './mask.js';
import { describeOrigin } from './origin.js';

/** How a configuration is printed. */
export interface PrintOptions {
  /** JSON in place of the table: `{ path: { value, origin } }`, with `null` for an option without a value. */
  readonly json: boolean;
  /** Whether the table may use terminal colours. */
  readonly colour: boolean;
}

/** The configuration as a table or as JSON, ending in a line break. */
export function printConfig(loaded: LoadedConfig, options: PrintOptions): string {
  return options.json ? asJson(loaded) : asTable(loaded, options.colour);
}

function valueOf(loaded: LoadedConfig, leaf: Leaf): unknown {
  let value: unknown = loaded.config;
  for (const key of leaf.keys) value = Object.getOwnPropertyDescriptor(value, key)?.value;
  return shownValue(leaf, value);
}

function asJson(loaded: LoadedConfig): string {
  const entries = leaves.map((leaf) => {
    const origin = loaded.origins.get(leaf.path);
    return [leaf.path, { value: valueOf(loaded, leaf) ?? null, origin }];
  });
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

interface Row {
  readonly cells: readonly [path: string, value: string, origin: string];
  /** Set by nobody: shown dim, so that what was set stands out. */
  readonly quiet: boolean;
}

function asTable(loaded: LoadedConfig, colour: boolean): string {
  const rows = leaves.map((leaf): Row => {
    const value = valueOf(loaded, leaf);
    const origin = loaded.origins.get(leaf.path) ?? { kind: 'default' };
    const cells = [leaf.path, cellText(value), value === undefined ? 'not set' : describeOrigin(origin)] as const;
    return { cells, quiet: origin.kind === 'default' };
  });
  const all: readonly Row[] = [{ cells: ['option', 'value', 'origin'], quiet: true }, ...rows];
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => [...(row.cells[column] ?? '')].length)));
  return all.map((row) => `${line(row, widths, colour)}\n`).join('');
}

function cellText(value: unknown): string {
  if (value === undefined) return '-';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function line(row: Row, widths: readonly number[], colour: boolean): string {
  const text = row.cells.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ');
  // The two codes that this needs; the terminal library belongs to the command line.
  return colour && row.quiet ? `\u001b[2m${text}\u001b[22m` : text;
}

/** Pads by characters rather than UTF-16 units. */
function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}
