/**
 * The side of the harness that lives in a measured process. A program is told its work on the command line, says
 * `ready`, does the work once for every line `run name=number ...` on its input, answers `done operations=N ms=T ...` or
 * `failed TEXT`, and ends with its input; `absent TEXT` in the place of `ready` says what this machine lacks. Lines of
 * plain text, so that a program in any language can take part.
 */
import { createInterface } from 'node:readline';
import { isMainThread } from 'node:worker_threads';
import { Absent, type Completed, type Size } from './question.js';

/** One piece of work, prepared: actors are started, connections open. */
export interface Work {
  /** Does it once and counts what was completed. */
  readonly run: (size: Size) => Promise<Completed>;
  readonly stop?: () => Promise<void>;
}

/** Prepares a piece of work, for runs of this size. */
export type Prepare = (size: Size) => Promise<Work>;

/**
 * Serves the work that the command line names, in the main thread of the process; does nothing in other threads and when
 * the module is imported by another, so that executors can load it for its definitions.
 */
export function serve(module: string, works: Readonly<Record<string, Prepare>>): void {
  if (!isMainThread || process.argv[1] !== module) return;
  void main(works).catch((error: unknown) => {
    process.stdout.write(`${error instanceof Absent ? `absent ${error.message}` : failedLine(error)}\n`);
    process.exitCode = 1;
  });
}

async function main(works: Readonly<Record<string, Prepare>>): Promise<void> {
  const [name = '', size = ''] = process.argv.slice(2);
  const prepare = works[name];
  if (prepare === undefined) throw new Error(`no work named ${name}; there are: ${Object.keys(works).join(', ')}`);
  const work = await prepare(readSize(size));
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb = '', ...words] = line.trim().split(' ');
    if (verb !== 'run') continue;
    process.stdout.write(`${await work.run(readSize(words.join(' '))).then(writeDone, failedLine)}\n`);
  }
  await work.stop?.();
}

/** Reads `name=number` pairs. */
export function readSize(text: string): Size {
  const pairs = text.split(' ').flatMap((word) => {
    const at = word.indexOf('=');
    return at > 0 ? [[word.slice(0, at), Number(word.slice(at + 1))] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** Writes `name=number` pairs; a space in a name becomes `_`, and is read back as a space. */
export function writeSize(size: Size): string {
  return Object.entries(size)
    .map(([name, value]) => `${name.replaceAll(' ', '_')}=${value}`)
    .join(' ');
}

function writeDone(completed: Completed): string {
  return `done ${writeSize(completed)}`;
}

function failedLine(error: unknown): string {
  return `failed ${oneLine(error)}`;
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).replaceAll('\n', ' | ');
}
