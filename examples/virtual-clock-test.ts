/**
 * How to test an actor that works with time: a week passes in a moment, and 200 seeds try 200 orders of what may happen
 * in any order. Run it with `node dist/examples/virtual-clock-test.js`.
 */
import assert from 'node:assert/strict';
import { type ActorAddress, castFace, defineActor } from 'skep';
import { explore, TestSystem } from 'skep/testing';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What whoever asked for reminders is told. */
const asker = castFace<{
  readonly nudge: { readonly task: string; readonly day: number };
  readonly closed: { readonly task: string; readonly how: 'done' | 'expired' };
}>();

/** Nudges once a day about each open task, and gives it up after a week. */
const reminder = defineActor({
  name: 'reminder',
  init: (args: { readonly tell: ActorAddress }) => ({ tell: args.tell, days: new Map<string, number>() }),
  casts: {
    open: (state, { task }: { readonly task: string }, ctx) => {
      if (state.days.has(task)) return;
      state.days.set(task, 0);
      ctx.every(DAY_MS, task);
    },
    done: (state, { task }: { readonly task: string }, ctx) => {
      // It may have expired while this message was on its way: a task is closed once.
      if (!state.days.delete(task)) return;
      ctx.cancelTimer(task);
      ctx.ref(asker, state.tell).cast('closed', { task, how: 'done' });
    },
  },
  info: (state, info, ctx) => {
    if (info.type !== 'timer') return;
    const task = info.key;
    const day = (state.days.get(task) ?? 0) + 1;
    if (day < 7) {
      state.days.set(task, day);
      ctx.ref(asker, state.tell).cast('nudge', { task, day });
      return;
    }
    state.days.delete(task);
    ctx.cancelTimer(task);
    ctx.ref(asker, state.tell).cast('closed', { task, how: 'expired' });
  },
});

/** One task that nobody does, watched for a week. */
async function aWeek(): Promise<void> {
  const system = await TestSystem.create({ definitions: [reminder] });
  const probe = await system.probe();
  const ref = await system.spawn(reminder, { tell: probe.address });
  ref.cast('open', { task: 'water the plants' });
  for (let day = 1; day < 7; day += 1) {
    await probe.expectNone(DAY_MS - 1);
    const { message } = await probe.expectCast('nudge', undefined, { withinMs: 1 });
    assert.deepEqual(message, { task: 'water the plants', day });
  }
  await probe.expectCast('closed', (message) => (message as { how: string }).how === 'expired', { withinMs: DAY_MS });
  await probe.expectNone(4 * 7 * DAY_MS);
  console.log(`a week: nudged 6 times, expired on day 7, silent for the four weeks after; ${system.steps} steps`);
}

/** Five tasks, some done at the very moment at which they expire, under 200 seeds and with duplicated messages. */
async function manyOrders(): Promise<void> {
  const ends = { done: 0, expired: 0 };
  const { seeds, distinct, steps } = await explore({
    seeds: 200,
    options: {
      definitions: [reminder],
      executors: 2,
      faults: [{ type: 'duplicate', probability: 0.2, message: ({ kind }) => kind === 'cast' }],
    },
    scenario: async (system, random) => {
      const probe = await system.probe();
      const ref = await system.spawn(reminder, { tell: probe.address });
      const closed = new Set<string>();
      const tasks = ['a', 'b', 'c', 'd', 'e'];
      for (const task of tasks) ref.cast('open', { task });
      await system.settle();
      for (const task of random.shuffle(tasks))
        system.clock.after(random.between(5, 7) * DAY_MS, () => ref.cast('done', { task }));
      await system.advance(8 * DAY_MS);
      // The link to the probe duplicates as well, so one piece of news may come twice, but never two that differ.
      const news = new Map<string, 'done' | 'expired'>();
      for (const event of probe.received) {
        if (event.kind !== 'cast') continue;
        const { task, how } = event.message as { readonly task: string; readonly how?: 'done' | 'expired' };
        if (how === undefined) assert.ok(!closed.has(task), `${task} is nudged about after it was closed`);
        else {
          assert.equal(news.get(task) ?? how, how, `${task} is closed in two ways`);
          news.set(task, how);
          closed.add(task);
        }
      }
      assert.equal(news.size, tasks.length, 'every task is closed');
      for (const how of news.values()) ends[how] += 1;
    },
  });
  console.log(
    `${seeds} seeds: ${distinct} different orders in ${steps} steps; ${ends.done} done, ${ends.expired} expired`,
  );
}

const startedMs = performance.now();
await aWeek();
await manyOrders();
console.log(`all held, in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s of real time`);
