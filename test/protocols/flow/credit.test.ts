/**
 * The two ends of flow control over a line that keeps order and loses what it likes, in every interleaving that
 * fast-check finds: a sender with a queue, a receiver with a mailbox, and a line in each direction.
 */
import assert from 'node:assert/strict';
import { MAX_WITHHELD, WithheldDemands } from '#protocols/flow/receiver';
import { GENERATION, RecentSenders } from '#protocols/flow/recent-senders';
import { SenderCredit } from '#protocols/flow/sender';
import { INITIAL_WINDOW, MAX_WINDOW, windowFor } from '#protocols/flow/window';
import fc from 'fast-check';
import t from 'tap';

type There =
  | { readonly type: 'message'; readonly n: number }
  | { readonly type: 'demand'; readonly epoch: number; readonly sent: number };
interface Back {
  readonly epoch: number;
  readonly limit: number;
}

/** Both ends and the lines between them, as plainly as they can be written. */
class World {
  readonly credit = new SenderCredit(7);
  readonly queue: number[] = [];
  readonly there: There[] = [];
  readonly back: Back[] = [];
  readonly mailbox: number[] = [];
  readonly taken: number[] = [];
  readonly lost = new Set<number>();
  readonly withheld = new WithheldDemands<{
    readonly key: string;
    readonly epoch: number;
    readonly sent: number;
  }>();
  readonly highWater: number;
  congested = false;
  next = 0;

  constructor(highWater: number) {
    this.highWater = highWater;
  }

  cast(): void {
    this.queue.push(this.next);
    this.next += 1;
    this.send();
  }

  send(): void {
    while (this.queue.length > 0 && this.credit.spend()) {
      this.there.push({ type: 'message', n: this.queue.shift() ?? -1 });
      if (this.credit.wantsMore) this.demand();
    }
  }

  demand(): void {
    this.there.push({ type: 'demand', epoch: 7, sent: this.credit.demand() });
  }

  arrive(lose: boolean): void {
    const first = this.there.shift();
    if (first?.type === 'message' && lose) this.lost.add(first.n);
    if (first === undefined || lose) return;
    if (first.type === 'demand') {
      this.answer({ key: 'sender', epoch: first.epoch, sent: first.sent });
      return;
    }
    this.mailbox.push(first.n);
    if (this.mailbox.length > this.highWater) this.congested = true;
  }

  answer(demand: { readonly key: string; readonly epoch: number; readonly sent: number }): void {
    if (this.congested) this.withheld.withhold(demand);
    else
      this.back.push({
        epoch: demand.epoch,
        limit: demand.sent + windowFor(this.highWater - this.mailbox.length),
      });
  }

  hear(lose: boolean): void {
    const first = this.back.shift();
    if (first === undefined || lose) return;
    this.credit.grant(first.epoch, first.limit);
    this.send();
    if (this.credit.wantsMore) this.demand();
  }

  take(): void {
    const n = this.mailbox.shift();
    if (n !== undefined) this.taken.push(n);
    if (!this.congested || this.mailbox.length > this.highWater >> 1) return;
    this.congested = false;
    for (const demand of this.withheld.release()) this.answer(demand);
  }

  /** A line that works and a receiver that takes: the silence of a blocked sender is broken as often as it lasts. */
  heal(): void {
    for (let round = 0; round < 100_000; round += 1) {
      if (this.there.length > 0) this.arrive(false);
      else if (this.back.length > 0) this.hear(false);
      else if (this.mailbox.length > 0) this.take();
      else if (this.queue.length > 0) this.demand();
      else return;
    }
    assert.fail('it does not come to rest');
  }
}

const step = fc.record({
  type: fc.constantFrom('cast', 'arrive', 'hear', 'take', 'probe'),
  times: fc.integer({ min: 1, max: 200 }),
  lose: fc.boolean(),
});

function run(world: World, steps: readonly { type: string; times: number; lose: boolean }[], lossy: boolean): void {
  for (const { type, times, lose } of steps) {
    for (let time = 0; time < times; time += 1) {
      if (type === 'cast') world.cast();
      else if (type === 'arrive') world.arrive(lose && lossy);
      else if (type === 'hear') world.hear(lose && lossy);
      else if (type === 'take') world.take();
      else if (world.queue.length > 0 && time === 0) world.demand();
      const most = world.highWater + Math.max(INITIAL_WINDOW, windowFor(world.highWater));
      assert.ok(world.mailbox.length <= most, `${world.mailbox.length} in a mailbox of ${world.highWater}`);
    }
  }
}

t.test('over any line a mailbox exceeds its high-water mark by one window of its sender at most', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000 }), fc.array(step, { maxLength: 60 }), (highWater, steps) =>
      run(new World(highWater), steps, true),
    ),
    { numRuns: 200 },
  );
});

t.test('over a line that loses nothing all that was cast arrives, once and in order', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000 }), fc.array(step, { maxLength: 60 }), (highWater, steps) => {
      const world = new World(highWater);
      run(world, steps, false);
      world.heal();
      assert.deepEqual(
        world.taken,
        Array.from({ length: world.next }, (_, n) => n),
      );
    }),
    { numRuns: 100 },
  );
});

t.test(
  'a line that lost what it liked and is whole again carries all the rest: no credit is lost for ever',
  async () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), fc.array(step, { maxLength: 60 }), (highWater, steps) => {
        const world = new World(highWater);
        run(world, steps, true);
        world.heal();
        for (let n = 0; n < 3 * MAX_WINDOW; n += 1) world.cast();
        world.heal();
        const expected = Array.from({ length: world.next }, (_, n) => n).filter((n) => !world.lost.has(n));
        assert.deepEqual(world.taken, expected);
      }),
      { numRuns: 100 },
    );
  },
);

t.test(
  'grants of another epoch are not heard, and forged ones open one window at most and take nothing back',
  async () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ epoch: fc.integer({ min: 6, max: 8 }), limit: fc.nat({ max: 2 ** 52 }) }), {
          maxLength: 30,
        }),
        fc.nat({ max: 64 }),
        (grants, spent) => {
          const credit = new SenderCredit(7);
          for (let n = 0; n < spent; n += 1) credit.spend();
          for (const { epoch, limit } of grants) {
            const before = credit.left;
            assert.equal(credit.grant(epoch, limit), epoch === 7);
            assert.ok(credit.left >= before);
            assert.ok(credit.left <= MAX_WINDOW);
            if (epoch !== 7) assert.equal(credit.left, before);
          }
        },
      ),
      { numRuns: 200 },
    );
  },
);

t.test('half of a window is used before more is asked for, and nothing is asked twice', async (t) => {
  const credit = new SenderCredit(1);
  let asked = 0;
  for (let n = 0; n < INITIAL_WINDOW; n += 1) {
    credit.spend();
    if (!credit.wantsMore) continue;
    t.equal(credit.demand(), INITIAL_WINDOW / 2);
    asked += 1;
  }
  t.equal(asked, 1);
  t.equal(credit.spend(), false);
  credit.grant(1, INITIAL_WINDOW / 2 + MAX_WINDOW);
  t.equal(credit.left, MAX_WINDOW - INITIAL_WINDOW / 2);
  t.equal(credit.wantsMore, false);
});

t.test('demands that wait are one a sender, and bounded', async (t) => {
  const withheld = new WithheldDemands();
  for (let n = 0; n < 3 * MAX_WITHHELD; n += 1) withheld.withhold({ key: `s${n >> 1}`, epoch: 1, sent: n });
  t.equal(withheld.size, MAX_WITHHELD);
  const all = withheld.release();
  t.same(all.at(-1), { key: `s${(3 * MAX_WITHHELD - 1) >> 1}`, epoch: 1, sent: 3 * MAX_WITHHELD - 1 });
  t.equal(withheld.size, 0);
});

t.test('all windows that an actor gives away to many senders are a few times its room together', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 300 }), (room, count) => {
      const senders = new RecentSenders();
      let given = 0;
      for (let n = 1; n <= count; n += 1) {
        const known = senders.note('receiver', `sender ${n}`);
        assert.equal(known, n);
        const window = windowFor(room, known);
        assert.ok(window >= INITIAL_WINDOW && window <= MAX_WINDOW);
        given += window;
      }
      const harmonic = Array.from({ length: count }, (_, n) => 1 / Math.max(2, n + 1)).reduce((a, b) => a + b);
      assert.ok(given <= room * harmonic + INITIAL_WINDOW * count, `${given} of ${room} to ${count}`);
    }),
    { numRuns: 100 },
  );
});

t.test('a sender counts once, whatever it asks, and no more once two generations of demands went by', async (t) => {
  const senders = new RecentSenders();
  t.equal(senders.note('a', 's1'), 1);
  t.equal(senders.note('a', 's1'), 1);
  t.equal(senders.note('a', 's2'), 2);
  t.equal(senders.note('b', 's1'), 1);
  for (let n = 0; n < GENERATION; n += 1) senders.note('c', 's1');
  t.equal(senders.note('a', 's3'), 3, 'the generation before counts');
  t.equal(senders.note('a', 's1'), 3, 'and nobody counts in both');
  for (let n = 0; n < 2 * GENERATION; n += 1) senders.note('c', 's1');
  t.equal(senders.note('a', 's3'), 1);
});
