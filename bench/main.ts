/**
 * `npm run bench` and `skep bench`: runs benchmarks and writes `RESULTS.md` and `results.json`, or compares two results,
 * or takes CPU profiles of one. A benchmark that fails does not end the others; it is named at the end and the exit
 * code is 1.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benches } from './benches.js';
import { compare, renderCompared } from './harness/compare.js';
import { type Options, readOptions, usage, UsageError } from './harness/options.js';
import { type Passed, type PassOptions, partsOf, runPasses } from './harness/passes.js';
import { profile } from './harness/profile.js';
import { progressTo } from './harness/progress.js';
import { readResults, renderResults, type Results, withFresh, writeResults } from './harness/results.js';
import type { Bench, Section } from './harness/section.js';

const home = fileURLToPath(new URL('../../bench/', import.meta.url));

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, home);
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (options.compare !== undefined) return compareFiles(options.compare.saved, options.compare.current);
  const chosen = choose(options);
  if (options.list) {
    const width = Math.max(...chosen.map(({ name }) => name.length));
    for (const { name, suite, asks } of chosen)
      process.stdout.write(`${name.padEnd(width)}  ${suite.padEnd(11)}  ${asks}\n`);
    return 0;
  }
  return runAll(chosen, options);
}

/** The benchmarks that the options name: by their own name or by that of their suite. */
function choose({ names }: Options): readonly Bench[] {
  const known = new Set(benches.flatMap((bench) => [bench.name, bench.suite]));
  for (const name of names)
    if (!known.has(name))
      throw new UsageError(`no benchmark or suite is named ${name}; \`--list\` shows the ${benches.length} there are`);
  const wanted = new Set(names);
  return wanted.size === 0 ? benches : benches.filter((bench) => wanted.has(bench.name) || wanted.has(bench.suite));
}

async function runAll(chosen: readonly Bench[], options: Options): Promise<number> {
  const { quick } = options;
  const interrupted = new AbortController();
  const { signal } = interrupted;
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort(new Error(name)));
  const progress = progressTo(process.stderr, options.profile ? chosen.length : partsOf(chosen, quick));
  const { sections, failures } = options.profile
    ? await profileAll(chosen, resolve(options.profileTo), { quick, signal, progress })
    : await runPasses(chosen, { quick, signal, progress });
  progress.end();
  await report(sections, options);
  for (const { name, text } of failures) process.stderr.write(`${name} failed: ${text}\n`);
  if (signal.aborted) {
    process.stderr.write(
      `interrupted with ${sections.length} of ${chosen.length} begun; what was measured is written\n`,
    );
    return 130;
  }
  const lost = options.against === undefined ? 0 : await compareWith(options.against, { sections });
  return failures.length > 0 ? 1 : lost;
}

async function profileAll(
  chosen: readonly Bench[],
  to: string,
  { quick, signal, progress }: PassOptions,
): Promise<Passed> {
  const taken = chosen.map((bench) => ({
    ...bench,
    begin: () => ({
      parts: 1,
      part: ({ say }: { readonly say: (line: string) => void }) => profile(bench, to, { quick, signal, say }),
      section: () => undefined,
    }),
  }));
  return runPasses(taken, { quick, signal, progress });
}

/** Writes the files, and prints what was measured. */
async function report(sections: readonly Section[], options: Options): Promise<void> {
  if (options.profile || sections.length === 0) return;
  const fresh = { sections };
  process.stdout.write(options.json ? `${JSON.stringify(fresh, null, 2)}\n` : `${renderResults(fresh)}\n`);
  const names = benches.map(({ name }) => name);
  await writeResults(options.out, withFresh(await readResults(options.out), sections, names));
  process.stderr.write(`written: ${options.out} and RESULTS.md beside it\n`);
}

async function compareFiles(saved: string, current: string): Promise<number> {
  for (const file of [saved, current])
    if ((await readResults(file)).sections.length === 0) throw new UsageError(`${file} holds no results`);
  return compareWith(saved, await readResults(current));
}

/** Prints the comparison. @returns the exit code: 1 when something was lost. */
async function compareWith(saved: string, current: Results): Promise<number> {
  const rows = compare(await readResults(saved), current);
  process.stdout.write(`${renderCompared(rows)}\n`);
  return rows.some(({ lost }) => lost) ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 64;
}
