/** Runs contenders as the harness does, each once and with little to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Completed, Question, Size } from '../../bench/harness/question.js';
import type { Test } from 'tap';

/** What became of the contenders of a question. */
interface Line {
  readonly question: string;
  readonly results: readonly { readonly name: string; readonly completed?: Completed; readonly absent?: string }[];
}

const program = fileURLToPath(new URL('../testdata/bench/contenders.js', import.meta.url));

/**
 * Each contender of these questions completes what the size asks for; a peer that is not installed is told of and
 * left out.
 */
export async function allComplete(t: Test, questions: readonly Question[], size: Size): Promise<void> {
  const args = [
    '-u',
    'NODE_OPTIONS',
    process.execPath,
    program,
    JSON.stringify(size),
    ...questions.map(({ name }) => name),
  ];
  const child = spawn('/usr/bin/env', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  t.equal(code, 0, 'no contender failed');
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  for (const question of questions) {
    const { results = [] } = lines.find((line) => line.question === question.name) ?? {};
    t.equal(results.length, question.contenders.length);
    for (const [index, { name, completed, absent }] of results.entries()) {
      if (completed === undefined) {
        t.not(index, 0, 'ours takes part');
        t.comment(`${name} takes no part in ${question.name}: ${absent}`);
        continue;
      }
      t.equal(completed.operations, question.completes(size), `${name} completed ${question.name}`);
      const { measure } = question.figure ?? { measure: 'ms' };
      t.ok((completed[measure] ?? 0) > 0, `${name} gives ${measure} for ${question.name}`);
    }
  }
}
