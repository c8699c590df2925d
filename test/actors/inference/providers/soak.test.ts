/**
 * Many requests at once against a server that draws its fault for each: every one of them ends, with the whole answer or
 * with a code and a part that is a beginning of it; and when all is over, nothing is held: the next requests get all places.
 * SKEP_ROUNDS makes it longer.
 */
import { SkepError } from '#protocols/wire/error';
import { Random } from '#runtime/testing/random';
import { anthropic } from '#test/support/providers/anthropic';
import { eventually } from '#test/support/eventually';
import { openai } from '#test/support/providers/openai';
import { type Reply, hangUp, plain, providerServer, stream } from '#test/support/providers/server';
import { type Speaker, eventsOf, textOf, work } from '#test/support/providers/speaker';
import t from 'tap';

const ROUNDS = Number(process.env['SKEP_ROUNDS'] ?? '1');
const CONNECTIONS = 4;
const pieces = ['Bees ', 'dance ', 'in ', 'the ', 'dark, ', 'überall.'];
const whole = pieces.join('');

/** A reply of a server that fails more often than not. */
function drawn(api: Speaker, random: Random): Reply {
  const text = api.answer(pieces, { input: 5, output: 9 });
  const cutAt = random.below(text.length);
  const chunkBytes = random.between(1, 200);
  return random.pick<Reply>([
    stream(text, { chunkBytes }),
    stream(text, { chunkBytes }),
    stream(text, { chunkBytes }),
    stream(text, { then: 'stall' }),
    stream(text.slice(0, cutAt), { then: 'cut', chunkBytes }),
    stream(text.slice(0, cutAt), { then: 'end' }),
    stream(text.slice(0, cutAt), { then: 'stall', chunkBytes }),
    stream(`${api.beginning(pieces.slice(0, 2))}data: {"broken\n\n`),
    plain(500, api.error(500, 'broken')),
    plain(529, api.error(529, 'overloaded'), { 'retry-after': '0' }),
    plain(429, api.error(429, 'slow down'), { 'retry-after-ms': '5' }),
    hangUp,
  ]);
}

const expectedCodes = new Set(['PROVIDER_FAILED', 'PROVIDER_LIMITED', 'BAD_ANSWER', 'CALL_CANCELLED', 'CIRCUIT_OPEN']);

for (const api of [openai, anthropic]) {
  t.test(`${api.name}: requests under faults end whole or with a code, and leave nothing behind`, async (t) => {
    const seed = Number(process.env['SKEP_SEED'] ?? '7');
    const random = new Random(seed);
    let healthy = false;
    const server = await providerServer(t, (response, seen) =>
      (healthy ? stream(api.answer(pieces)) : drawn(api, random))(response, seen),
    );
    const breaker = { failures: 40, openMs: 10, successes: 2, probes: 2, probeWaitMs: 5 };
    const options = { breaker, retry: { retries: 3, baseMs: 2, capMs: 20 } };
    const backend = await api.open(server.origin, {
      connections: CONNECTIONS,
      betweenPartsMs: 300,
      firstByteMs: 300,
      options,
    });
    const ends: Record<string, number> = {};
    const ask = async (abortAfterMs: number): Promise<void> => {
      let text = '';
      const signal = AbortSignal.timeout(abortAfterMs);
      try {
        for await (const event of backend.generate(work(), signal)) if (event.type === 'text') text += event.text;
        t.equal(text, whole);
        ends['whole'] = (ends['whole'] ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof SkepError) || !expectedCodes.has(error.code)) throw error;
        ends[error.code] = (ends[error.code] ?? 0) + 1;
        if (!whole.startsWith(text)) t.fail(`a part that is no beginning: ${text}`);
      }
    };
    for (let round = 0; round < 3 * ROUNDS; round += 1) {
      const requests = Array.from({ length: 12 }, () => ask(random.chance(0.2) ? random.between(1, 40) : 5_000));
      await Promise.all(requests);
    }
    t.comment(`seed ${seed}: ${JSON.stringify(ends)}, ${server.seen.length} requests`);
    t.ok((ends['whole'] ?? 0) > 0 && Object.keys(ends).length > 2, 'there were answers, and faults of several kinds');

    healthy = true;
    await eventually('the circuit closes', () =>
      eventsOf(backend).then(
        (events) => textOf(events) === whole,
        () => false,
      ),
    );
    await eventually('and all places are free', async () => {
      const answers = await Promise.allSettled(Array.from({ length: CONNECTIONS }, () => eventsOf(backend)));
      return answers.every(({ status }) => status === 'fulfilled');
    });
    await backend.close();
    await eventually('no connection is left', () => server.open() === 0);
  });
}
