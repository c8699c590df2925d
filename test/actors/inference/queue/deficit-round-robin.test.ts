/**
 * Deficit round robin against the algorithm of the paper, written down as it stands there: a list of agents that is
 * walked, a quantum at each visit. The one under test never walks; it must choose the same.
 */
import assert from 'node:assert/strict';
import { DeficitRoundRobin } from '#actors/inference/queue/deficit-round-robin';
import type { Queued } from '#actors/inference/queue/request';
import fc from 'fast-check';
import t from 'tap';

const inOrder = (a: Queued, b: Queued): boolean => a.arrivedMs < b.arrivedMs;

function request(agent: string, cost: number, number: number): Queued {
  return {
    id: String(number),
    agent,
    band: 0,
    arrivedMs: number,
    deadlineMs: Number.POSITIVE_INFINITY,
    weight: cost,
    cost,
  };
}

/** Shreedhar and Varghese, with debts as they are defined for the one under test. */
class Walked {
  readonly #quantum: number;
  #list: { readonly agent: string; readonly waiting: Queued[]; deficit: number }[] = [];
  readonly #debts = new Map<string, number>();
  /** Who is visited, and whether this visit has added the quantum. */
  #at = 0;
  #visiting = false;

  constructor(quantum: number) {
    this.#quantum = quantum;
  }

  push(one: Queued): void {
    const flow = this.#list.find(({ agent }) => agent === one.agent);
    if (flow !== undefined) {
      flow.waiting.push(one);
      return;
    }
    const debt = this.#debts.get(one.agent) ?? 0;
    this.#debts.delete(one.agent);
    this.#list.push({ agent: one.agent, waiting: [one], deficit: -debt });
  }

  take(): Queued | undefined {
    if (this.#list.length === 0) return undefined;
    for (;;) {
      if (this.#at >= this.#list.length) {
        this.#at = 0;
        this.#visiting = false;
        for (const [agent, debt] of this.#debts) {
          if (debt <= this.#quantum) this.#debts.delete(agent);
          else this.#debts.set(agent, debt - this.#quantum);
        }
      }
      const flow = this.#list[this.#at];
      if (flow === undefined) return undefined;
      if (!this.#visiting) {
        flow.deficit += this.#quantum;
        this.#visiting = true;
      }
      const [head] = flow.waiting;
      if (head !== undefined && head.cost <= flow.deficit) {
        flow.waiting.shift();
        flow.deficit -= head.cost;
        if (flow.waiting.length === 0) this.#leave(flow);
        return head;
      }
      this.#at += 1;
      this.#visiting = false;
    }
  }

  settle(agent: string, tokens: number): void {
    const flow = this.#list.find((each) => each.agent === agent);
    if (flow !== undefined) {
      flow.deficit += tokens;
      return;
    }
    const debt = (this.#debts.get(agent) ?? 0) - tokens;
    if (debt > 0 && this.#list.length > 0) this.#debts.set(agent, debt);
    else this.#debts.delete(agent);
  }

  #leave(flow: { readonly agent: string; readonly deficit: number }): void {
    this.#list = this.#list.filter((each) => each !== flow);
    this.#visiting = false;
    if (this.#list.length === 0) {
      this.#debts.clear();
      // The next to come begins the round that is under way, behind everybody.
      this.#at = 0;
    } else if (flow.deficit < 0) this.#debts.set(flow.agent, -flow.deficit);
  }
}

const agents = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('push' as const), agent: agents, cost: fc.integer({ min: 1, max: 900 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        agent: agents,
        tokens: fc.integer({ min: -600, max: 600 }),
      }),
    },
  ),
  { maxLength: 150 },
);

t.test('it serves whom the list of the paper serves, whatever comes, is served and is settled', async () => {
  fc.assert(
    fc.property(fc.constantFrom(50, 100, 333, 1_000), steps, (quantum, all) => {
      const ring = new DeficitRoundRobin(quantum, inOrder);
      const walked = new Walked(quantum);
      for (const [number, step] of all.entries()) {
        if (step.do === 'push') {
          const one = request(step.agent, step.cost, number);
          ring.push(one);
          walked.push(one);
        } else if (step.do === 'settle') {
          ring.settle(step.agent, step.tokens);
          walked.settle(step.agent, step.tokens);
        } else assert.equal(ring.take()?.id, walked.take()?.id);
      }
      for (let rest = walked.take(); rest !== undefined; rest = walked.take()) assert.equal(ring.take()?.id, rest.id);
      assert.equal(ring.size, 0);
      assert.equal(ring.agents, 0);
    }),
    { numRuns: 300 },
  );
});

t.test(
  'while agents have work, what they were served differs by less than a quantum and their largest requests',
  async () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 2, maxLength: 6 }), (costs) => {
        const quantum = 256;
        const ring = new DeficitRoundRobin(quantum, inOrder);
        let number = 0;
        for (const [agent, cost] of costs.entries())
          for (let n = 0; n < 80; n += 1) ring.push(request(String(agent), cost, (number += 1)));
        const served = costs.map(() => 0);
        for (let n = 0; n < 60; n += 1) {
          const { agent, cost } = ring.take() as Queued;
          served[Number(agent)] = (served[Number(agent)] ?? 0) + cost;
          // Lemma 2 and Theorem 2 of the paper, for two flows at any time: at most one round apart, and what is left over.
          const bound = quantum + 2 * Math.max(...costs);
          assert.ok(Math.max(...served) - Math.min(...served) <= bound, `${String(served)} over ${bound}`);
        }
      }),
      { numRuns: 100 },
    );
  },
);

t.test('an agent that took more than it was charged for waits until others had as much', async (t) => {
  const ring = new DeficitRoundRobin(100, inOrder);
  for (let n = 0; n < 20; n += 1) ring.push(request('patient', 100, n));
  ring.push(request('greedy', 100, 100));
  const first = [ring.take(), ring.take()].map((one) => one?.agent);
  t.same(first, ['patient', 'greedy']);
  // It was charged 100 and took 600; meanwhile it has gone, and comes back.
  ring.settle('greedy', -500);
  ring.push(request('greedy', 100, 101));
  const order = Array.from({ length: 6 }, () => ring.take()?.agent);
  t.same(order, [...Array.from({ length: 5 }, () => 'patient'), 'greedy'], 'both have had 600 by then');
});

t.test('a request that is taken out of the middle costs its agent nothing', async (t) => {
  const ring = new DeficitRoundRobin(100, inOrder);
  const large = request('a', 900, 1);
  ring.push(large);
  ring.push(request('a', 50, 2));
  ring.push(request('b', 100, 3));
  t.equal(ring.remove(large), true);
  t.equal(ring.remove(large), false);
  t.same([ring.take()?.id, ring.take()?.id, ring.take()], ['2', '3', undefined]);
});
