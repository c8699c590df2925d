/** The command line of the benchmarks. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** A command line that cannot be obeyed; the text says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `usage: npm run bench -- [name or suite...] [options]
       npm run bench -- compare SAVED.json [CURRENT.json]

Runs benchmarks, each contender in a process of its own, and writes RESULTS.md and results.json. All of them without a
name. Suites: savina, local, threads, nodes, memory, durability, supervision, start, simulation, sweeps,
load, jobs.

  --quick            small work and few rounds: to see that all works, in under four minutes
  --json             print the results as JSON
  --out FILE         the JSON file to write, with RESULTS.md beside it (bench/results.json)
  --against FILE     compare with saved results afterwards; exit code 1 when a ratio lost more than a tenth
  --profile          take CPU profiles of skep, one a thread, that open in DevTools, in the place of measuring
  --profile-to DIR   where to put them (bench-profiles)
  --list             show what there is
`;

/** What the command line says. */
export interface Options {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
  readonly profile: boolean;
  readonly profileTo: string;
  readonly out: string;
  readonly against?: string | undefined;
  readonly compare?: { readonly saved: string; readonly current: string };
}

/** Reads the command line. @throws UsageError when it makes no sense. */
export function readOptions(argv: readonly string[], home: string): Options {
  const { values, positionals } = parse(argv);
  const results = join(home, 'results.json');
  const out = resolve(values.out ?? results);
  if (!out.endsWith('.json'))
    throw new UsageError(`--out ${values.out}: expected the name of a file that ends in .json`);
  const [first, saved, current = results, ...more] = positionals;
  const comparing = first === 'compare';
  if (comparing && (saved === undefined || more.length > 0))
    throw new UsageError('compare: expected one or two files: `compare SAVED.json [CURRENT.json]`');
  return {
    ...values,
    names: positionals,
    profileTo: values['profile-to'],
    out,
    ...(comparing && saved !== undefined ? { compare: { saved, current } } : {}),
  };
}

function parse(argv: readonly string[]): ReturnType<typeof parseKnown> {
  try {
    return parseKnown(argv);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- the types of the values follow from the options
function parseKnown(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      profile: { type: 'boolean', default: false },
      'profile-to': { type: 'string', default: 'bench-profiles' },
      out: { type: 'string' },
      against: { type: 'string' },
    },
  });
}
