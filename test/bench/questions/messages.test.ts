/** The questions about messages: every contender that is installed does a small piece of the work, and all of it. */
import t, { type Test } from 'tap';
import { measure, type Measured } from '#bench/harness/measure';
import type { Question, Size } from '#bench/harness/question';
import { call, calls128 } from '#bench/questions/local/calls';
import { bounces, casts } from '#bench/questions/local/casts';
import { routers } from '#bench/questions/local/routers';
import { stream } from '#bench/questions/local/streams';
import { callThreads } from '#bench/questions/threads/calls';
import { castThreads, pingPongThreads } from '#bench/questions/threads/casts';
import { streamThreads } from '#bench/questions/threads/streams';
import { supervisorRestarts } from '#bench/questions/supervision/supervisor-restarts';

// Some forty processes, half of which are started while the others work.
t.setTimeout(120_000);

/** One run of each contender. */
const once = { forks: 1, warmups: 0, rounds: 1 };

function small(question: Question, quick: Size, count = question.contenders.length) {
  const contenders = question.contenders.slice(0, count);
  const { goals: _goals, ...rest } = question;
  const sizes = { full: question.sizes.full, quick };
  const asked = { ...rest, contenders, sizes, plans: { full: once, quick: once } };
  return measure(asked, { quick: true, signal: new AbortController().signal, say: () => {} });
}

async function allTakePart(t: Test, question: Question, size: Size, count?: number): Promise<readonly Measured[]> {
  const { contenders, figure } = await small(question, size, count);
  for (const { name, absent, measures } of contenders) {
    if (absent !== undefined) t.comment(`${question.name}: skipped ${name}: ${absent}`);
    else t.ok((measures[figure.measure]?.median ?? 0) > 0, `${question.name}: ${name}`);
  }
  t.equal(contenders[0]?.absent, undefined, `${question.name}: skep itself`);
  return contenders;
}

t.test('on one executor every contender completes the work that is asked for', async (t) => {
  await allTakePart(t, casts, { senders: 4, messages: 400 });
  for (const { name, absent, measures } of await allTakePart(t, call, { calls: 60 })) {
    const { 'p50 us': middle, 'p99 us': slow } = measures;
    t.ok(
      absent !== undefined || (middle && slow && 0 < middle.median && middle.median <= slow.median),
      `${name}: latency`,
    );
  }
  await allTakePart(t, calls128, { callers: 4, calls: 80 }, 1);
  await allTakePart(t, bounces, { pairs: 5, bounces: 8 });
  await allTakePart(t, stream, { values: 200 });
});

t.test('across threads every contender completes the work that is asked for', async (t) => {
  await allTakePart(t, castThreads, { senders: 4, messages: 400 });
  await allTakePart(t, callThreads, { calls: 60 });
  await allTakePart(t, pingPongThreads, { pairs: 1, bounces: 40 });
  await allTakePart(t, streamThreads, { values: 200 });
});

t.test('each way to a routee delivers all, and each crash of a child is one restart', async (t) => {
  const { contenders } = routers;
  const some = contenders.filter(({ name }) => ['skep, plain ref', 'skep, reliable', 'skep, broadcast'].includes(name));
  await allTakePart(t, { ...routers, contenders: some }, { deliveries: 160 });
  await allTakePart(t, supervisorRestarts, { restarts: 5 });
});

t.test('a contender that handles less than was asked for is refused', async (t) => {
  const more: Question = { ...casts, completes: ({ messages = 0 }) => messages + 1 };
  await t.rejects(small(more, { messages: 100 }, 1), /skep completed 100 of 101 messages/);
});
