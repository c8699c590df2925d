/** What is let in: the fit of the context with its numbers, when to come again, and the rate that says so. */
import { answerTokens, busyError, retryAfterMs } from '#actors/inference/queue/admission';
import { AnswerLength } from '#actors/inference/queue/answer-length';
import { RequestQueue } from '#actors/inference/queue/request-queue';
import { TokenRate } from '#actors/inference/queue/token-rate';
import t from 'tap';

t.test('prompt and answer must fit the context; a default shrinks to what fits, a wish does not', async (t) => {
  const fit = { promptTokens: 900, maxTokens: undefined, defaultTokens: 512, contextTokens: 1_000 };
  t.equal(answerTokens(fit), 100);
  t.equal(answerTokens({ ...fit, promptTokens: 100 }), 512);
  t.equal(answerTokens({ ...fit, maxTokens: 100 }), 100, 'to the last token');
  t.throws(() => answerTokens({ ...fit, maxTokens: 101 }), {
    code: 'CONTEXT_OVERFLOW',
    facts: { promptTokens: 900, maxTokens: 101, contextTokens: 1_000, excessTokens: 1 },
  });
  t.throws(() => answerTokens({ ...fit, promptTokens: 1_000 }), {
    code: 'CONTEXT_OVERFLOW',
    facts: { excessTokens: 1 },
  });
});

t.test('the rate is that of busy time, and newer work counts for more', async (t) => {
  const rate = new TokenRate();
  t.equal(rate.perSecond(0), undefined);
  rate.busy(true, 0);
  rate.done(1_000, 1_000);
  rate.busy(false, 1_000);
  const before = rate.perSecond(1_000) ?? 0;
  t.ok(Math.abs(before - 1_000) < 20, `${before} tokens a second`);
  t.equal(rate.perSecond(3_600_000), before, 'an idle hour says nothing');
  rate.busy(true, 3_600_000);
  for (let second = 1; second <= 120; second += 1) rate.done(100, 3_600_000 + second * 1_000);
  const after = rate.perSecond(3_720_000) ?? 0;
  t.ok(Math.abs(after - 100) < 25, `${after} tokens a second`);
});

t.test('who is refused is told when there will be room, from what waits and the measured rate', async (t) => {
  const queue = new RequestQueue({ requests: 4, tokens: 1_000 });
  const one = (id: string, weight: number) => ({
    id,
    agent: 'a',
    band: 2,
    arrivedMs: 0,
    deadlineMs: Number.POSITIVE_INFINITY,
    weight,
    cost: weight,
  });
  for (const id of ['1', '2', '3', '4']) queue.push(one(id, 200), 0);
  t.equal(retryAfterMs(queue, 100, undefined), 1_000, 'before anything was measured');
  t.equal(retryAfterMs(queue, 100, 100), 2_000, 'one of 200 tokens has to leave, at 100 a second');
  t.equal(retryAfterMs(queue, 700, 100), 5_000, '500 tokens have to leave');
  t.equal(retryAfterMs(queue, 100, 1_000_000), 50, 'not at once');
  t.equal(retryAfterMs(queue, 100, 0.001), 60_000, 'not in a year');
  t.match(busyError('m', queue, 100, 100), {
    code: 'MODEL_BUSY',
    facts: { model: 'm', retryAfterMs: 2_000, waitingRequests: 4, waitingTokens: 800 },
  });
});

t.test('an agent is charged what its answers were like, a new one what those of all were like', async (t) => {
  const lengths = new AnswerLength();
  t.equal(lengths.expected('a', 500), 500, 'nothing is known');
  for (let n = 0; n < 50; n += 1) lengths.ended('a', 40);
  t.equal(lengths.expected('a', 500), 40);
  t.equal(lengths.expected('a', 10), 10, 'never more than it may have');
  t.equal(lengths.expected('b', 500), 40);
  for (let n = 0; n < 50; n += 1) lengths.ended('b', 400);
  t.equal(lengths.expected('a', 500), 40);
  t.ok(lengths.expected('b', 500) > 390);
  for (let n = 0; n < 5_000; n += 1) lengths.ended(`agent ${n}`, 7);
  t.ok(lengths.expected('a', 500) < 40, 'who was not heard of for long is as good as new');
});
