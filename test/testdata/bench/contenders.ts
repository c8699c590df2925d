/**
 * Runs each contender of some questions once, as the harness does, and writes a line of JSON for each. A program of its
 * own, because the test runner loads modules into every process that a test starts, and into all threads of it, which
 * here would take more time than the work.
 */
import { Absent, type Contender, type Size } from '../../../bench/harness/question.js';
import { nodesQuestions } from '../../../bench/questions/nodes/index.js';
import { startQuestions } from '../../../bench/questions/start/index.js';

const [sizeText = '{}', ...names] = process.argv.slice(2);
const size = JSON.parse(sizeText) as Size;
const ended = new AbortController();

async function once({ name, start }: Contender): Promise<object> {
  try {
    const running = await start(size, { signal: ended.signal });
    const completed = await running.run(size);
    await running.stop();
    return { name, completed };
  } catch (error) {
    if (error instanceof Absent) return { name, absent: error.message };
    throw error;
  }
}

try {
  for (const question of [...nodesQuestions, ...startQuestions]) {
    if (!names.includes(question.name)) continue;
    const results = await Promise.all(question.contenders.map(once));
    process.stdout.write(`${JSON.stringify({ question: question.name, results })}\n`);
  }
} finally {
  ended.abort();
}
