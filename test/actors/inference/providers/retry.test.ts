/** The decision whether to try again: a table by class of failure, and the bounds of every wait. */
import { type FailureKind, failureClasses } from '#actors/inference/providers/failure-kind';
import { type FailedAttempt, decideRetry } from '#actors/inference/providers/retry';
import fc from 'fast-check';
import t from 'tap';

const first: FailedAttempt = {
  kind: 'server',
  retries: 0,
  usedOnce: false,
  delivered: false,
  timeLeftMs: Number.POSITIVE_INFINITY,
  serverWaitMs: undefined,
  chance: 0.5,
};

t.test('each class of failure is tried again as often as it may be', async (t) => {
  const retriesOf = (kind: FailureKind): number => {
    let retries = 0;
    while (decideRetry({ ...first, kind, retries, usedOnce: retries > 0 }).type === 'retry') retries += 1;
    return retries;
  };
  const counts = Object.fromEntries(Object.keys(failureClasses).map((kind) => [kind, retriesOf(kind as FailureKind)]));
  t.same(counts, {
    cancelled: 0,
    deadline: 0,
    closed: 0,
    circuit: 0,
    unsendable: 0,
    refused: 0,
    garbled: 1,
    'bad-answer': 1,
    stale: 3,
    connection: 3,
    timeout: 3,
    limited: 3,
    overloaded: 3,
    server: 3,
  });
});

t.test('the back-off is drawn from a range that doubles up to the cap', async (t) => {
  const delay = (retries: number, chance: number): unknown => {
    const policy = { retries: 9, baseMs: 1_000, capMs: 30_000 };
    return decideRetry({ ...first, retries, chance }, policy);
  };
  t.same(
    [0, 1, 2, 3, 4, 5, 6].map((retries) => delay(retries, 0.5)),
    [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000].map((delayMs) => ({ type: 'retry', delayMs })),
  );
  t.same(delay(3, 0), { type: 'retry', delayMs: 0 });
  t.same(
    decideRetry({ ...first, kind: 'stale' }),
    { type: 'retry', delayMs: 0 },
    'a stale connection is not waited for',
  );
});

t.test('nothing is tried again once the reader has a part of the answer', async (t) => {
  t.same(decideRetry({ ...first, delivered: true }), { type: 'give-up', why: 'delivered' });
});

t.test('what the server asks to wait is the least; above the cap the asker is told instead', async (t) => {
  const limited = { ...first, kind: 'limited' as const };
  t.same(decideRetry({ ...limited, serverWaitMs: 7_000 }), { type: 'retry', delayMs: 7_000 });
  t.same(decideRetry({ ...limited, serverWaitMs: 100 }), { type: 'retry', delayMs: 500 });
  t.same(decideRetry({ ...limited, serverWaitMs: 30_001 }), { type: 'give-up', why: 'wait-too-long' });
});

t.test('any decision: within the cap, never past the deadline, never more than the policy allows', async () => {
  const attempt = fc.record({
    kind: fc.constantFrom(...(Object.keys(failureClasses) as FailureKind[])),
    retries: fc.nat(6),
    usedOnce: fc.boolean(),
    delivered: fc.boolean(),
    timeLeftMs: fc.oneof(fc.double({ min: -10, max: 60_000, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
    serverWaitMs: fc.option(fc.nat(90_000), { nil: undefined }),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(attempt, (failed) => {
      const decision = decideRetry(failed);
      const may = failureClasses[failed.kind].retry !== 'never' && !failed.delivered && failed.retries < 3;
      if (decision.type === 'give-up') {
        const { serverWaitMs: wait = 0 } = failed;
        const once = failureClasses[failed.kind].retry === 'once' && failed.usedOnce;
        return !may || once || wait > 30_000 || failed.timeLeftMs <= Math.max(wait, 1_000 * 2 ** failed.retries);
      }
      const { delayMs } = decision;
      const bounded = delayMs >= (failed.serverWaitMs ?? 0) && delayMs <= 30_000 && delayMs < failed.timeLeftMs;
      return may && bounded;
    }),
    { numRuns: 1_000 },
  );
});
