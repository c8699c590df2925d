/**
 * Models that share memory: grouped by model against thrash, swapped after the longest wait, idle ones first. The plan is
 * pure, so whole days of requests run here on a clock of numbers.
 */
import fc from 'fast-check';
import t from 'tap';
import { planResidency, type Resident } from '#actors/inference/residency';

const MIB = 1_048_576;

function model(name: string, more: Partial<Resident> = {}): Resident {
  return {
    name,
    bytes: 100 * MIB,
    phase: 'absent',
    busy: false,
    lastUsedMs: 0,
    keepAliveMs: 0,
    waitingSinceMs: undefined,
    ...more,
  };
}

const plan = (models: readonly Resident[], roomMib: number, nowMs: number, switchAfterMs = 1_000) =>
  planResidency(models, { roomBytes: roomMib * MIB, switchAfterMs }, nowMs);

t.test('what fits is loaded, and what is ready is admitted to', async (t) => {
  t.same(plan([model('a', { waitingSinceMs: 0 }), model('b', { phase: 'ready', waitingSinceMs: 5 })], 100, 10), {
    moves: [
      { type: 'admit', name: 'b' },
      { type: 'load', name: 'a' },
    ],
    lookAtMs: undefined,
  });
});

t.test('an idle model gives way at once, the least recently used first, and no more than needed', async (t) => {
  const idle = [
    model('recent', { phase: 'ready', lastUsedMs: 9 }),
    model('old', { phase: 'ready', lastUsedMs: 1 }),
    model('wanted', { waitingSinceMs: 10 }),
  ];
  t.same(plan(idle, 0, 10).moves, [{ type: 'unload', name: 'old' }]);
});

t.test('a busy model is left alone until the wait is long enough, and then gives way', async (t) => {
  const busy = [model('busy', { phase: 'ready', busy: true }), model('wanted', { waitingSinceMs: 100 })];
  t.same(plan(busy, 0, 1_099), { moves: [], lookAtMs: 1_100 });
  t.same(plan(busy, 0, 1_100), { moves: [{ type: 'unload', name: 'busy' }], lookAtMs: undefined });
  const going = [model('busy', { phase: 'leaving', busy: true }), model('wanted', { waitingSinceMs: 100 })];
  t.same(plan(going, 0, 1_200), { moves: [], lookAtMs: undefined }, 'nothing more goes while enough is on its way out');
});

t.test('nothing is unloaded in vain: if all that may go is not enough, nothing goes', async (t) => {
  const models = [
    model('small', { phase: 'ready', bytes: 10 * MIB }),
    model('busy', { phase: 'ready', bytes: 90 * MIB, busy: true }),
    model('large', { waitingSinceMs: 0 }),
  ];
  t.same(plan(models, 0, 10), { moves: [], lookAtMs: 1_000 });
  t.same(plan(models, 0, 1_000).moves, [
    { type: 'unload', name: 'small' },
    { type: 'unload', name: 'busy' },
  ]);
});

t.test('one that would not fit alone is refused with what it needs and what there is', async (t) => {
  const models = [model('held', { phase: 'ready', bytes: 40 * MIB }), model('huge', { waitingSinceMs: 0 })];
  t.same(plan(models, 50, 1).moves, [{ type: 'refuse', name: 'huge', needBytes: 100 * MIB, haveBytes: 90 * MIB }]);
});

t.test('a younger one does not take the room that the oldest waits for; one behind HTTP needs none', async (t) => {
  const models = [
    model('busy', { phase: 'ready', busy: true }),
    model('large', { bytes: 150 * MIB, waitingSinceMs: 1 }),
    model('small', { bytes: 50 * MIB, waitingSinceMs: 2 }),
    model('remote', { bytes: 0, waitingSinceMs: 3 }),
  ];
  t.same(plan(models, 50, 10).moves, [{ type: 'load', name: 'remote' }]);
});

t.test('an idle model goes when its keep-alive is over, a busy one does not', async (t) => {
  const kept = { phase: 'ready', keepAliveMs: 500, lastUsedMs: 100 } as const;
  t.same(plan([model('a', kept)], 0, 599), { moves: [], lookAtMs: 600 });
  t.same(plan([model('a', kept)], 0, 600).moves, [{ type: 'unload', name: 'a' }]);
  t.same(plan([model('a', { ...kept, busy: true })], 0, 9_000), { moves: [], lookAtMs: undefined });
});

/** Requests that arrive in turn for models of which one fits at a time. */
interface Ask {
  readonly model: string;
  readonly atMs: number;
}

/** A model of the simulation. */
interface Simulated {
  phase: Resident['phase'];
  lastUsedMs: number;
  /** When the answer at work is done. */
  untilMs: number;
  /** Answers to come. */
  queue: number;
  readyAtMs: number;
  /** Since when each request waits for it to be ready. */
  readonly waiting: number[];
}

/** Runs requests against the plan: loading and each answer take their time, answers of one model one after another. */
function simulate(asks: readonly Ask[], { loadMs, answerMs, switchAfterMs }: Readonly<Record<string, number>>) {
  const names = [...new Set(asks.map((ask) => ask.model))];
  const models = new Map(
    names.map((name): readonly [string, Simulated] => [
      name,
      {
        phase: 'absent',
        lastUsedMs: 0,
        untilMs: 0,
        queue: 0,
        readyAtMs: 0,
        waiting: [],
      },
    ]),
  );
  const waits: number[] = [];
  let loads = 0;
  let next = 0;
  for (let nowMs = 0; waits.length < asks.length; nowMs += 1) {
    if (nowMs > 10_000_000) throw new Error('requests starve');
    for (; (asks[next]?.atMs ?? Infinity) <= nowMs; next += 1) models.get(asks[next]?.model ?? '')?.waiting.push(nowMs);
    for (const one of models.values()) {
      if (one.phase === 'loading' && nowMs >= one.readyAtMs) one.phase = 'ready';
      while (one.queue > 0 && nowMs >= one.untilMs) {
        one.queue -= 1;
        one.untilMs = nowMs + (answerMs ?? 0);
        one.lastUsedMs = one.untilMs;
      }
      if (one.phase === 'leaving' && one.queue === 0 && nowMs >= one.untilMs) one.phase = 'absent';
    }
    for (let settled = false; !settled; ) {
      const residents = [...models].map(([name, one]) =>
        model(name, {
          phase: one.phase,
          busy: one.queue > 0 || nowMs < one.untilMs,
          lastUsedMs: one.lastUsedMs,
          waitingSinceMs: one.waiting[0],
        }),
      );
      const held = residents.filter(({ phase }) => phase !== 'absent').length;
      if (held > 1) throw new Error('two models at once where one fits');
      const { moves } = plan(residents, 100 * (1 - held), nowMs, switchAfterMs);
      settled = moves.length === 0;
      for (const move of moves) {
        const one = models.get(move.name);
        if (one === undefined || move.type === 'refuse') throw new Error(`unexpected ${move.type}`);
        if (move.type === 'load') {
          loads += 1;
          one.phase = 'loading';
          one.readyAtMs = nowMs + (loadMs ?? 0);
        } else if (move.type === 'unload') one.phase = 'leaving';
        else {
          waits.push(...one.waiting.map((sinceMs) => nowMs - sinceMs));
          one.queue += one.waiting.splice(0).length;
        }
      }
    }
  }
  return { loads, longestWaitMs: Math.max(...waits) };
}

t.test('A B A B, all there at once, costs one load each and not one a request', async (t) => {
  const asks = Array.from({ length: 40 }, (_, index) => ({ model: index % 2 === 0 ? 'a' : 'b', atMs: 0 }));
  t.equal(simulate(asks, { loadMs: 50, answerMs: 10, switchAfterMs: 5_000 }).loads, 2);
});

t.test(
  'a steady mix swaps at most once in the longest wait, where first come first served swaps each time',
  async (t) => {
    const asks = Array.from({ length: 400 }, (_, index) => ({ model: index % 2 === 0 ? 'a' : 'b', atMs: index * 5 }));
    const { loads, longestWaitMs } = simulate(asks, { loadMs: 20, answerMs: 10, switchAfterMs: 500 });
    t.ok(loads <= 12, `${loads} loads for 400 requests in turn`);
    t.ok(longestWaitMs <= 4_500, `the longest waited ${longestWaitMs} ms for its model`);
  },
);

t.test(
  'whatever arrives, nobody starves, two never share the place of one, and loads stay below requests',
  async (t) => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ model: fc.constantFrom('a', 'b', 'c'), gapMs: fc.nat(30) }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.nat(200),
        (steps, switchAfterMs) => {
          let atMs = 0;
          const asks = steps.map(({ model: name, gapMs }) => ({ model: name, atMs: (atMs += gapMs) }));
          const { loads } = simulate(asks, { loadMs: 7, answerMs: 9, switchAfterMs });
          t.ok(loads <= asks.length);
        },
      ),
      { numRuns: 60 },
    );
  },
);

t.test('a plan that was carried out leaves nothing to do at the same instant', async (t) => {
  const residents = fc.array(
    fc.record({
      bytes: fc.nat(3).map((units) => units * 50 * MIB),
      phase: fc.constantFrom('absent' as const, 'loading' as const, 'ready' as const, 'leaving' as const),
      busy: fc.boolean(),
      lastUsedMs: fc.nat(100),
      keepAliveMs: fc.constantFrom(0, 40),
      waitingSinceMs: fc.option(fc.nat(100), { nil: undefined }),
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(residents, fc.nat(4), (parts, roomUnits) => {
      const before = parts.map((part, index) => model(`m${index}`, part));
      const { moves } = plan(before, roomUnits * 50, 100, 50);
      const after = new Map(before.map((one) => [one.name, one]));
      let room = roomUnits * 50;
      for (const { type, name } of moves) {
        const one = after.get(name) ?? model(name);
        if (type === 'load') room -= one.bytes / MIB;
        const phase = type === 'load' ? 'loading' : type === 'unload' ? 'leaving' : one.phase;
        const waiting = type === 'admit' || type === 'refuse' ? undefined : one.waitingSinceMs;
        after.set(name, { ...one, phase, waitingSinceMs: waiting, busy: one.busy || type === 'admit' });
      }
      t.ok(room >= 0, 'no more is loaded than fits');
      t.same(plan([...after.values()], room, 100, 50).moves, []);
    }),
    { numRuns: 300 },
  );
});
