/** Pools: where routees live, what happens to those that crash, and that resizing loses nothing. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineActor } from '#runtime';
import { eventually } from '#test/support/eventually';
import { steadyWorker, worker } from '#test/testdata/actors/workers';
import t, { type Test } from 'tap';
import { deadLetters, inlineSystem, settle, threadSystem } from '../support.js';

/** A file that routees write their finished jobs to. */
function jobFile(t: Test): { readonly file: string; readonly jobs: () => number[] } {
  const folder = mkdtempSync(join(tmpdir(), 'skep-pool-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'jobs');
  const jobs = (): number[] => {
    try {
      return readFileSync(file, 'utf8').trimEnd().split('\n').map(Number);
    } catch {
      return [];
    }
  };
  return { file, jobs };
}

const numbers = (upTo: number): number[] => Array.from({ length: upTo }, (_, n) => n);
const sorted = (all: readonly number[]): number[] => [...all].sort((a, b) => a - b);

t.test('a pool spreads its routees over the executors and its messages over the routees', async (t) => {
  const system = await threadSystem(t, ['workers']);
  const workers = await system.pool(worker, {}, { size: 4 });
  const answers = await Promise.all(numbers(8).map(() => workers.call('work', 1)));
  t.equal(new Set(answers.map(({ by }) => by)).size, 4);
  t.same(sorted(answers.map(({ executor }) => executor)), [1, 1, 1, 1, 2, 2, 2, 2]);
  t.same(await workers.size(), { size: 4, draining: 0 });
});

t.test('a pool that shrinks under load loses none of the casts that it accepted, of any sender', async (t) => {
  const system = await threadSystem(t, ['workers']);
  const { file, jobs } = jobFile(t);
  const workers = await system.pool(worker, { file }, { size: 6 });
  let sent = 0;
  for (const size of [6, 3, 5, 1, 4, 2]) {
    for (let n = 0; n < 60; n += 1) workers.cast('job', sent++);
    await workers.resize(size);
  }
  for (let n = 0; n < 60; n += 1) workers.cast('job', sent++);
  await eventually('those that left are done', async () => (await workers.size()).draining === 0, 30_000);
  await eventually('all jobs are done', () => jobs().length === sent, 30_000);
  t.same(sorted(jobs()), numbers(sent));
  t.same(await workers.size(), { size: 2, draining: 0 });
  t.equal(workers.routees.length, 2);
  t.same(await deadLetters(system), {});
});

t.test('reliable casts that wait at their sender are handled before their routee leaves its pool', async (t) => {
  const system = await threadSystem(t, ['workers']);
  const { file, jobs } = jobFile(t);
  const workers = await system.pool(steadyWorker, { file }, { size: 3 });
  for (const n of numbers(200)) workers.cast('job', n);
  await workers.resize(1);
  for (const n of numbers(20)) workers.cast('job', 200 + n);
  await eventually('all jobs are done', () => jobs().length === 220, 30_000);
  t.same(sorted(jobs()), numbers(220));
  await eventually('those that left are gone', async () => (await workers.size()).draining === 0, 30_000);
  t.same(await deadLetters(system), {});
});

t.test('a routee that crashes, or whose thread dies, comes back into its pool', async (t) => {
  const system = await threadSystem(t, ['workers']);
  const workers = await system.pool(worker, {}, { size: 4 });
  const before = [...workers.routees].sort();
  await t.rejects(workers.call('crash'), { code: 'ACTOR_CRASHED' });
  await t.rejects(workers.call('die', undefined, { timeoutMs: 20_000 }), { code: 'EXECUTOR_DOWN' });
  await eventually('all four work again', async () => {
    if (workers.routees.length !== 4) return false;
    const answers = await system.callMany(
      workers.routees.map((address) => system.ref(worker, address)),
      'work',
      1,
      { timeoutMs: 500 },
    );
    return answers.every(({ ok }) => ok);
  });
  t.same([...workers.routees].sort(), before, 'at their addresses');
});

t.test('a routee that is stopped by somebody is replaced', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [worker] });
  const workers = await system.pool(worker, {}, { size: 2 });
  const [victim] = workers.routees;
  t.ok(victim);
  if (victim !== undefined) system.stopActor(victim);
  await settle();
  t.equal(workers.routees.length, 2);
  t.notOk(workers.routees.includes(victim as never));
});

t.test('a pool grows under the pressure of its mailboxes and shrinks when it is calm, within its bounds', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [worker] });
  const resize = { min: 2, max: 4, periodMs: 100, samples: 2, rampupRate: 0.5, backoffRate: 0.5 };
  const workers = await system.pool(worker, {}, { size: 2, resize, router: { strategy: 'least-mailbox' } });
  const work: Promise<unknown>[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    if (round < 12) for (let n = 0; n < 8; n += 1) work.push(workers.call('work', 50, { timeoutMs: 60_000 }));
    clock.advance(50);
    await settle();
    sizes.push((await workers.size()).size);
  }
  for (let round = 0; round < 100; round += 1) {
    clock.advance(50);
    await settle(3);
  }
  await Promise.all(work);
  t.equal(sizes[0], 2);
  t.equal(Math.max(...sizes), 4, sizes.join());
  t.equal((await workers.size()).size, 2, 'calm again');
  t.same(await deadLetters(system), {});
});

t.test('a routee that does not come to an end is stopped when its time to drain is up', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [worker] });
  const workers = await system.pool(worker, {}, { size: 2, drainMs: 1_000 });
  const stuck = numbers(2).map(() => workers.call('work', 1_000_000, { timeoutMs: 10_000_000 }));
  for (const one of stuck) one.catch(() => {});
  await settle();
  await workers.resize(1);
  t.same(await workers.size(), { size: 1, draining: 1 });
  const ended = t.rejects(stuck.at(-1) as Promise<unknown>, { code: 'ACTOR_STOPPED' });
  for (let round = 0; round < 20; round += 1) {
    clock.advance(1_000);
    await settle();
  }
  await ended;
  t.same(await workers.size(), { size: 1, draining: 0 });
});

t.test('a pool of an actor ends with it, and a stopped pool takes its routees along', async (t) => {
  const owner = defineActor({
    name: 'owner',
    init: async (_args: undefined, ctx) => ({ workers: await ctx.pool(worker, {}, { size: 3 }) }),
    calls: { work: (state) => state.workers.call('work', 0), address: (state) => state.workers.address },
  });
  const { system, clock } = await inlineSystem(t, { definitions: [worker, owner] });
  const ref = await system.spawn(owner, undefined);
  const asked = ref.call('work');
  await settle();
  clock.advance(1);
  t.ok(await asked);
  const before = (await system.list()).length;
  system.stopActor(ref.address);
  await settle(30);
  t.equal((await system.list()).length, before - 5, 'owner, pool and three routees');
});

t.test('sizes and times of a pool that make no sense are refused by name', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [worker] });
  await t.rejects(system.pool(worker, {}, { size: 0 }), { code: 'BAD_CONFIG', message: /size is 0/ });
  await t.rejects(system.pool(worker, {}, { size: 1, drainMs: -1 }), { code: 'BAD_CONFIG', message: /drainMs is -1/ });
  await t.rejects(system.pool(worker, {}, { size: 1, resize: { min: 3, max: 2 } }), {
    code: 'BAD_CONFIG',
    message: /resize.max is 2/,
  });
  const workers = await system.pool(worker, {}, { size: 1 });
  await t.rejects(workers.resize(Number.NaN), { code: 'BAD_CONFIG' });
  t.same(await workers.size(), { size: 1, draining: 0 }, 'and the pool lives on');
});
