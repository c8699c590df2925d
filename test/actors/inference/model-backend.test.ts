/** Backends that go down, do not load, hang, are swapped and unloaded: the model in front of them lives through it. */
import { ScriptedBackend, scriptedEntry } from '#actors/inference/scripted';
import { SkepError } from '#protocols/wire/error';
import t from 'tap';
import { modelUnderTest, readAll, words } from './support.js';

t.setTimeout(120_000);

t.test('what a backend held when it went down fails with a code; what waits is answered when it is up', async (t) => {
  const { system, model, backend, stats } = await modelUnderTest({ backend: { slots: 2, stepMs: 10, restartMs: 700 } });
  const all = Array.from({ length: 5 }, (_, n) => readAll(model.call('ask', { prompt: `${words(4)} ${n}` })));
  await system.until(() => backend.active === 2);
  await system.advance(15);
  backend.goDown('kill -9');
  const [one, two] = await Promise.all(all.slice(0, 2));
  t.match([one?.error, two?.error], [{ code: 'MODEL_FAILED' }, { code: 'MODEL_FAILED' }]);
  t.match(await model.call('health'), { live: true, ready: false, saturated: false, reason: /kill -9/ });
  const refused = await readAll(model.call('ask', { prompt: 'now?' }));
  t.match(refused.error, { code: 'MODEL_UNAVAILABLE' });
  t.ok(Number((refused.error as SkepError).facts['retryAfterMs']) > 0);
  const rest = await system.run(Promise.all(all.slice(2)));
  t.ok(rest.every(({ end }) => end?.finish === 'stop'));
  t.match(await model.call('health'), { ready: true });
  t.match(await stats(), { running: 0, waiting: 0, failed: { MODEL_FAILED: 2 }, finished: { stop: 3 } });
});

t.test('a backend that fails an answer before it says that it is gone gets nothing of what waits', async (t) => {
  const { system, model, backend, stats } = await modelUnderTest({
    backend: {
      slots: 1,
      stepMs: 10,
      answer: ({ prompt }) => (prompt === 'last words' ? { text: 'so', fails: 'MODEL_FAILED' } : 'fine'),
    },
  });
  const countPrompt = backend.countPrompt.bind(backend);
  let gone = false;
  backend.countPrompt = async (request) => {
    if (gone) throw new SkepError('MODEL_FAILED', 'its process has ended, and nobody has been told');
    return countPrompt(request);
  };
  const generate = backend.generate.bind(backend);
  backend.generate = async function* (work, signal) {
    if (gone) throw new SkepError('MODEL_FAILED', 'a request was given to a process that has ended');
    try {
      yield* generate(work, signal);
    } catch (error) {
      gone = true;
      throw error;
    }
  };
  const all = ['last words', 'a', 'b'].map((prompt) => readAll(model.call('ask', { prompt })));
  t.match((await all[0])?.error, { code: 'MODEL_FAILED' });
  await system.settle();
  t.match(await model.call('health'), { ready: false });
  gone = false;
  t.ok((await system.run(Promise.all(all.slice(1)))).every(({ text }) => text === 'fine'));
  t.match(await stats(), { failed: { MODEL_FAILED: 1 }, finished: { stop: 2 } });
});

t.test('a backend that does not come back by itself is opened anew', async (t) => {
  const { system, model, backends } = await modelUnderTest({ backend: { stepMs: 1 } });
  backends[0]?.goDown();
  await system.settle();
  await system.until(() => backends.length === 2, { withinMs: 90_000 });
  t.equal(backends[0]?.closed, true);
  t.equal((await readAll(model.call('ask', { prompt: 'back' }))).text, 'back');
});

t.test('a model that cannot be loaded for good says why, to health and to askers', async (t) => {
  const { model } = await modelUnderTest({
    open: async () => {
      throw new SkepError('MODEL_FILE_BAD', 'tiny.gguf is cut off', { path: 'tiny.gguf' });
    },
  });
  t.match(await model.call('health'), { live: false, ready: false, reason: 'MODEL_FILE_BAD: tiny.gguf is cut off' });
  t.match((await readAll(model.call('ask', { prompt: 'x' }))).error, { code: 'MODEL_FILE_BAD' });
  await t.rejects(model.call('embed', { texts: ['x'] }), { code: 'MODEL_FILE_BAD' });
});

t.test('one that cannot be loaded now is tried again, with growing pauses', async (t) => {
  let tries = 0;
  const { system, clock, model } = await modelUnderTest({
    open: async (_entry, _opened, time) => {
      tries += 1;
      if (tries < 4) throw new Error('no memory just now');
      return new ScriptedBackend({ clock: time });
    },
  });
  const refused = await readAll(model.call('ask', { prompt: 'x' }));
  t.match(refused.error, { code: 'MODEL_UNAVAILABLE', message: /no memory just now/ });
  t.ok(Number((refused.error as SkepError).facts['retryAfterMs']) <= 1_000);
  await system.until(() => tries === 4, { withinMs: 60_000 });
  t.equal(clock.now(), 7_000, 'after 1, 2 and 4 seconds');
  t.equal((await readAll(model.call('ask', { prompt: 'x' }))).text, 'x');
});

t.test('a backend that does not let go of what was aborted is replaced', async (t) => {
  const { system, model, backends } = await modelUnderTest({
    backend: { slots: 1, abortMs: 3_600_000, answer: ({ prompt }) => (prompt === 'hang' ? { hangs: true } : 'fine') },
  });
  const controller = new AbortController();
  const hanging = readAll(model.call('ask', { prompt: 'hang' }, { signal: controller.signal }));
  await system.until(() => backends[0]?.active === 1);
  const next = readAll(model.call('ask', { prompt: 'next' }));
  controller.abort();
  await hanging;
  t.equal((await next).text, 'fine');
  t.equal(backends.length, 2);
  t.equal(backends[0]?.closed, true);
});

t.test('an error without a code, and an answer without an end, are answers with a code', async (t) => {
  const { model } = await modelUnderTest({
    backend: {
      answer: ({ prompt }) => {
        if (prompt === 'throw') throw new Error('a defect of the backend');
        return { text: 'half', fails: 'PROVIDER_LIMITED' };
      },
    },
  });
  t.match((await readAll(model.call('ask', { prompt: 'throw' }))).error, { code: 'MODEL_FAILED', message: /a defect/ });
  t.match(await readAll(model.call('ask', { prompt: 'x' })), { text: 'half', error: { code: 'PROVIDER_LIMITED' } });
  t.match(await model.call('health'), { ready: true }, 'the actor lives');
});

t.test('a swap answers what is in hand with the old, and what waits and comes with the new', async (t) => {
  const { system, model, backends, stats } = await modelUnderTest({ backend: { slots: 1, stepMs: 10 } });
  const inHand = readAll(model.call('ask', { prompt: words(30) }));
  await system.until(() => backends[0]?.active === 1);
  const waiting = readAll(model.call('ask', { prompt: 'waits' }));
  await system.advance(5);
  const described = await model.call('swap', scriptedEntry({ name: 'newer' }));
  t.match(described, { name: 'newer', model: { name: 'newer' } });
  t.match((await waiting).end, { model: 'newer' });
  t.equal(backends[0]?.closed, false);
  t.match((await inHand).end, { model: 'scripted', usage: { output: 30 } });
  await system.settle();
  t.equal(backends[0]?.closed, true, 'closed when its last answer had ended');
  t.match(backends[1]?.works[0], { id: 'warm', maxTokens: 1 });
  t.match(await stats(), { running: 0, waiting: 0, finished: { stop: 2 } });
});

t.test('a swap gives the old one drainMs, and no longer', async (t) => {
  const { system, model, backends } = await modelUnderTest({
    backend: { answer: ({ prompt }) => (prompt === 'hang' ? { text: 'a', hangs: true } : 'b') },
    args: { serving: { drainMs: 2_000 } },
  });
  const hanging = readAll(model.call('ask', { prompt: 'hang' }));
  await system.until(() => backends[0]?.active === 1);
  await model.call('swap', scriptedEntry({ name: 'newer' }));
  t.match(await hanging, { text: 'a', error: { code: 'MODEL_UNAVAILABLE', message: /2000 ms/ } });
  await system.until(() => backends[0]?.closed === true, { withinMs: 10 });
  t.equal((await readAll(model.call('ask', { prompt: 'x' }))).text, 'b');
});

t.test('a swap that fails to load or to warm leaves the old one in its place', async (t) => {
  const { system, model, backends } = await modelUnderTest({
    open: async (entry, _opened, clock) => {
      if (entry.name === 'missing') throw new SkepError('MODEL_FILE_BAD', 'no such file');
      const answer = () => (entry.name === 'cold' ? { fails: 'OUT_OF_MEMORY' as const } : 'old');
      return new ScriptedBackend({ clock, name: entry.name, answer });
    },
  });
  await t.rejects(model.call('swap', scriptedEntry({ name: 'missing' })), { code: 'MODEL_FILE_BAD' });
  await t.rejects(model.call('swap', scriptedEntry({ name: 'cold' })), { code: 'OUT_OF_MEMORY' });
  t.equal(backends[1]?.closed, true, 'what was loaded in vain is given back');
  t.match(await readAll(model.call('ask', { prompt: 'x' })), { text: 'old', end: { model: 'scripted' } });
  await system.shutdown();
});

t.test('a request that was let in by a model with a larger context is told by the smaller one', async (t) => {
  const { system, model, backends } = await modelUnderTest({
    open: async (entry, _opened, clock) =>
      new ScriptedBackend({
        clock,
        name: entry.name,
        slots: 1,
        contextTokens: entry.name === 'small' ? 50 : 500,
        answer: ({ prompt }) => (prompt === 'hang' ? { hangs: true } : 'x'),
      }),
    args: { serving: { drainMs: 100 } },
  });
  const hanging = readAll(model.call('ask', { prompt: 'hang' }));
  await system.until(() => backends[0]?.active === 1);
  const large = readAll(model.call('ask', { prompt: words(200) }));
  await system.advance(1);
  await model.call('swap', scriptedEntry({ name: 'small' }));
  t.match((await large).error, { code: 'CONTEXT_OVERFLOW', facts: { contextTokens: 50 } });
  await hanging;
});

t.test('an idle model is unloaded after keepAliveMs and loaded once for all who ask then', async (t) => {
  let opens = 0;
  const { system, clock, model, backends } = await modelUnderTest({
    entry: { keepAliveMs: 10_000 },
    open: async (_entry, _opened, time) => {
      opens += 1;
      if (opens > 1) await new Promise<void>((resolve) => void time.after(300, resolve));
      return new ScriptedBackend({ clock: time, stepMs: 10 });
    },
  });
  await readAll(model.call('ask', { prompt: words(3) }));
  await system.advance(9_000);
  await model.call('count', { prompt: 'still wanted' });
  await system.advance(9_500);
  t.equal(backends[0]?.closed, false, 'each use counts');
  await system.advance(600);
  t.equal(backends[0]?.closed, true);
  t.match(await model.call('health'), { live: true, ready: false, reason: /unloaded/ });
  t.match(await model.call('info'), { model: null });
  const beganMs = clock.now();
  const all = await system.run(
    Promise.all(Array.from({ length: 8 }, (_, n) => readAll(model.call('ask', { prompt: `${n}` })))),
  );
  t.ok(all.every(({ end }) => end !== undefined));
  t.equal(opens, 2);
  t.ok(clock.now() - beganMs >= 300);
});

t.test('a drained model ends what it has, refuses what comes, and gives its memory back', async (t) => {
  const { system, model, backend } = await modelUnderTest({ backend: { slots: 1, stepMs: 10 } });
  const all = [readAll(model.call('ask', { prompt: words(5) })), readAll(model.call('ask', { prompt: words(6) }))];
  await system.until(() => backend.active === 1);
  model.cast('drain');
  await system.settle();
  t.match((await readAll(model.call('ask', { prompt: 'x' }))).error, { code: 'MODEL_UNAVAILABLE' });
  t.ok((await system.run(Promise.all(all))).every(({ end }) => end?.finish === 'stop'));
  await system.settle();
  t.equal(backend.closed, true);
  t.match(await model.call('health'), { live: false, ready: false });
});

t.test('a model that is stopped fails what it has and closes its backend', async (t) => {
  const { system, model, backend, clock } = await modelUnderTest({
    backend: { answer: () => ({ text: 'a', hangs: true }) },
  });
  const got = readAll(model.call('ask', { id: 'mine', prompt: 'x' }));
  const embedded = model.call('embed', { texts: ['x'] });
  await system.until(() => backend.active === 1);
  system.stopActor(model.address);
  t.match((await got).error, { code: 'ACTOR_STOPPED' });
  await embedded.catch(() => {});
  await system.settle();
  t.equal(backend.closed, true);
  t.equal(backend.active, 0);
  await system.advance(120_000);
  t.equal(clock.nextDueMs, undefined, 'no timer of it is left');
});

t.test('what it counts is in the report, by the names that vLLM has', async (t) => {
  const { system, model } = await modelUnderTest({ backend: { prefillMs: 10, stepMs: 20 } });
  await readAll(model.call('ask', { prompt: words(10) }));
  await readAll(model.call('ask', { prompt: words(10) }));
  await readAll(model.call('ask', { prompt: words(10), maxTokens: 1_000_000 }));
  const metrics = system.reports().flatMap((report) => report.metrics ?? []);
  const value = (name: string, labels: Record<string, string> = {}, suffix?: string): number | undefined =>
    metrics
      .find((metric) => metric.name === `skep_model_${name}`)
      ?.samples.find(
        (one) => one.suffix === suffix && Object.entries(labels).every(([key, want]) => one.labels[key] === want),
      )?.value;
  t.equal(value('num_requests_running'), 0);
  t.equal(value('ready'), 1);
  t.equal(value('request_success_total', { finished_reason: 'stop', model_name: 'scripted' }), 2);
  t.equal(value('admission_rejections_total', { code: 'CONTEXT_OVERFLOW' }), 1);
  t.equal(value('prefix_cache_queries_total'), 20);
  t.equal(value('prefix_cache_hits_total'), 9);
  t.equal(value('generation_tokens_total'), 20);
  t.equal(value('time_to_first_token_seconds', {}, '_count'), 2);
  t.equal(value('time_to_first_token_seconds', { le: '0.04' }, '_bucket'), 1, 'the second had its prompt cached');
  t.equal(value('inter_token_latency_seconds', { le: '0.025' }, '_bucket'), 18);
});

t.test('routers are told what is in the cache and how loaded it is', async (t) => {
  const { system, model, backend } = await modelUnderTest({
    backend: { slots: 2, answer: () => ({ hangs: true }) },
    entry: { maxTokens: 50 },
  });
  const controller = new AbortController();
  const held = Array.from({ length: 3 }, () =>
    readAll(model.call('ask', { prompt: 'x'.repeat(600) }, { signal: controller.signal })),
  );
  await system.until(() => backend.active === 2);
  await system.settle();
  const report = await model.call('replica');
  t.match(report, { replica: model.address, slots: 2, freeSlots: 0, decodeTokens: 100, full: false });
  t.equal(report.blocks.length, 2);
  t.equal(report.queueTokens, 125);
  controller.abort();
  await system.run(Promise.all(held));
});
