/**
 * Asking by way of a registry: a model that was swapped out between being found and being asked is looked for again, and
 * nothing that was read is ever asked for twice.
 */
import t, { type Test } from 'tap';
import { askModel, type FindModel } from '#actors/inference/client';
import type { AnswerPart } from '#protocols/wire/inference';
import { ActorSystem, defineActor, SkepError } from '#runtime';
import { eventually } from '#test/support/eventually';

const usage = { input: 1, cached: 0, output: 1 };
const timing = { queueMs: 0, prefillMs: 0, decodeMs: 0 };
const request = { prompt: 'x' };

/** A model whose answers fail at a part, the first so many times. */
async function flaky(
  t: Test,
  failsAt: number,
  times: number,
  code: 'MODEL_UNAVAILABLE' | 'MODEL_FAILED' | 'MODEL_BUSY',
) {
  const seen = { asked: 0, found: 0, ended: 0 };
  const fake = defineActor({
    name: 'skep.model',
    init: () => null,
    calls: {
      async *ask(): AsyncGenerator<AnswerPart> {
        seen.asked += 1;
        const fails = seen.asked <= times;
        try {
          for (let seq = 0; seq < 3; seq += 1) {
            if (fails && seq === failsAt) throw new SkepError(code, 'not now', { retryAfterMs: 1 });
            yield { type: 'text', seq, text: String(seq) };
          }
          yield { type: 'end', seq: 3, id: 'a', model: 'm', finish: 'stop', usage, timing };
        } finally {
          seen.ended += 1;
        }
      },
    },
  });
  const system = await ActorSystem.create({ definitions: [fake], log: { level: 'silent', format: 'json' } });
  t.teardown(() => system.shutdown());
  const ref = (await system.spawn(fake, undefined)) as unknown as Awaited<ReturnType<FindModel>>;
  const find: FindModel = () => {
    seen.found += 1;
    return Promise.resolve<Awaited<ReturnType<FindModel>>>(ref);
  };
  return { seen, find };
}

async function textOf(parts: AsyncIterable<AnswerPart>): Promise<string> {
  let text = '';
  for await (const part of parts) if (part.type === 'text') text += part.text;
  return text;
}

t.test('a model that is away when it is asked is found again, until it answers', async (t) => {
  const { find, seen } = await flaky(t, 0, 3, 'MODEL_UNAVAILABLE');
  t.equal(await textOf(askModel(find, {}, request)), '012');
  t.same([seen.found, seen.asked], [4, 4]);
});

t.test('what was read is not asked for again: a loss in the middle is an error', async (t) => {
  const { find, seen } = await flaky(t, 2, 1, 'MODEL_UNAVAILABLE');
  let text = '';
  const reading = (async () => {
    for await (const part of askModel(find, {}, request)) if (part.type === 'text') text += part.text;
  })();
  await t.rejects(reading, { code: 'MODEL_UNAVAILABLE' });
  t.equal(text, '01');
  t.equal(seen.asked, 1);
});

t.test('other failures are final', async (t) => {
  for (const code of ['MODEL_FAILED', 'MODEL_BUSY'] as const) {
    const { find, seen } = await flaky(t, 0, 1, code);
    await t.rejects(textOf(askModel(find, {}, request)), { code });
    t.equal(seen.asked, 1);
  }
  const unknown = new SkepError('MODEL_UNAVAILABLE', 'not installed');
  let found = 0;
  const find: FindModel = () => {
    found += 1;
    return Promise.reject(unknown);
  };
  await t.rejects(textOf(askModel(find, {}, request)), unknown, 'what cannot be had is not looked for again');
  t.equal(found, 1);
});

t.test('a deadline ends the tries, and an abort ends the waiting', async (t) => {
  const { find } = await flaky(t, 0, 1_000, 'MODEL_UNAVAILABLE');
  await t.rejects(textOf(askModel(find, {}, request, { timeoutMs: 10 })), { code: /CALL_TIMEOUT|MODEL_UNAVAILABLE/ });
  const never: FindModel = (_want, { signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(new SkepError('CALL_CANCELLED', 'gone')), { once: true });
    });
  const person = new AbortController();
  const asked = textOf(askModel(never, {}, request, { signal: person.signal }));
  person.abort();
  await t.rejects(asked, { code: 'CALL_CANCELLED' });
});

t.test('leaving the answer early ends it at the model', async (t) => {
  const { find, seen } = await flaky(t, 99, 0, 'MODEL_FAILED');
  for await (const part of askModel(find, {}, request)) if (part.seq === 0) break;
  await eventually('the generator of the model is closed', () => seen.ended === 1);
});
