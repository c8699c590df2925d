/** Which seeds a test runs, and the command that runs one of them again, alone. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkepError } from '#protocols/wire/error';
import { checkSeed } from './random.js';

/** Environment variable that limits every exploration and simulation of the process to one seed. */
const SEED_VARIABLE = 'SKEP_SEED';

/** Seeds in a row. */
export interface Seeds {
  readonly from: number;
  readonly count: number;
}

/** The seeds to run; one that is asked for by the environment is the only one. */
export function seedsOf({ seeds = 1_000, from = 1 }: { readonly seeds?: number; readonly from?: number }): Seeds {
  if (!Number.isSafeInteger(seeds) || seeds < 1)
    throw new SkepError('BAD_USAGE', `seeds is ${seeds}: expected a whole number from 1`, { seeds });
  checkSeed(from);
  checkSeed(from + seeds - 1);
  const asked = process.env[SEED_VARIABLE];
  if (asked === undefined || asked === '') return { from, count: seeds };
  if (!/^\d{1,15}$/.test(asked)) {
    const text = `${SEED_VARIABLE} is ${JSON.stringify(asked)}: expected a whole number of at most 15 digits`;
    throw new SkepError('BAD_USAGE', text);
  }
  return { from: Number(asked), count: 1 };
}

/** The shell command that runs a seed of a test file again. */
export function replayOf(seed: number, file: string | URL): string {
  return `${SEED_VARIABLE}=${seed} npm test -- ${nameOf(file)}`;
}

/** The file of whoever called `callee`; empty when it cannot be told. */
export function callingFile(callee: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callee);
  // With source maps the stack has paths, without them URLs.
  return /((?:file:\/\/)?\/[^\s()]+?):\d+:\d+/.exec(holder.stack ?? '')?.[1] ?? '';
}

function nameOf(file: string | URL): string {
  const text = String(file);
  return relative(process.cwd(), text.startsWith('file:') ? fileURLToPath(text) : text);
}
