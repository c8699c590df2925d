/** The queue of a model: bounds, order, ageing, deadlines, and the promise that nobody starves. */
import assert from 'node:assert/strict';
import type { Queued } from '#actors/inference/queue/request';
import { type QueueOptions, RequestQueue } from '#actors/inference/queue/request-queue';
import { chanceOf, nextChance } from '#protocols/chance';
import fc from 'fast-check';
import t from 'tap';

let made = 0;
function request(facts: Partial<Queued> = {}): Queued {
  const { weight = 100 } = facts;
  return {
    id: String((made += 1)),
    agent: 'a',
    band: 2,
    arrivedMs: 0,
    deadlineMs: Number.POSITIVE_INFINITY,
    weight,
    cost: facts.cost ?? weight,
    ...facts,
  };
}

const roomy: QueueOptions = { requests: 100_000, tokens: 100_000_000 };

t.test('over any run the bounds hold, and nothing is lost or served twice', async () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('push' as const),
        agent: fc.constantFrom('a', 'b', 'c'),
        band: fc.nat(4),
        weight: fc.integer({ min: 1, max: 400 }),
        deadlineIn: fc.option(fc.integer({ min: 1, max: 2_000 })),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), real: fc.nat(500) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(900) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new RequestQueue({ requests: 12, tokens: 1_500, quantum: 64, ageMs: 500, patienceMs: 1_000 });
      const waiting = new Map<string, Queued>();
      let nowMs = 0;
      for (const one of steps) {
        if (one.do === 'wait') nowMs += one.ms;
        else if (one.do === 'push') {
          const { agent, band, weight, deadlineIn } = one;
          const deadlineMs = deadlineIn === null ? Number.POSITIVE_INFINITY : nowMs + deadlineIn;
          const pushed = request({ agent, band, weight, arrivedMs: nowMs, deadlineMs });
          if (queue.push(pushed, nowMs)) waiting.set(pushed.id, pushed);
          else assert.ok(waiting.size === 12 || queue.tokens + weight > 1_500, 'refused only at a bound');
        } else if (one.do === 'remove') {
          const id = [...waiting.keys()][one.which % Math.max(1, waiting.size)];
          if (id !== undefined) assert.equal(queue.remove(id)?.id, id);
          if (id !== undefined) waiting.delete(id);
        } else {
          for (const late of queue.expired(nowMs)) {
            assert.ok(late.deadlineMs <= nowMs);
            assert.ok(waiting.delete(late.id), 'expired once');
          }
          const taken = queue.take(nowMs);
          assert.equal(taken === undefined, waiting.size === 0);
          if (taken === undefined) continue;
          assert.ok(taken.request.deadlineMs > nowMs, 'what is late takes no slot');
          assert.ok(waiting.delete(taken.request.id), 'served once');
          queue.settle(taken, one.real);
        }
        assert.equal(queue.size, waiting.size);
        assert.equal(
          queue.tokens,
          [...waiting.values()].reduce((sum, { weight }) => sum + weight, 0),
        );
        assert.ok(queue.size <= 12 && (queue.tokens <= 1_500 || queue.size === 1));
      }
      assert.equal(queue.drain().length, waiting.size);
      assert.deepEqual([queue.size, queue.tokens, queue.nextDeadlineMs], [0, 0, Number.POSITIVE_INFINITY]);
    }),
    { numRuns: 200 },
  );
});

t.test('a request that is larger than the bound of tokens may wait alone', async (t) => {
  const queue = new RequestQueue({ requests: 10, tokens: 100 });
  t.equal(queue.push(request({ weight: 5_000 }), 0), true);
  t.same(queue.excess(1), { requests: 0, tokens: 4_901 });
  t.equal(queue.push(request({ weight: 1 }), 0), false);
});

t.test('a higher band goes first, and an agent that is not served moves up by a band each ageMs', async (t) => {
  const queue = new RequestQueue({ ...roomy, ageMs: 1_000 });
  const patient = request({ band: 4, agent: 'patient' });
  queue.push(patient, 0);
  for (const [atMs, band] of [
    [500, 4],
    [1_500, 3],
    [2_500, 2],
    [3_999, 1],
  ] as const) {
    // One of the band just above goes first, whenever it comes.
    queue.push(request({ band: band - 1, agent: 'other', arrivedMs: atMs }), atMs);
    const taken = queue.take(atMs);
    t.match(taken, { request: { agent: 'other' }, band: band - 1 }, `at ${atMs} ms it is in band ${band}`);
  }
  queue.push(request({ band: 0, agent: 'other', arrivedMs: 4_000 }), 4_000);
  t.match(
    [queue.take(4_000), queue.take(4_000)].map((taken) => taken?.band),
    [0, 0],
    'in band 0 with the first',
  );
});

t.test(
  'requests that wait for others of their agent do not climb: a flood gets no band that is not its own',
  async (t) => {
    const queue = new RequestQueue({ ...roomy, ageMs: 2_500, quantum: 100 });
    for (let n = 0; n < 50; n += 1) queue.push(request({ agent: 'flood' }), 0);
    for (let second = 0; second < 20; second += 1) {
      queue.push(request({ agent: 'light', arrivedMs: second * 1_000 }), second * 1_000);
      const two = [queue.take(second * 1_000), queue.take(second * 1_000 + 500)];
      t.same(
        two.map((taken) => taken?.band),
        [2, 2],
      );
      t.same(new Set(two.map((taken) => taken?.request.agent)), new Set(['flood', 'light']));
    }
  },
);

t.test('one that gives up on its way up leaves the way that it made to the next of its agent', async (t) => {
  const queue = new RequestQueue({ ...roomy, ageMs: 1_000 });
  const first = request({ agent: 'low', band: 4 });
  const second = request({ agent: 'low', band: 4 });
  queue.push(first, 0);
  queue.push(second, 0);
  const busy = (atMs: number): unknown => {
    queue.push(request({ agent: 'high', band: 0, arrivedMs: atMs }), atMs);
    return queue.take(atMs);
  };
  t.match(busy(3_500), { request: { agent: 'high' } });
  queue.remove(first.id);
  t.match(busy(3_600), { request: { agent: 'high' } });
  t.match(queue.take(3_600), { request: { id: second.id }, band: 1 });
});

t.test('within an agent the earliest deadline goes first; without one it is patienceMs after arrival', async (t) => {
  const queue = new RequestQueue({ ...roomy, patienceMs: 1_000, ageMs: 1_000_000 });
  const none = request({ arrivedMs: 0 });
  queue.push(none, 0);
  queue.push(request({ id: 'far', deadlineMs: 5_000 }), 0);
  queue.push(request({ id: 'soon', arrivedMs: 10, deadlineMs: 400 }), 10);
  queue.push(request({ id: 'sooner', arrivedMs: 20, deadlineMs: 300 }), 20);
  const order = Array.from({ length: 4 }, () => queue.take(20)?.request.id);
  t.same(order, ['sooner', 'soon', none.id, 'far'], 'and of equals the one that came first');
});

t.test('an agent that waits in a band is served one of its requests within the bound that is promised', async () => {
  const options = { requests: 60, tokens: 3_000, quantum: 200, ageMs: 1_000, patienceMs: 2_000 };
  const most = 200;
  const agents = 5;
  // docs/inference/queue.md: until its most urgent is in band 0 and nothing later of its agent can pass it, and then a
  // round for each quantum of what is before it, in which each agent is served a quantum and a request.
  const roundMs = agents * (options.quantum + most);
  const inTopMs = (Math.ceil((options.tokens + most) / options.quantum) + 1) * roundMs + most;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
      const queue = new RequestQueue(options);
      /** When the requests of an agent in a band were served last, or began to wait. */
      const since = new Map<string, number>();
      const waiting = new Map<string, number>();
      let state = seed;
      const chance = (limit: number): number => chanceOf((state = nextChance(state)), limit);
      let nowMs = 0;
      for (let turn = 0; turn < 1_500; turn += 1) {
        for (let n = 0; n < 8; n += 1) {
          const band = chance(10) < 9 ? chance(2) : 2 + chance(3);
          const agent = `agent ${chance(agents)}`;
          const deadlineMs = chance(2) === 0 ? nowMs + 1 + chance(9_000) : Number.POSITIVE_INFINITY;
          const pushed = request({ agent, band, weight: 1 + chance(most), arrivedMs: nowMs, deadlineMs });
          if (!queue.push(pushed, nowMs)) continue;
          const line = `${band} ${agent}`;
          if ((waiting.get(line) ?? 0) === 0) since.set(line, nowMs);
          waiting.set(line, (waiting.get(line) ?? 0) + 1);
        }
        const left = (one: Queued): void => {
          const line = `${one.band} ${one.agent}`;
          waiting.set(line, (waiting.get(line) ?? 0) - 1);
        };
        for (const late of queue.expired(nowMs)) left(late);
        const taken = queue.take(nowMs);
        if (taken === undefined) continue;
        left(taken.request);
        since.set(`${taken.request.band} ${taken.request.agent}`, nowMs);
        // One slot that gets through a token a millisecond.
        nowMs += taken.request.cost;
        queue.settle(taken, taken.request.cost);
        for (const [line, count] of waiting) {
          const boundMs = Math.max(Number(line[0]) * options.ageMs, options.patienceMs) + inTopMs;
          const waitedMs = nowMs - (since.get(line) ?? 0);
          assert.ok(count === 0 || waitedMs <= boundMs, `${line} waits for ${waitedMs} ms of at most ${boundMs}`);
        }
      }
    }),
    { numRuns: 10 },
  );
});

t.test('at ten thousand that wait, a request costs a few looks for each level of the heaps', async (t) => {
  /** How often the queue looks at when a request arrived, for each that comes and goes while so many wait. */
  const looks = (waiting: number): number => {
    const queue = new RequestQueue(roomy);
    let count = 0;
    const watched = (n: number): Queued => {
      const facts = request({ agent: `agent ${n % 3}`, band: n % 5, deadlineMs: 1_000_000 + ((n * 7_919) % 10_007) });
      return Object.defineProperty({ ...facts }, 'arrivedMs', {
        get: () => {
          count += 1;
          return n;
        },
      });
    };
    for (let n = 0; n < waiting; n += 1) queue.push(watched(n), n);
    count = 0;
    for (let n = 0; n < 1_000; n += 1) {
      queue.push(watched(waiting + n), waiting + n);
      const taken = queue.take(waiting + n);
      if (taken !== undefined) queue.settle(taken, 10);
    }
    return count / 1_000;
  };
  const [few, many] = [looks(1_000), looks(10_000)];
  t.comment(`${few} looks with 1,000 that wait, ${many} with 10,000`);
  t.ok(many <= 12 * Math.log2(10_000), `${many} looks`);
});
