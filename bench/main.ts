/**
 * `npm run bench [name...] [-- --quick] [--json] [--out dir]`: runs the questions and writes `RESULTS.md` and
 * `results.json` into `bench/`, or into the folder given, where answers to questions that were not asked stay as they
 * are. `--quick` makes the work small, to see that a bench works; its figures are not written unless a folder is named.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { auditExecutors } from './audit-executors.js';
import { auditKilled } from './audit-killed.js';
import { castsThreads } from './casts-threads.js';
import { durableIncrements } from './durable-increments.js';
import { executorDeath } from './executor-death.js';
import { idleActors } from './idle-actors.js';
import { callsNodes, castsNodes, deepCallsNodes } from './nodes.js';
import { routers } from './routers.js';
import { answer, type Answer, machine, type Question, renderResults } from './harness.js';

const questions: readonly Question[] = [
  auditExecutors,
  auditKilled,
  callsNodes,
  deepCallsNodes,
  castsNodes,
  castsThreads,
  durableIncrements,
  executorDeath,
  idleActors,
  routers,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const chosen = positionals.length === 0 ? questions : questions.filter(({ name }) => positionals.includes(name));
if (chosen.length === 0) {
  process.stderr.write(`no question of that name; there are: ${questions.map(({ name }) => name).join(', ')}\n`);
  process.exit(64);
}
const answers: Answer[] = [];
for (const question of chosen)
  answers.push(await answer(question, values.quick, (text) => void process.stderr.write(`${text}\n`)));
process.stdout.write(
  values.json ? `${JSON.stringify({ machine: machine(), answers }, null, 2)}\n` : `${renderResults(answers)}\n`,
);
const folder = values.out ?? (values.quick ? undefined : 'bench');
if (folder !== undefined) {
  await mkdir(resolve(folder), { recursive: true });
  const all = withEarlier(await earlierIn(folder), answers);
  await writeFile(join(folder, 'RESULTS.md'), renderResults(all));
  await writeFile(join(folder, 'results.json'), `${JSON.stringify({ answers: all }, null, 2)}\n`);
}

/** The answers that a folder holds; none when it holds no results. */
async function earlierIn(directory: string): Promise<readonly Answer[]> {
  const text = await readFile(join(directory, 'results.json'), 'utf8').catch(() => '{"answers":[]}');
  return (JSON.parse(text) as { readonly answers: readonly Answer[] }).answers;
}

/** New answers in the place of earlier ones, in the order of the questions. */
function withEarlier(earlier: readonly Answer[], fresh: readonly Answer[]): readonly Answer[] {
  const all = new Map([...earlier, ...fresh].map((each) => [each.question, each]));
  return questions.flatMap(({ name }) => all.get(name) ?? []);
}
