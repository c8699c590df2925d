/** An answer between its model and its readers: no gap, nothing twice, bounded, and paused when nobody reads. */
import assert from 'node:assert/strict';
import { Answer, type AnswerBounds, type AnswerReader } from '#actors/inference/serving/answer';
import { Answers } from '#actors/inference/serving/answers';
import { servingSettings } from '#actors/inference/serving/settings';
import type { AnswerPart } from '#protocols/wire/inference';
import { SkepError } from '#protocols/wire/error';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import fc from 'fast-check';
import t from 'tap';

const bounds: AnswerBounds = { coalesceMs: 5, aheadCharacters: 1_000, keptCharacters: 100_000 };
const END = {
  type: 'end',
  id: 'x',
  model: 'm',
  finish: 'stop',
  usage: { input: 1, cached: 0, output: 1 },
  timing: { queueMs: 0, prefillMs: 0, decodeMs: 0 },
} as const;

function answerWith(changes: Partial<AnswerBounds> = {}, keeps = true) {
  const clock = new VirtualClock();
  const left: string[] = [];
  const answer = new Answer('x', keeps, clock, { ...bounds, ...changes }, ({ id }) => void left.push(id));
  return { clock, answer, left };
}

const text = (written: string) => ({ type: 'text', text: written }) as const;
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** What a promise has come to by now. */
async function now<T>(promise: Promise<T>): Promise<T | 'waits'> {
  await settle();
  return Promise.race([promise, Promise.resolve('waits' as const)]);
}

t.test('the first text is there at once; after it text is gathered for coalesceMs', async (t) => {
  const { clock, answer } = answerWith();
  const reader = answer.open(0);
  const first = reader.next();
  answer.push(text('a'));
  t.same(await now(first), { type: 'text', seq: 0, text: 'a' });
  answer.push(text('b'));
  const second = reader.next();
  answer.push(text('c'));
  t.equal(await now(second), 'waits');
  clock.advance(4);
  answer.push(text('d'));
  t.equal(await now(second), 'waits');
  clock.advance(1);
  t.same(await now(second), { type: 'text', seq: 1, text: 'bcd' });
  answer.push(text('e'));
  answer.push(END);
  t.same(await now(reader.next()), { type: 'text', seq: 2, text: 'e' }, 'nothing is waited for once it has ended');
  t.match(await now(reader.next()), { type: 'end', seq: 3 });
});

t.test('the model is paused when it is ahead of its reader, and goes on when it is read', async (t) => {
  const { clock, answer } = answerWith({ aheadCharacters: 200 });
  const reader = answer.open(0);
  answer.push(text('x'.repeat(100)));
  t.equal(answer.room(), undefined);
  answer.push(text('y'.repeat(100)));
  const room = answer.room();
  t.not(room, undefined);
  t.equal(await now((room as Promise<void>).then(() => 'goes on')), 'waits');
  clock.advance(10);
  await reader.next();
  t.equal(await now((room as Promise<void>).then(() => 'goes on')), 'goes on');
});

t.test(
  'an answer that fails gives what there is, then the error; one that ends frees a model that waits',
  async (t) => {
    const { answer } = answerWith({ aheadCharacters: 10 });
    const reader = answer.open(0);
    answer.push(text('before it'));
    const room = answer.room();
    answer.fail(new SkepError('MODEL_FAILED', 'gone'));
    answer.push(text('after it'));
    await room;
    t.same(await reader.next(), { type: 'text', seq: 0, text: 'before it' });
    await t.rejects(reader.next(), { code: 'MODEL_FAILED' });
    await t.rejects(answer.open(1).next(), { code: 'MODEL_FAILED' }, 'also for one that comes back');
  },
);

t.test('a second reader takes the answer from the first', async (t) => {
  const { answer, left } = answerWith();
  const first = answer.open(0);
  const waiting = first.next();
  const second = answer.open(0);
  await t.rejects(waiting, { code: 'CALL_CANCELLED' });
  t.same(left, [], 'it is still read');
  second.close();
  t.same(left, ['x']);
  t.equal(answer.read, false);
});

t.test('parts beyond what is kept are gone, with the first that is kept; parts to come are none yet', async (t) => {
  const { clock, answer } = answerWith({ keptCharacters: 500 });
  const reader = answer.open(0);
  for (let n = 0; n < 10; n += 1) {
    answer.push(text('z'.repeat(100)));
    await reader.next();
    clock.advance(5);
  }
  t.ok(answer.characters <= 500, `${answer.characters} characters`);
  t.throws(() => answer.open(0), { code: 'ANSWER_GONE', facts: { firstKept: 7 } });
  t.throws(() => answer.open(11), { code: 'BAD_MESSAGE' });
  t.match(await answer.open(7).next(), { seq: 7 });
  const unkept = answerWith({}, false);
  const only = unkept.answer.open(0);
  unkept.answer.push(text('once'));
  await only.next();
  t.equal(unkept.answer.characters, 0, 'one that nobody can take up again keeps nothing');
});

t.test('over any run of writes, reads and losses of readers, what is read is what was written', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), text: fc.string({ minLength: 1, maxLength: 30 }) }),
    fc.record({ do: fc.constant('read' as const) }),
    fc.record({ do: fc.constant('call' as const) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(8) }),
    /** The reader is gone and had only so many of the last parts. */
    fc.record({ do: fc.constant('lose' as const), lost: fc.nat(3) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, answer } = answerWith();
      const written: string[] = [];
      let parts: AnswerPart[] = [];
      let reader: AnswerReader = answer.open(0);
      for (const one of steps) {
        if (one.do === 'write') {
          written.push(one.text);
          answer.push(text(one.text));
        } else if (one.do === 'call') {
          written.push('<call>');
          answer.push({ type: 'toolCall', call: { id: 'c', name: 'f', arguments: {} } });
        } else if (one.do === 'wait') clock.advance(one.ms);
        else if (one.do === 'read') {
          if (typeof answer.part(parts.length) !== 'object') continue;
          parts.push(await reader.next());
        } else {
          reader.close();
          parts = parts.slice(0, Math.max(0, parts.length - one.lost));
          reader = answer.open(parts.length);
        }
      }
      answer.push(END);
      for (;;) {
        const part = await reader.next();
        parts.push(part);
        if (part.type === 'end') break;
      }
      assert.deepEqual(
        parts.map(({ seq }) => seq),
        parts.map((_, at) => at),
      );
      const read = parts.map((part) => (part.type === 'text' ? part.text : part.type === 'toolCall' ? '<call>' : ''));
      assert.equal(read.join(''), written.join(''));
    }),
    { numRuns: 150 },
  );
});

t.test('answers with an id are kept within number, size and time; those without are not', async (t) => {
  const clock = new VirtualClock();
  const settings = servingSettings.parse({ keptAnswers: 2, keptCharacters: 1_000, keptMs: 5_000 });
  const answers = new Answers(clock, settings, () => {});
  const ended = (id: string | undefined, size = 10): void => {
    const answer = answers.open(id);
    answer.push(text('x'.repeat(size)));
    answer.push(END);
    answers.ended(answer);
  };
  ended(undefined);
  t.equal(answers.size, 0);
  for (const id of ['a', 'b', 'c']) ended(id);
  t.same([answers.get('a'), answers.kept], [undefined, 2], 'the first to end is the first to go');
  t.throws(() => answers.open('b'), { code: 'BAD_MESSAGE' });
  ended('large', 800);
  t.equal(answers.kept, 1);
  clock.advance(5_000);
  t.same([answers.kept, answers.size, clock.pending], [0, 0, 0]);
});
