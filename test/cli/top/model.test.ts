/** From two looks at a cluster to what is shown: rates, sums, order, and what began again in between. */
import t from 'tap';
import { topModel } from '#cli/top/model';
import { busyCluster, definition, look, modelLine, report } from './sample.js';

t.test('counters of two looks become rates, summed over executors', async (t) => {
  const { before, now } = busyCluster();
  const model = topModel(now, before, 'rate');
  t.match(model, { nodes: 2, actors: 5, rate: 12_000, mailbox: 10_000, deadLetterCount: 1_502 });
  t.match(model.executors[0], { name: 'node-1/1', turns: 320, rate: 12_000, busy: 0.75, loopDelayMs: 2.25 });
  t.match(model.definitions, [{ name: 'counter', actors: 2, rate: 12_000, busy: 0.7, failed: 2, restarts: 1 }]);
  t.match(model.deadLetters, [
    { reason: 'mailbox-full', count: 1_500, rate: 750, latest: 'inc to node-1@k3f9/1/17' },
    { reason: 'late-reply', count: 2, rate: 1, latest: '' },
  ]);
  t.match(model.slowTurns, [{ executor: 'node-1/1', message: 'spin', agoMs: 5_000 }]);
});

t.test('without a look before there are counts and no rates', async (t) => {
  const model = topModel(busyCluster().now, undefined, 'rate');
  t.equal(model.rate, undefined);
  t.ok(model.executors.every(({ rate, turns, busy }) => [rate, turns, busy].every((value) => value === undefined)));
});

t.test('an executor that began again in between has no rate, rather than a negative one', async (t) => {
  const before = look({ a: [report(1, { uptimeMs: 90_000, processed: 5_000 }), report(2)] });
  const now = look({ a: [report(1, { uptimeMs: 500, processed: 10 }), report(2, { uptimeMs: 11_000, processed: 7 })] });
  const rows = topModel(now, before, 'name').executors;
  t.same(
    rows.map(({ name, rate }) => [name, rate]),
    [
      ['a/1', undefined],
      ['a/2', 7],
    ],
  );
});

t.test('rows are sorted by what was asked for, and by name as people count where they are even', async (t) => {
  const now = look({
    a: [10, 9, 2].map((id) => report(id, { actors: id === 9 ? 5 : 1, mailbox: id === 2 ? 3 : 0 })),
  });
  const order = (sort: 'rate' | 'mailbox' | 'actors' | 'name') =>
    topModel(now, undefined, sort).executors.map(({ name }) => name);
  t.same(order('name'), ['a/2', 'a/9', 'a/10']);
  t.same(order('rate'), ['a/2', 'a/9', 'a/10']);
  t.same(order('mailbox'), ['a/2', 'a/9', 'a/10']);
  t.same(order('actors'), ['a/9', 'a/2', 'a/10']);
});

t.test('a definition is one row for all executors, and one for each version', async (t) => {
  const counter = (actors: number, version = 1) => definition('counter', { actors, version, mailboxMax: actors });
  const now = look({
    a: [report(1, { definitions: [counter(2), counter(9, 2)] })],
    b: [report(1, { definitions: [counter(3)] })],
  });
  t.match(topModel(now, undefined, 'name').definitions, [
    { name: 'counter', actors: 5, mailboxMax: 3 },
    { name: 'counter v2', actors: 9 },
  ]);
});

t.test(
  'models of two looks: tokens become a rate, refusals a sum; one that began again has no negative rate',
  async (t) => {
    const at = (atMs: number, ...models: readonly ReturnType<typeof modelLine>[]) => look({}, { atMs, models });
    const figures = {
      generatedTokens: 500,
      promptTokens: 200,
      cachedTokens: 50,
      'rejected.MODEL_BUSY': 2,
      'rejected.BAD_SCHEMA': 1,
    };
    const now = at(2_000, modelLine({ running: 3, waiting: 2, waitingToLoad: 4, figures }), modelLine({ name: 'new' }));
    const before = at(1_000, modelLine({ figures: { ...figures, generatedTokens: 300 } }));
    t.match(topModel(now, before, 'rate').models, [
      { name: 'tiny@node-1', running: 3, slots: 4, waiting: 6, tokens: 200, cached: 0.25, rejected: 3 },
      { name: 'new@node-1', tokens: undefined, cached: undefined, rejected: 0 },
    ]);
    t.match(topModel(before, now, 'rate').models, [{ tokens: undefined }], 'no time has passed');
    const again = at(3_000, modelLine({ figures: { generatedTokens: 10 } }));
    t.match(topModel(again, now, 'rate').models, [{ tokens: 0 }]);
  },
);
