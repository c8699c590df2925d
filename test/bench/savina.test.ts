/** Each of Savina's benchmarks, played once by everybody at a small size. Peers that are not installed here are skipped. */
import t from 'tap';
import { measure } from '#bench/harness/measure';
import { Absent, type Contender, type Question, type Size } from '#bench/harness/question';
import { savina } from '#bench/questions/savina/index';
import { pingPong } from '#bench/questions/savina/ping-pong';

const small: Readonly<Record<string, Size>> = {
  'ping-pong': { pings: 5, repeats: 2 },
  'thread-ring': { actors: 3, hops: 10, repeats: 2 },
  // More than a mailbox holds.
  counting: { messages: 12_000 },
  'fork-join-throughput': { actors: 2, messages: 12_000 },
  'fork-join-create': { actors: 1_100 },
  chameneos: { actors: 4, meetings: 25 },
  big: { actors: 3, pings: 20 },
  'bounded-buffer': { buffer: 6, producers: 3, consumers: 4, items: 20, repeats: 2 },
  'concurrent-dictionary': { actors: 2, messages: 50, writePercent: 50 },
  'dining-philosophers': { actors: 3, rounds: 20 },
  'skynet-100k': { leaves: 100 },
  skynet: { leaves: 10 },
};

/** Plays twice, because actors play every run; gives what was completed, or why it takes no part. */
async function playTwice(contender: Contender, size: Size): Promise<readonly number[] | Absent> {
  const { signal } = new AbortController();
  try {
    const running = await contender.start(size, { signal });
    try {
      return [(await running.run(size)).operations, (await running.run(size)).operations];
    } finally {
      await running.stop();
    }
  } catch (error) {
    if (error instanceof Absent) return error;
    throw error;
  }
}

t.test('every benchmark of the suite has a small size here', async (t) => {
  t.same(
    savina.map(({ name }) => name),
    Object.keys(small),
  );
});

for (const question of savina) {
  t.test(
    `${question.name}: everybody who plays it completes what its definition asks for, again and again`,
    async (t) => {
      const size = small[question.name] ?? {};
      const expected = question.completes(size);
      const played = await Promise.all(question.contenders.map((contender) => playTwice(contender, size)));
      for (const [index, result] of played.entries()) {
        const who = question.contenders[index]?.name ?? '';
        if (result instanceof Absent && who !== 'skep') t.pass(`${who} skipped: ${result.message}`);
        else t.same(result, [expected, expected], `${who} completes ${expected} ${question.counts}`);
      }
    },
  );
}

t.test('a benchmark that completes less than its question asks for is refused', async (t) => {
  const [ours] = pingPong.contenders;
  if (ours === undefined) throw new Error('the question has no contenders');
  const lazy: Contender = { name: 'skep', start: (_, options) => ours.start({ pings: 4 }, options) };
  const plan = { forks: 1, warmups: 0, rounds: 1 };
  const question: Question = { ...pingPong, contenders: [lazy], goals: [], plans: { full: plan, quick: plan } };
  const { signal } = new AbortController();
  const options = { quick: true, signal, say: () => {} };
  const { pings = 0, repeats = 0 } = question.sizes.quick;
  await t.rejects(measure(question, options), {
    message: `ping-pong: skep completed ${8 * repeats} of ${2 * pings * repeats} messages`,
  });
});
