/** Test systems: nothing runs by itself, a seed is a whole run, and a killed executor is replaced as in production. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ActorSystem } from '#runtime';
import { TestSystem, VirtualClock } from '#runtime/testing/index';
import t from 'tap';
import { eventually } from '../../support/eventually.js';
import { counter, messenger, relay, source, spinner, ticker, waiter } from './actors.js';
import { busyRun } from './busy-run.js';

const definitions = [counter, relay, spinner, ticker];

t.test('nothing runs until somebody waits, and whoever waits makes it run', async (t) => {
  const system = await TestSystem.create({ definitions, executors: 2 });
  const ref = await system.spawn(counter, { start: 1 });
  const before = system.steps;
  ref.cast('inc');
  const asked = ref.call('get');
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(system.steps, before, 'no step was taken meanwhile');
  t.equal(await asked, 2);
  t.ok(system.steps > before);
});

t.test('the same seed takes the same steps twice, another seed takes others', async (t) => {
  const runs = [await busyRun(11), await busyRun(11), await busyRun(12)];
  const [first, second, other] = runs;
  t.same(first, second);
  t.not(first?.hash, other?.hash);
  t.ok((first?.steps ?? 0) > 200, `${first?.steps} steps`);
});

t.test('the same seed takes the same steps in another process', async (t) => {
  const program = fileURLToPath(new URL('./busy-run.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, '11']);
  t.same(JSON.parse(stdout), await busyRun(11));
});

t.test('different seeds take messages of different senders in different orders, each sender in its own', async (t) => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 300; seed += 1) {
    const system = await TestSystem.create({ seed, definitions, executors: 2 });
    const sink = await system.spawn(relay, {});
    const left = await system.spawn(relay, { to: sink.address }, { executor: 1 });
    const right = await system.spawn(relay, { to: sink.address }, { executor: 2 });
    for (const text of ['a', 'b']) left.cast('tell', { text });
    for (const text of ['x', 'y']) right.cast('tell', { text });
    await system.settle();
    const got = (await sink.call('got')).join('');
    t.match(got, /a'.*b'/);
    t.match(got, /x'.*y'/);
    orders.add(got);
  }
  t.equal(orders.size, 6, 'all interleavings of two and two');
});

t.test(
  'an async handler goes on after a slice of turns, as in production, or at once: both orders come up',
  async (t) => {
    // The waiter asks the source, which tells the messenger and answers; messenger and waiter both tell the sink.
    const definitionsOfSlice = [messenger, source, waiter, relay];
    const scenario = async (system: Pick<TestSystem, 'spawn'>) => {
      const sink = await system.spawn(relay, {});
      const told = await system.spawn(messenger, { tell: sink.address });
      const asked = await system.spawn(source, { tell: told.address });
      const ref = await system.spawn(waiter, { ask: asked.address, tell: sink.address });
      return { sink, ref };
    };
    const production = await ActorSystem.create({
      definitions: definitionsOfSlice,
      log: { level: 'silent', format: 'json' },
    });
    t.teardown(() => production.shutdown());
    const real = await scenario(production);
    real.ref.cast('go');
    await eventually('both have told', async () => (await real.sink.call('got')).length === 2);
    const orders = new Set<string>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const system = await TestSystem.create({ seed, definitions: definitionsOfSlice });
      const { sink, ref } = await scenario(system);
      ref.cast('go');
      await system.settle();
      orders.add((await sink.call('got')).join());
    }
    t.same([...orders].sort(), ['messenger,waiter', 'waiter,messenger']);
    t.ok(orders.has((await real.sink.call('got')).join()), 'that of production is among them');
  },
);

t.test('order fifo takes what has waited longest, whatever the seed', async (t) => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 10; seed += 1) {
    const system = await TestSystem.create({ seed, definitions, order: 'fifo' });
    const sink = await system.spawn(relay, {});
    const relays = [await system.spawn(relay, { to: sink.address }), await system.spawn(relay, { to: sink.address })];
    for (const [index, ref] of relays.entries()) ref.cast('tell', { text: String(index) });
    orders.add((await sink.call('got')).join());
    await system.settle();
    orders.add((await sink.call('got')).join());
  }
  t.equal(orders.size, 2, 'before and after, the same for each seed');
});

t.test('a week of timers passes in a moment, each at its time', async (t) => {
  const system = await TestSystem.create({ definitions });
  const hourMs = 3_600_000;
  const ref = await system.spawn(ticker, { periodMs: hourMs });
  await system.advance(7 * 24 * hourMs);
  t.equal(await ref.call('ticks'), 7 * 24);
  t.equal(system.clock.now(), 7 * 24 * hourMs);
});

t.test(
  'settle leaves timers of the future alone, advance fires those that are due, run goes as far as it must',
  async (t) => {
    const system = await TestSystem.create({ definitions, executors: 1 });
    const ref = await system.spawn(ticker, { periodMs: 100 });
    await system.settle();
    t.equal(system.clock.now(), 0);
    await system.advance(250);
    t.equal(await ref.call('ticks'), 2);
    const slow = await system.spawn(relay, {});
    t.equal(await system.run(slow.call('late', { delayMs: 1_000 })), 1_250);
  },
);

t.test('of several who wait at once none lets time pass over the end of another', async (t) => {
  const system = await TestSystem.create({ definitions, executors: 1 });
  const probe = await system.probe();
  const seen: string[] = [];
  const at = (what: string) => () => void seen.push(`${what} at ${system.clock.now()}`);
  await Promise.all([
    probe.ref(counter).call('get', undefined, { timeoutMs: 900 }).catch(at('deadline')),
    system.advance(300).then(at('advance')),
    probe
      .expectCall('get')
      .then(() => probe.expectNone(600))
      .then(at('expectNone')),
    system.until(() => false, { withinMs: 500 }).catch(at('until')),
  ]);
  t.same(seen, ['advance at 300', 'until at 500', 'expectNone at 600', 'deadline at 900']);
});

t.test('two systems may share one clock', async (t) => {
  const clock = new VirtualClock();
  const systems = [
    await TestSystem.create({ definitions, clock, node: 'a' }),
    await TestSystem.create({ definitions, clock, node: 'b' }),
  ];
  for (const system of systems) await system.spawn(ticker, { periodMs: 100 });
  await systems[0]?.advance(1_000);
  await systems[1]?.settle();
  t.same(
    systems.map((system) => system.clock.now()),
    [1_000, 1_000],
  );
});

t.test('a wait for what cannot come fails with TEST_STUCK and the last steps', async (t) => {
  const system = await TestSystem.create({ definitions });
  await t.rejects(system.run(new Promise(() => {})), { code: 'TEST_STUCK', message: /nothing is left to do/ });
  const ref = await system.spawn(counter, { start: 0 });
  await ref.call('add', { by: 1 });
  await t.rejects(
    system.until(() => false, { withinMs: 10 }),
    { code: 'TEST_STUCK', message: /turn +counter .*: call add \{"by":1\}/ },
  );
});

t.test('a circle of messages that never ends is given up with TEST_STUCK', async (t) => {
  const system = await TestSystem.create({ definitions, maxSteps: 500 });
  const ref = await system.spawn(spinner, {});
  await system.settle();
  ref.cast('spin');
  await t.rejects(system.settle(), { code: 'TEST_STUCK', message: /come to rest, within 500 steps/ });
  await t.rejects(
    system.until(() => false),
    { code: 'TEST_STUCK', message: /not come, .* within 500 steps/ },
  );
});

t.test('a stream is read through a test system as through any other', async (t) => {
  const system = await TestSystem.create({ definitions, executors: 2 });
  const ref = await system.spawn(counter, { start: 200 });
  const items: number[] = [];
  for await (const item of ref.call('upTo')) items.push(item);
  t.same(
    items,
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
});

t.test(
  'the actors of a killed executor vanish, the others hear of it, and supervision restarts them on its successor',
  async (t) => {
    const system = await TestSystem.create({ definitions, executors: 2 });
    const ref = await system.spawn(counter, { start: 5 }, { executor: 1 });
    const other = await system.spawn(counter, { start: 7 }, { executor: 2 });
    const probe = await system.probe({ executor: 2 });
    probe.watch(ref);
    await ref.call('add', { by: 1 });
    const lost = ref.call('get', undefined, { timeoutMs: 60_000 });
    system.killExecutor(1);
    t.throws(() => system.killExecutor(1), { code: 'BAD_USAGE', message: /not replaced yet/ });
    await t.rejects(lost, { code: 'EXECUTOR_DOWN' });
    t.match(await probe.expectDown(ref), { reason: { class: 'crash' } });
    await system.advance(5_000);
    t.equal(await ref.call('get'), 5, 'its state began anew, at the same address');
    t.equal(await other.call('get'), 7);
    system.killExecutor(1);
    await system.advance(5_000);
    t.equal(await ref.call('get'), 5, 'and again');
  },
);

t.test('options out of range are refused with BAD_USAGE, and so is the death of a system executor', async (t) => {
  for (const options of [{ seed: -1 }, { seed: 0.5 }, { executors: 257 }, { executors: -1 }, { traceLimit: 0 }])
    await t.rejects(TestSystem.create(options), { code: 'BAD_USAGE' });
  const system = await TestSystem.create({ executors: 1 });
  for (const id of [0, 2, 1_000]) t.throws(() => system.killExecutor(id), { code: 'BAD_USAGE' });
  for (const act of [
    () => system.stall(9),
    () => system.resume(9),
    () => system.partition(0, 9),
    () => system.advance(-1),
  ])
    t.throws(act, { code: 'BAD_USAGE' });
});

t.test('a shutdown ends every actor in order', async (t) => {
  const system = await TestSystem.create({ definitions, executors: 2 });
  for (let i = 0; i < 5; i += 1) await system.spawn(counter, { start: i });
  t.ok(system.list().length >= 5);
  await system.shutdown();
  t.same(system.list(), []);
});
