/**
 * What the CLI prints. Results go to standard output, everything else to standard error, so that `--json` can be piped.
 * Colour is used on a terminal only, and never with `NO_COLOR` or `--no-color`.
 */
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { SkepError, toWireError } from '#protocols/wire/error';
import type { ExitCode } from './exit-codes.js';

/** How to print. */
export interface OutputOptions {
  readonly json: boolean;
  readonly colour: boolean;
  /** Print stack traces. */
  readonly debug: boolean;
}

/** Prints for people or for programs. */
export class Output {
  readonly json: boolean;
  readonly debug: boolean;
  readonly colours: ReturnType<typeof pc.createColors>;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.debug = options.debug;
    this.colours = pc.createColors(options.colour);
  }

  /** The result of the command: `value` as JSON, or `text` for people. */
  result(value: unknown, text: string): void {
    this.text(this.json ? `${JSON.stringify(value, null, 2)}\n` : this.#forStdout(`${text}\n`));
  }

  /** A result that is laid out already. */
  text(text: string): void {
    process.stdout.write(text);
  }

  /** The colours were chosen for standard error; standard output may be a file or a pipe all the same. */
  #forStdout(text: string): string {
    return wantsColour(process.stdout, true, process.env) ? text : stripVTControlCharacters(text);
  }

  /** A remark for people; programs that asked for JSON are not told. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    process.stderr.write(`${this.colours.yellow('warning:')} ${text}\n`);
  }

  /** An error, with what to do about it. */
  error(error: unknown): void {
    const wire = toWireError(error);
    const remedy = error instanceof SkepError ? error.remedy : '';
    if (this.json)
      process.stdout.write(
        `${JSON.stringify({ error: { ...wire, ...(remedy === '' ? {} : { remedy }) } }, null, 2)}\n`,
      );
    process.stderr.write(`${this.colours.red(`error ${wire.code}:`)} ${wire.message}\n`);
    if (remedy !== '') process.stderr.write(`${this.colours.dim(`  ${remedy}`)}\n`);
    if (this.debug && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
  }
}

/**
 * Keeps on going when whoever read an output is gone (`skep status | head -1`): what is written then is dropped. An
 * output that fails in another way, such as a full disk, ends the program.
 */
export function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error', onOutputError) === 0) stream.on('error', onOutputError);
  }
}

function onOutputError(error: Error & { readonly code?: string }): void {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`error OUTPUT_UNWRITABLE: the output cannot be written: ${error.message}\n`);
  process.exit(73 satisfies ExitCode);
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

/** Whether to use colour on a stream. */
export function wantsColour(stream: { readonly isTTY?: boolean }, flag: boolean, env: NodeJS.ProcessEnv): boolean {
  if (!flag || (env['NO_COLOR'] ?? '') !== '') return false;
  return (env['FORCE_COLOR'] ?? '') !== '' || stream.isTTY === true;
}

/** Rows as an aligned table with a heading; the last column is not padded. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  bold: (text: string) => string = (text) => text,
): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === headings.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [bold(line(headings)), ...rows.map(line)].join('\n');
}
