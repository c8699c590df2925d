/** Runs contenders as the harness does, each once and with little to do. */
import type { Test } from 'tap';
import { Absent, type Completed, type Contender, type Question, type Size } from '../../bench/harness/question.js';

/** Each contender of a question completes what the size asks for; a peer that is not installed is told of and left out. */
export async function allComplete(t: Test, question: Question, size: Size): Promise<void> {
  const { measure } = question.figure ?? { measure: 'ms' };
  await Promise.all(
    question.contenders.map(async (contender, index) => {
      const completed = await once(t, contender, size, index > 0);
      if (completed === undefined) return;
      t.equal(completed.operations, question.completes(size), `${contender.name} completed ${question.name}`);
      t.ok((completed[measure] ?? 0) > 0, `${contender.name} gives ${measure} for ${question.name}`);
    }),
  );
}

async function once(t: Test, contender: Contender, size: Size, mayBeAbsent: boolean): Promise<Completed | undefined> {
  const ended = new AbortController();
  t.teardown(() => ended.abort());
  try {
    const running = await contender.start(size, { signal: ended.signal });
    const completed = await running.run(size);
    await running.stop();
    return completed;
  } catch (error) {
    if (!(error instanceof Absent) || !mayBeAbsent) throw error;
    t.comment(`${contender.name} takes no part: ${error.message}`);
    return undefined;
  }
}
