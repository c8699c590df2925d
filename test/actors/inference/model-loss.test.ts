/** Askers that cancel, run out of time, die, read slowly or come back: what their work costs then. */
import type { AnswerPart } from '#protocols/wire/inference';
import { type ActorAddress, defineActor } from '#runtime';
import { modelActor } from '#actors/inference/model';
import { STREAM_WINDOW } from '#runtime/executor/stream';
import t from 'tap';
import { modelUnderTest, readAll, words } from './support.js';

t.setTimeout(120_000);

const nothingHeld = { running: 0, waiting: 0, reading: 0, answers: 0, askers: 0 };

t.test('a request that is cancelled while it waits takes no slot', async (t) => {
  const { system, model, backend, stats } = await modelUnderTest({ backend: { slots: 1, stepMs: 10 } });
  const first = readAll(model.call('ask', { prompt: words(20) }));
  await system.until(() => backend.active === 1);
  const controller = new AbortController();
  const second = readAll(model.call('ask', { prompt: 'never' }, { signal: controller.signal }));
  await system.advance(50);
  controller.abort();
  t.match((await second).error, { code: 'CALL_CANCELLED' });
  t.ok((await first).end);
  t.same(
    backend.works.map(({ prompt }) => prompt),
    [words(20)],
  );
  t.match(await stats(), { ...nothingHeld, failed: { CALL_CANCELLED: 1 } });
});

t.test('one that is cancelled in a slot is let go within 100 ms, and the next gets the slot', async (t) => {
  const { system, clock, model, backend } = await modelUnderTest({
    backend: {
      slots: 1,
      answer: ({ prompt }) => (prompt === 'hang' ? { text: 'so', hangs: true } : 'next'),
      abortMs: 20,
    },
  });
  const controller = new AbortController();
  const hanging = readAll(model.call('ask', { prompt: 'hang' }, { signal: controller.signal }));
  const next = readAll(model.call('ask', { prompt: 'go on' }));
  await system.advance(1_000);
  t.equal(backend.active, 1);
  controller.abort();
  const beganMs = clock.now();
  await system.until(() => backend.works.length === 2, { withinMs: 100 });
  t.ok(clock.now() - beganMs <= 100);
  t.match(await hanging, { text: 'so', error: { code: 'CALL_CANCELLED' } });
  t.equal((await next).text, 'next');
});

t.test('an answer is cancelled by its id, and its reader is told', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { answer: () => ({ text: 'a b', hangs: true }) },
  });
  const got = readAll(model.call('ask', { id: 'mine', prompt: 'x' }));
  await system.until(() => backend.active === 1);
  model.cast('cancel', { id: 'mine' });
  model.cast('cancel', { id: 'unknown' });
  t.match(await got, { text: 'a b', error: { code: 'CALL_CANCELLED' } });
  await system.settle();
  t.equal(backend.active, 0);
});

t.test('a deadline ends a request in the queue and in the slot, with a code', async (t) => {
  const { system, clock, model, backend, stats } = await modelUnderTest({
    backend: { slots: 1, answer: () => ({ text: 'a', hangs: true }) },
  });
  const inSlot = readAll(model.call('ask', { prompt: 'first', deadlineMs: 500 }));
  await system.until(() => backend.active === 1);
  const waiting = readAll(model.call('ask', { prompt: 'second', deadlineMs: 300 }));
  t.match((await waiting).error, { code: 'CALL_TIMEOUT', facts: { timeoutMs: 300 } });
  t.equal(clock.now(), 300);
  t.match(await inSlot, { text: 'a', error: { code: 'CALL_TIMEOUT', facts: { timeoutMs: 500 } } });
  await system.settle();
  t.equal(backend.works.length, 1, 'the one that was late took no slot');
  t.match(await stats(), nothingHeld);
});

t.test('the deadline of the call is that of the request where it names none', async (t) => {
  const { system, model, backend } = await modelUnderTest({ backend: { answer: () => ({ hangs: true }) } });
  const got = readAll(model.call('ask', { prompt: 'x' }, { timeoutMs: 200 }));
  await system.until(() => backend.active === 1);
  t.ok((backend.works[0]?.timeLeftMs ?? 0) <= 200);
  t.match((await got).error, { code: 'CALL_TIMEOUT' });
  await system.settle();
  t.equal(backend.active, 0);
});

/** Asks and reads to the end, or asks, reads one part and keeps the rest for later. */
const asker = defineActor({
  name: 'asker',
  init: (args: { readonly model: ActorAddress }) => ({ ...args, kept: [] as AsyncIterator<AnswerPart>[] }),
  casts: {
    read: async (state, _message: undefined, ctx) => {
      await readAll(ctx.ref(modelActor, state.model).call('ask', { prompt: 'x' }));
    },
    keep: async (state, _message: undefined, ctx) => {
      const reader = ctx.ref(modelActor, state.model).call('ask', { prompt: 'x' })[Symbol.asyncIterator]();
      await reader.next();
      state.kept.push(reader);
    },
  },
});

t.test('the death of an asker ends its work, also where it had left its stream unread', async (t) => {
  for (const how of ['read', 'keep'] as const) {
    const { system, model, backend, stats } = await modelUnderTest({
      backend: { slots: 2, answer: () => ({ text: 'a b', hangs: true }) },
      definitions: [asker],
    });
    const ref = await system.spawn(asker, { model: model.address }, { restart: 'temporary' });
    for (let n = 0; n < 3; n += 1) ref.cast(how);
    await system.until(() => backend.active > 0);
    await system.advance(10);
    t.equal((await stats()).askers, 1, how);
    system.stopActor(ref.address);
    await system.until(() => backend.active === 0, { withinMs: 6_000 });
    await system.settle();
    t.match(await stats(), nothingHeld, how);
  }
});

t.test('a slow reader pauses its slot, and costs the model no more than what it is ahead', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { stepMs: 1, contextTokens: 100_000, answer: () => words(6_000) },
    entry: { maxTokens: 12_000 },
    args: { serving: { coalesceMs: 1, aheadCharacters: 500, graceMs: 600_000 } },
  });
  const reader = model.call('ask', { prompt: 'x' })[Symbol.asyncIterator]();
  const first = await reader.next();
  t.equal(first.done, false);
  await system.advance(60_000);
  const stoppedAt = backend.written;
  t.ok(stoppedAt < 2 * STREAM_WINDOW + 500, `${stoppedAt} tokens were written`);
  await system.advance(60_000);
  t.equal(backend.written, stoppedAt, 'it stands still');
  t.equal(backend.active, 1);
  let text = first.value?.type === 'text' ? first.value.text : '';
  for (let part = await reader.next(); part.done !== true; part = await reader.next())
    if (part.value.type === 'text') text += part.value.text;
  t.equal(text, words(6_000), 'and goes on without a gap');
});

t.test('a reader that never reads again gives its slot back after graceMs', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { stepMs: 1, contextTokens: 100_000, answer: () => words(6_000) },
    entry: { maxTokens: 12_000 },
    args: { serving: { coalesceMs: 1, aheadCharacters: 500, graceMs: 5_000 } },
  });
  const reader = model.call('ask', { prompt: 'x' })[Symbol.asyncIterator]();
  await reader.next();
  await system.advance(20_000);
  t.equal(backend.active, 0);
  const rest = await readAll({ [Symbol.asyncIterator]: () => reader });
  t.match(rest.error, { code: 'ANSWER_GONE' });
});

t.test('an answer with an id is taken up again behind any part, without a gap or a repetition', async (t) => {
  const whole = words(50);
  for (const had of [1, 3, 7, 11]) {
    const { system, model, backend, stats } = await modelUnderTest({
      backend: { stepMs: 2, answer: () => whole },
      args: { serving: { coalesceMs: 4, keptMs: 10_000 } },
    });
    const first = await readAll(model.call('ask', { id: 'mine', prompt: 'x' }), had);
    t.equal(first.parts.length, had);
    await system.advance(10);
    t.equal(backend.active, 1, 'the model goes on without a reader');
    const second = await readAll(model.call('resume', { id: 'mine', from: had }));
    t.equal(first.text + second.text, whole);
    t.same(
      [...first.parts, ...second.parts].map(({ seq }) => seq),
      Array.from({ length: had + second.parts.length }, (_, seq) => seq),
    );
    const again = await readAll(model.call('resume', { id: 'mine', from: 0 }));
    t.equal(again.text, whole, 'also when it has ended');
    t.equal(again.end?.finish, 'stop');
    await system.advance(10_000);
    t.match((await readAll(model.call('resume', { id: 'mine', from: 0 }))).error, { code: 'ANSWER_GONE' });
    t.match(await stats(), { ...nothingHeld, answersKept: 0, finished: { stop: 1 } });
  }
});

t.test('an answer that nobody takes up again is paused at its bound and given up after graceMs', async (t) => {
  const { system, model, backend, stats } = await modelUnderTest({
    backend: { stepMs: 1, contextTokens: 100_000, answer: () => words(5_000) },
    entry: { maxTokens: 5_000 },
    args: { serving: { aheadCharacters: 300, graceMs: 30_000, keptMs: 1_000 } },
  });
  await readAll(model.call('ask', { id: 'mine', prompt: 'x' }), 1);
  await system.advance(29_000);
  t.equal(backend.active, 1);
  t.ok(backend.written < 400, `${backend.written} tokens were written`);
  await system.advance(1_001);
  t.equal(backend.active, 0);
  t.match((await readAll(model.call('resume', { id: 'mine', from: 0 }))).error, { code: 'ANSWER_GONE' });
  await system.advance(1_000);
  t.match(await stats(), { ...nothingHeld, failed: { ANSWER_GONE: 1 } });
});

t.test('an id that is in use is refused, and one without an answer has none to take up', async (t) => {
  const { system, model, backend } = await modelUnderTest({ backend: { answer: () => ({ hangs: true }) } });
  const controller = new AbortController();
  const first = readAll(model.call('ask', { id: 'mine', prompt: 'x' }, { signal: controller.signal }));
  await system.until(() => backend.active === 1);
  t.match((await readAll(model.call('ask', { id: 'mine', prompt: 'y' }))).error, { code: 'BAD_MESSAGE' });
  t.match((await readAll(model.call('resume', { id: 'other', from: 0 }))).error, { code: 'ANSWER_GONE' });
  t.match((await readAll(model.call('resume', { id: 'mine', from: 5 }))).error, { code: 'BAD_MESSAGE' });
  controller.abort();
  await first;
});
