/** What `skep model bench` counts, against a model of numbers and a clock that the test turns. */
import t from 'tap';
import type { AnswerPart } from '#protocols/wire/inference';
import { type BenchLevel, benchLevels, levelsUpTo } from '#cli/inference/bench';

t.test('levels double up to the last, which is always there', async (t) => {
  t.same([1, 2, 4, 6].map(levelsUpTo), [[1], [1, 2], [1, 2, 4], [1, 2, 4, 6]]);
});

t.test('tokens of all askers over the time of the level; the warm-up does not count', async (t) => {
  let nowMs = 0;
  let running = 0;
  const prompts: string[] = [];
  async function* ask(prompt: string): AsyncGenerator<AnswerPart> {
    prompts.push(prompt);
    running += 1;
    // A pause: every asker of the level has begun before the first goes on.
    await new Promise((resolve) => setImmediate(resolve));
    const together = running;
    nowMs += 10 / together;
    yield { type: 'text', seq: 0, text: 'a' };
    nowMs += 90 / together;
    running -= 1;
    const usage = { input: 5, cached: 1, output: 10 };
    yield {
      type: 'end',
      seq: 1,
      id: 'x',
      model: 'm',
      finish: 'stop',
      usage,
      timing: { queueMs: 0, prefillMs: 0, decodeMs: 0 },
    };
  }
  const told: BenchLevel[] = [];
  const answers: string[] = [];
  const levels = await benchLevels({
    sequences: 2,
    rounds: 3,
    ask,
    nowMs: () => nowMs,
    onAnswer: (level, done, total) => void answers.push(`${level}:${done}/${total}`),
    onLevel: (level) => void told.push(level),
  });
  t.same(levels, told);
  t.match(levels[0], {
    sequences: 1,
    answers: 3,
    inputTokens: 15,
    cachedTokens: 3,
    outputTokens: 30,
    seconds: 0.3,
    gain: 1,
  });
  t.equal(levels[0]?.tokensPerSecond, 100);
  t.same(levels[0]?.firstTokenMs, { p50: 10, max: 10 });
  t.match(levels[1], { sequences: 2, answers: 6, outputTokens: 60 });
  t.ok((levels[1]?.gain ?? 0) > 1.5, `gain ${levels[1]?.gain}`);
  t.same(answers.slice(0, 3), ['1:1/3', '1:2/3', '1:3/3']);
  t.equal(answers.at(-1), '2:6/6');
  t.equal(new Set(prompts.slice(1).map((prompt) => prompt.slice(0, 3))).size, 6, 'no two askers share a beginning');
});
