/** Answers on a terminal and off it, and which model a text on the command line means. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import t from 'tap';
import { gatherAnswer, statsLine, terminalText, writePaced } from '#cli/inference/answer';
import { entryOfFile, modelTarget } from '#cli/inference/target';
import type { AnswerPart } from '#protocols/wire/inference';
import { eventually } from '#test/support/eventually';

const usage = { input: 12, cached: 4, output: 21 };
const timing = { queueMs: 3.21, prefillMs: 40, decodeMs: 2_000 };
const end: AnswerPart = { type: 'end', seq: 9, id: 'i', model: 'tiny', finish: 'stop', usage, timing };

async function* parts(...all: readonly AnswerPart[]): AsyncGenerator<AnswerPart> {
  yield* all;
}

t.test('an answer is its text in order, its calls and its end; without an end it is none', async (t) => {
  const call = { id: 'c', name: 'look', arguments: {} };
  const taken: string[] = [];
  const answer = await gatherAnswer(
    parts(
      { type: 'text', seq: 0, text: 'a' },
      { type: 'toolCall', seq: 1, call },
      { type: 'text', seq: 2, text: 'b' },
      end,
    ),
    (text) => void taken.push(text),
  );
  t.match(answer, { id: 'i', model: 'tiny', text: 'ab', toolCalls: [call], finish: 'stop', usage });
  t.same(taken, ['a', 'b']);
  t.equal(
    statsLine(answer),
    'tiny: 12 tokens in (4 cached), 21 out, queued 3.2 ms, first token 40 ms, 10.0 tokens/s, stop',
  );
  await t.rejects(gatherAnswer(parts({ type: 'text', seq: 0, text: 'a' })), { code: 'BAD_ANSWER' });
});

t.test('nothing that steers a terminal is left in what a terminal gets, and all other text is', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      const shown = terminalText(text);
      t.notMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      t.equal(terminalText(shown), shown);
    }),
  );
  t.equal(terminalText('tab\there\nand \u001b]0;title\u0007 ünï 日本'), 'tab\there\nand ]0;title ünï 日本');
});

t.test('writing waits for a slow reader, and not for one that has left', async (t) => {
  const slow = new PassThrough({ highWaterMark: 2 }) as unknown as NodeJS.WriteStream;
  let written = false;
  const writing = writePaced(slow, 'much').then(() => {
    written = true;
  });
  t.notOk(written);
  (slow as unknown as PassThrough).resume();
  await writing;
  const gone = new PassThrough({ highWaterMark: 2 });
  const waits = writePaced(gone as unknown as NodeJS.WriteStream, 'much');
  gone.destroy();
  await waits;
  await eventually('a stream that is gone takes no time', async () => {
    await writePaced(gone as unknown as NodeJS.WriteStream, 'more');
    return true;
  });
});

t.test('a path ends in .gguf or has a slash; a name has neither; anything else is a mistake', async (t) => {
  t.same(modelTarget(undefined), { type: 'default' });
  t.same(modelTarget('qwen-7b'), { type: 'name', name: 'qwen-7b' });
  t.match(modelTarget('x.gguf'), { type: 'file', path: /\/x\.gguf$/ });
  t.match(modelTarget('./model'), { type: 'file', path: /^\// });
  t.throws(() => modelTarget('qwen2.5'), { code: 'BAD_USAGE', message: /neither/ });
});

t.test('the name of a file becomes a name that a model may have', async (t) => {
  const cwd = t.testdir({ 'Qwen2.5 0.5B.Q4.gguf': '', '....gguf': '' });
  t.match(await entryOfFile(`${cwd}/Qwen2.5 0.5B.Q4.gguf`), {
    name: 'Qwen2-5-0-5B-Q4',
    backend: 'llama',
    sequences: 4,
  });
  t.match(await entryOfFile(`${cwd}/....gguf`, { sequences: 2, context: 64 }), {
    name: 'model',
    sequences: 2,
    contextTokens: 64,
  });
  await t.rejects(entryOfFile(`${cwd}/....gguf`, { name: 'a b' }), { code: 'BAD_USAGE', message: /^name: / });
  await t.rejects(entryOfFile(cwd), { code: 'PATH_UNREADABLE', message: /is no file/ });
});
