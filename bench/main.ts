/**
 * `npm run bench [name...] [-- --quick] [--json] [--out dir]`: runs the questions and writes `RESULTS.md` and
 * `results.json` into `bench/`, or into the folder given. `--quick` makes the work small, to see that a bench works; its
 * figures are not written unless a folder is named.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { auditExecutors } from './audit-executors.js';
import { auditKilled } from './audit-killed.js';
import { castsThreads } from './casts-threads.js';
import { durableIncrements } from './durable-increments.js';
import { executorDeath } from './executor-death.js';
import { idleActors } from './idle-actors.js';
import { routers } from './routers.js';
import { answer, type Answer, machine, type Question, renderResults } from './harness.js';

const questions: readonly Question[] = [
  auditExecutors,
  auditKilled,
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
const now = new Date();
const report = renderResults(answers, now);
process.stdout.write(values.json ? `${JSON.stringify({ machine: machine(), answers }, null, 2)}\n` : `${report}\n`);
const folder = values.out ?? (values.quick || positionals.length > 0 ? undefined : 'bench');
if (folder !== undefined) {
  await mkdir(resolve(folder), { recursive: true });
  await writeFile(join(folder, 'RESULTS.md'), report);
  await writeFile(
    join(folder, 'results.json'),
    `${JSON.stringify({ when: now.toISOString(), machine: machine(), answers }, null, 2)}\n`,
  );
}
