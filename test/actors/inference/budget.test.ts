/** Budgets: what is set aside is paid for, what is not used comes back, and parents pay too. */
import assert from 'node:assert/strict';
import { budgetSettings, TokenBudget } from '#actors/inference/budget';
import { SkepError } from '#protocols/wire/error';
import fc from 'fast-check';
import t from 'tap';

function budget(settings: object): TokenBudget {
  return new TokenBudget(budgetSettings.parse(settings));
}

t.test('a total is reserved at admission, settled at the end, and refused when it is spent', async (t) => {
  const spent = budget({ accounts: { alice: { totalTokens: 1_000 } } });
  const one = spent.reserve('alice', 600, 0);
  t.throws(() => spent.reserve('alice', 401, 0), {
    code: 'BUDGET_SPENT',
    facts: { account: 'alice', leftTokens: 400, tokens: 401, totalTokens: 1_000 },
  });
  spent.settle(one, 100, 0);
  spent.settle(one, 0, 0);
  t.ok(spent.reserve('alice', 900, 0), 'what was not used is there again, once');
  t.throws(() => spent.reserve('alice', 1, 0), { code: 'BUDGET_SPENT' });
  t.ok(spent.reserve('bob', 1_000_000, 0), 'nobody limits bob');
});

t.test('a minute fills evenly, and says when there is enough', async (t) => {
  const spent = budget({ others: { tokensPerMinute: 600 } });
  spent.reserve('a', 600, 0);
  t.throws(() => spent.reserve('a', 100, 0), { code: 'BUDGET_SPENT', facts: { retryAfterMs: 10_000, leftTokens: 0 } });
  t.throws(() => spent.reserve('a', 100, 9_999), { code: 'BUDGET_SPENT' });
  t.ok(spent.reserve('a', 100, 10_000));
  t.ok(spent.reserve('b', 600, 10_000), 'each has a bucket of its own');
  try {
    spent.reserve('a', 601, 10_000_000);
    t.fail('more than a minute holds is never there');
  } catch (error) {
    t.ok(error instanceof SkepError && error.code === 'BUDGET_SPENT' && error.facts['retryAfterMs'] === undefined);
  }
});

t.test('what an agent spends its parents spend: each on the way can refuse, and then nobody pays', async (t) => {
  const spent = budget({
    accounts: {
      team: { totalTokens: 100 },
      alice: { totalTokens: 80, parent: 'team' },
      bob: { totalTokens: 80, parent: 'team' },
    },
    others: { parent: 'team' },
  });
  spent.reserve('alice', 60, 0);
  t.throws(() => spent.reserve('bob', 60, 0), { code: 'BUDGET_SPENT', facts: { account: 'team', leftTokens: 40 } });
  const bobs = spent.reserve('bob', 40, 0);
  t.throws(() => spent.reserve('carol', 1, 0), { code: 'BUDGET_SPENT', facts: { account: 'team' } });
  spent.settle(bobs, 0, 0);
  t.ok(spent.reserve('carol', 40, 0), 'bob gave it back to the team');
});

t.test('a parent that is unknown or its own ancestor is refused at the start', async (t) => {
  t.throws(() => budget({ accounts: { a: { parent: 'b' } } }), { code: 'BAD_CONFIG' });
  t.throws(() => budget({ others: { parent: 'b' } }), { code: 'BAD_CONFIG' });
  t.throws(() => budget({ accounts: { a: { parent: 'b' }, b: { parent: 'a' } } }), { code: 'BAD_CONFIG' });
});

t.test('over any run of reservations that use no more than they reserve, no total is ever exceeded', async () => {
  const step = fc.record({
    agent: fc.constantFrom('a', 'b', 'c'),
    tokens: fc.integer({ min: 1, max: 50 }),
    used: fc.nat(50),
    end: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const spent = budget({
        accounts: { all: { totalTokens: 300 }, a: { totalTokens: 120, parent: 'all' } },
        others: { parent: 'all' },
      });
      const open: { agent: string; tokens: number; reservation: ReturnType<TokenBudget['reserve']>; used: number }[] =
        [];
      const used = { all: 0, a: 0 };
      for (const { agent, tokens, used: wanted, end } of steps) {
        const held = (who: (one: string) => boolean): number =>
          open.filter((each) => who(each.agent)).reduce((sum, each) => sum + each.tokens, 0);
        const fits =
          used.all + held(() => true) + tokens <= 300 &&
          (agent !== 'a' || used.a + held((one) => one === 'a') + tokens <= 120);
        try {
          const reservation = spent.reserve(agent, tokens, 0);
          assert.ok(fits, 'let in and paid for');
          open.push({ agent, tokens, reservation, used: Math.min(tokens, wanted) });
        } catch (error) {
          assert.ok(error instanceof SkepError && error.code === 'BUDGET_SPENT' && !fits);
        }
        const done = end ? open.shift() : undefined;
        if (done === undefined) continue;
        spent.settle(done.reservation, done.used, 0);
        used.all += done.used;
        if (done.agent === 'a') used.a += done.used;
      }
    }),
    { numRuns: 200 },
  );
});
