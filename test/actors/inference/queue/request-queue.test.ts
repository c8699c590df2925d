/** The queue of a model: bounds, order, ageing, deadlines, and the promise that nobody starves. */
import assert from 'node:assert/strict';
import type { Queued } from '#actors/inference/queue/request';
import { type QueueOptions, RequestQueue } from '#actors/inference/queue/request-queue';
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
        assert.equal(queue.tokens, [...waiting.values()].reduce((sum, { weight }) => sum + weight, 0));
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

t.test('a higher band goes first, and waiting moves a request up by a band each ageMs', async (t) => {
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
  t.match([queue.take(4_000), queue.take(4_000)].map((taken) => taken?.band), [0, 0], 'in band 0 with the first');
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

t.test('nobody waits longer than the bound that is promised, whoever floods', async () => {
  const options = { requests: 400, tokens: 60_000, quantum: 200, ageMs: 1_000, patienceMs: 2_000 };
  const most = 400;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.nat(4), (seed, band) => {
      const queue = new RequestQueue(options);
      let state = seed;
      const chance = (limit: number): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 8) % limit;
      };
      let nowMs = 0;
      /** One slot that gets through a token a millisecond. */
      const serve = (): Queued | undefined => {
        const taken = queue.take(nowMs);
        if (taken === undefined) return undefined;
        nowMs += taken.request.cost;
        queue.settle(taken, taken.request.cost);
        return taken.request;
      };
      const flood = (): void => {
        for (let n = 0; n < 12; n += 1) {
          const weight = 1 + chance(most);
          const agent = `agent ${chance(8)}`;
          const deadlineMs = chance(2) === 0 ? nowMs + 1 + chance(3_000) : Number.POSITIVE_INFINITY;
          queue.push(request({ agent, band: chance(2), weight, arrivedMs: nowMs, deadlineMs }), nowMs);
        }
      };
      while (nowMs < 3_000) {
        flood();
        serve();
      }
      const victim = request({ agent: 'agent 1', band, weight: most, arrivedMs: nowMs });
      while (!queue.push(victim, nowMs)) serve();
      const beganMs = nowMs;
      // docs/inference/queue.md: from the time at which it is in band 0 and nobody later of its agent can pass it, its
      // agent needs a round for each quantum of what is before it, and a round serves each of 9 agents a quantum and one.
      const rounds = Math.ceil((options.tokens + most) / options.quantum);
      const settledMs = Math.max(band * options.ageMs, options.patienceMs) + most;
      const boundMs = settledMs + (rounds + 1) * 9 * (options.quantum + most);
      while (queue.has(victim.id)) {
        flood();
        queue.expired(nowMs);
        serve();
        assert.ok(nowMs - beganMs <= boundMs, `waits for ${nowMs - beganMs} ms of at most ${boundMs}`);
      }
    }),
    { numRuns: 15 },
  );
});
