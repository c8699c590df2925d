/** Vectors: calls that are shared, errors that are not, and a queue of their own. */
import t from 'tap';
import { modelUnderTest, readAll } from './support.js';

t.setTimeout(120_000);

t.test('requests of a few milliseconds share one call, and each gets its own vectors and tokens', async (t) => {
  const { system, model, backend } = await modelUnderTest({ backend: { embedMs: 20, dimensions: 4 } });
  const alone = await model.call('embed', { texts: ['one two', 'three'] });
  const replies = await system.run(
    Promise.all([
      model.call('embed', { texts: ['one two', 'three'] }),
      model.call('embed', { texts: ['four'] }),
      model.call('embed', { texts: ['five six seven'] }),
    ]),
  );
  t.equal(backend.batches.length, 2);
  t.equal(backend.batches[1]?.length, 4);
  t.same(replies[0]?.vectors, alone.vectors, 'the same text has the same vector in any company');
  t.same(
    replies.map(({ vectors }) => vectors.length),
    [2, 1, 1],
  );
  t.equal(
    replies.reduce((sum, { usage }) => sum + usage.input, 0),
    7,
    'the parts of the tokens add up',
  );
});

t.test('what comes during a call shares the next', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { embedMs: 100 },
    args: { serving: { batchTexts: 8 } },
  });
  const first = model.call('embed', { texts: ['first'] });
  await system.until(() => backend.batches.length === 1);
  const later = Array.from({ length: 20 }, (_, n) => model.call('embed', { texts: [`text ${n}`] }));
  await system.run(Promise.all([first, ...later]));
  t.same(
    backend.batches.map((texts) => texts.length),
    [1, 8, 8, 4],
  );
});

t.test('a text that the model refuses fails its own request only', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { embedFails: (text) => (text === 'poison' ? 'PROVIDER_REFUSED' : undefined) },
  });
  const outcomes = await system.run(
    Promise.allSettled([
      model.call('embed', { texts: ['fine'] }),
      model.call('embed', { texts: ['poison'] }),
      model.call('embed', { texts: ['fine too'] }),
    ]),
  );
  t.same(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.match(outcomes[1], { reason: { code: 'PROVIDER_REFUSED' } });
  t.equal(backend.batches.length, 4, 'together, then each alone');
});

t.test('vectors wait for no answer, and a deadline ends what waits for vectors', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { slots: 1, embedMs: 500, answer: () => ({ hangs: true }) },
    args: { serving: { batchTexts: 1 } },
  });
  const controller = new AbortController();
  const held = readAll(model.call('ask', { prompt: 'x' }, { signal: controller.signal }));
  await system.until(() => backend.active === 1);
  const first = model.call('embed', { texts: ['a'] });
  await system.until(() => backend.batches.length === 1);
  const late = model.call('embed', { texts: ['b'], deadlineMs: 300 });
  await t.rejects(late, { code: 'CALL_TIMEOUT' });
  t.equal((await first).vectors.length, 1);
  await system.settle();
  t.same(backend.batches, [['a']], 'the late one was never computed');
  controller.abort();
  await held;
});

t.test('a queue that is full refuses, and a backend that goes down fails the call with a code', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { embedMs: 1_000, restartMs: 100 },
    entry: { queueRequests: 2 },
    args: { serving: { batchTexts: 1 } },
  });
  const calls = Array.from({ length: 4 }, (_, n) => model.call('embed', { texts: [`${n}`] }));
  const outcomes = Promise.allSettled(calls);
  await system.until(() => backend.batches.length === 1);
  backend.goDown();
  const results = await system.run(outcomes);
  const codes = results.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'answered'));
  t.equal(codes.filter((code) => code === 'MODEL_BUSY').length, 2, String(codes));
  t.equal(codes.filter((code) => code === 'MODEL_FAILED').length, 1, String(codes));
  t.equal(codes.filter((code) => code === 'answered').length, 1, 'the one that waited was computed when it was up');
});

t.test('a model without vectors says so', async (t) => {
  const { model } = await modelUnderTest({ backend: { dimensions: 0 } });
  await t.rejects(model.call('embed', { texts: ['x'] }), { code: 'BAD_MESSAGE', message: /embedding/ });
});
