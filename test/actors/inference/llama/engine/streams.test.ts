/** Text out of tokens, needles in text, credit, the gate of prompts and the outbox: whatever the borders of parts are. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { Credit } from '#actors/inference/llama/engine/credit';
import { Outbox } from '#actors/inference/llama/engine/outbox';
import { PrefillGate } from '#actors/inference/llama/engine/prefill';
import { NeedleStream } from '#actors/inference/llama/engine/stops';
import { TextStream } from '#actors/inference/llama/engine/text';
import type { LlamaModel, Token } from '#actors/inference/llama/llama';
import { Parts } from '#actors/inference/llama/parts';
import { type Item, window } from '#actors/inference/llama/protocol';

/** A vocabulary in which each token is one byte. */
const bytes: Pick<LlamaModel, 'detokenize'> = {
  detokenize: (tokens) => Buffer.from(tokens as readonly number[]).toString('utf8'),
};
const tokensOf = (data: Uint8Array): Token[] => [...data] as Token[];

t.test('no half character comes out, wherever tokens cut a text', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-composite', maxLength: 40 }), (text) => {
      const stream = new TextStream(bytes, []);
      const whole = Buffer.from(text).toString('utf8');
      const parts = tokensOf(Buffer.from(text)).map((token) => stream.push(token));
      if (parts.some((part) => part.includes('\uFFFD') && !whole.includes('\uFFFD'))) return false;
      return parts.join('') + stream.end() === whole;
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
      const stream = new TextStream(bytes, []);
      const told =
        tokensOf(data)
          .map((token) => stream.push(token))
          .join('') + stream.end();
      return Buffer.from(told).toString() === told;
    }),
    { numRuns: 200 },
  );
  t.pass();
});

t.test('bytes that never become characters are held back only so far', async (t) => {
  const stream = new TextStream(bytes, []);
  let told = 0;
  for (let index = 0; index < 1_000; index += 1) told += stream.push(0xff as Token).length;
  t.ok(told >= 990, `${told} of 1000 came out`);
});

t.test('a needle is found across all borders, and what is no needle is not kept', async (t) => {
  const part = fc.stringMatching(/^[ab<>]{0,6}$/);
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 12 }),
      fc.array(fc.stringMatching(/^[ab<>]{1,4}$/), { maxLength: 3 }),
      (parts, needles) => {
        const all = parts.join('');
        const ends = needles
          .map((needle) => ({ at: all.indexOf(needle), end: all.indexOf(needle) + needle.length }))
          .filter(({ at }) => at !== -1)
          .sort((one, other) => one.end - other.end || one.at - other.at);
        const first = ends[0]?.at;
        const stream = new NeedleStream(needles);
        let text = '';
        for (const each of parts) {
          const found = stream.push(each);
          text += found.text;
          if (found.needle !== undefined) return text === all.slice(0, first);
        }
        return first === undefined && text + stream.end() === all;
      },
    ),
  );
  t.pass();
});

t.test('text that begins no needle is not held back', async (t) => {
  t.equal(new NeedleStream(['stop']).push('abc').text, 'abc');
  t.equal(new NeedleStream(['stop']).push('abst').text, 'ab');
});

t.test('credit pauses at its end, goes on when more is given, and is released by a cancel', async (t) => {
  const credit = new Credit(2);
  t.equal(credit.take(), undefined);
  t.equal(credit.take(), undefined);
  const paused = credit.take();
  t.ok(credit.isPaused);
  credit.give(2);
  await paused;
  t.notOk(credit.isPaused);
  t.equal(credit.take(), undefined);
  const again = credit.take();
  credit.release();
  await again;
});

t.test('prompts together never have more than the gate gives, and take turns', async (t) => {
  const gate = new PrefillGate(8);
  t.equal(await gate.take(5), 5);
  t.equal(await gate.take(5), 3);
  const order: string[] = [];
  const a = gate.take(4).then((tokens) => order.push(`a${tokens}`));
  const b = gate.take(9).then((tokens) => order.push(`b${tokens}`));
  gate.give(5);
  await Promise.all([a, b]);
  t.same(order, ['a4', 'b1']);
});

t.test('the first text of an answer goes at once, more of it is gathered, and its end takes all along', async (t) => {
  const sent: (readonly Item[])[] = [];
  const outbox = new Outbox((items) => void sent.push(items));
  outbox.text(1, 'a', 1);
  t.equal(sent.length, 1);
  outbox.text(1, 'b', 1);
  outbox.text(2, 'x', 1);
  outbox.text(1, 'c', 1);
  outbox.text(1, 'd', 1);
  t.equal(sent.length, 2, 'the first of another takes what was gathered with it');
  outbox.now({ type: 'failed', id: 1, error: { code: 'BAD_ANSWER', message: '' } });
  t.same(
    sent.flat().map((item) => ('text' in item ? `${item.id}${item.text}` : item.type)),
    ['1a', '1b', '2x', '1cd', 'failed'],
  );
});

t.test('a reader who does not read gives no credit; one who does gives back what was read', async (t) => {
  const given: number[] = [];
  const parts = new Parts(
    (tokens) => void given.push(tokens),
    () => undefined,
  );
  for (let index = 0; index < window; index += 1) parts.push({ type: 'text', text: 'x', tokens: 1 });
  t.same(given, []);
  const first = await parts.next();
  t.match(first.value, { type: 'text', text: 'x'.repeat(window), tokens: window });
  t.same(given, [window]);
});

t.test('tokens without text are told with the next text, and pay their credit while somebody reads', async (t) => {
  const given: number[] = [];
  const parts = new Parts(
    (tokens) => void given.push(tokens),
    () => undefined,
  );
  const next = parts.next();
  for (let index = 0; index < window / 4; index += 1) {
    parts.push({ type: 'text', text: '', tokens: 1 });
    await Promise.resolve();
  }
  await new Promise((resolve) => setImmediate(resolve));
  t.same(given, [window / 4]);
  parts.push({ type: 'text', text: 'y', tokens: 1 });
  t.match((await next).value, { type: 'text', text: 'y', tokens: window / 4 + 1 });
});

t.test('a reader who leaves is told once, and nothing is kept for them', async (t) => {
  const done: boolean[] = [];
  const parts = new Parts(
    () => undefined,
    (isComplete) => void done.push(isComplete),
  );
  parts.push({ type: 'text', text: 'x', tokens: 1 });
  await parts.return();
  parts.fail(new Error('later'));
  t.same(done, [false]);
  t.same(await parts.next(), { done: true, value: undefined });
});
