/** Faults: each strikes where it was declared and nowhere else, and a seed brings the same ones again. */
import { ActorSystem } from '#runtime';
import { crashing, type Fault, TestSystem, type TestSystemOptions } from '#runtime/testing/index';
import t from 'tap';
import { eventually } from '../../support/eventually.js';
import { fragile } from '../../testdata/actors/fragile.js';
import { threadSystem } from '../support.js';
import { counter, relay } from './actors.js';

const definitions = [counter, relay];

async function systemWith(faults: readonly Fault[], options: TestSystemOptions = {}): Promise<TestSystem> {
  return TestSystem.create({ definitions, executors: 2, seed: 3, faults, ...options });
}

t.test('an actor crashes at its n-th message, once, and its supervisor restarts it', async (t) => {
  const system = await systemWith([{ type: 'crash', definition: 'counter', atMessage: 3 }]);
  const ref = await system.spawn(counter, { start: 0 });
  const other = await system.spawn(relay, {});
  t.equal(await ref.call('add', { by: 1 }), 1);
  t.equal(await ref.call('add', { by: 1 }), 2);
  await t.rejects(ref.call('add', { by: 1 }), { code: 'ACTOR_CRASHED', message: /planned crash before message 3/ });
  t.equal(await ref.call('add', { by: 1 }), 1, 'a new life, and no second crash');
  for (let i = 0; i < 5; i += 1) await other.call('got');
});

t.test('a crash after the handler keeps its effects and loses its answer', async (t) => {
  const system = await systemWith([{ type: 'crash', name: 'victim', atMessage: 1, when: 'after' }]);
  const probe = await system.probe();
  const spared = await system.spawn(relay, { to: probe.address });
  const victim = await system.spawn(relay, { to: probe.address }, { name: 'victim' });
  spared.cast('tell', { text: 'a' });
  await probe.expectCast('tell');
  victim.cast('tell', { text: 'b' });
  t.match(await probe.expectCast('tell'), { message: { text: "b'" } }, 'it was sent');
  t.same(await victim.call('got'), [], 'and its sender began anew');
  t.same(await spared.call('got'), ['a']);
});

t.test('an asynchronous handler crashes after its promise, and times says how often', async (t) => {
  const system = await systemWith([{ type: 'crash', definition: 'relay', atMessage: 1, when: 'after', times: 2 }]);
  const ref = await system.spawn(relay, {});
  for (let i = 0; i < 2; i += 1)
    await t.rejects(ref.call('late', { delayMs: 10 }), { code: 'ACTOR_CRASHED', message: /after message/ });
  t.type(await ref.call('late', { delayMs: 10 }), 'number');
});

t.test('a crash by address strikes that actor alone', async (t) => {
  const twin = await systemWith([], { executors: 0 });
  const { address } = await twin.spawn(counter, { start: 0 });
  const system = await systemWith([{ type: 'crash', address, atMessage: 1 }], { executors: 0 });
  const first = await system.spawn(counter, { start: 0 });
  const second = await system.spawn(counter, { start: 0 });
  t.equal(first.address, address);
  await t.rejects(first.call('get'), { code: 'ACTOR_CRASHED' });
  t.equal(await second.call('get'), 0);
});

t.test('a definition made to crash does so in an ordinary system as well', async (t) => {
  const fragile = crashing(counter, { atMessage: 2 });
  const system = await ActorSystem.create({ definitions: [fragile], log: { level: 'silent', format: 'json' } });
  t.teardown(() => system.shutdown());
  const ref = await system.spawn(counter, { start: 0 });
  t.equal(await ref.call('add', { by: 1 }), 1);
  await t.rejects(ref.call('add', { by: 1 }), { code: 'ACTOR_CRASHED' });
  await eventually('it was restarted', async () => (await ref.call('get')) === 0);
  t.throws(() => crashing(counter, { atMessage: 0 }), { code: 'BAD_USAGE' });
});

t.test('a definition made to crash does so in a thread, once', async (t) => {
  const system = await threadSystem(t, ['fragile']);
  const ref = await system.spawn(fragile, undefined);
  t.equal(await ref.call('count'), 1);
  await t.rejects(ref.call('count'), { code: 'ACTOR_CRASHED', message: /planned crash/ });
  t.equal(await ref.call('count'), 1, 'a new life');
  t.equal(await ref.call('count'), 2);
});

t.test('messages are dropped by predicate, and what does not fit passes', async (t) => {
  const faults: Fault[] = [
    { type: 'drop', to: 1, message: (envelope) => envelope.kind === 'cast' && envelope.name === 'inc' },
  ];
  const system = await systemWith(faults);
  const one = await system.spawn(counter, { start: 0 }, { executor: 1 });
  const two = await system.spawn(counter, { start: 0 }, { executor: 2 });
  for (let i = 0; i < 5; i += 1) {
    one.cast('inc');
    two.cast('inc');
  }
  t.equal(await one.call('add', { by: 1 }), 1, 'the calls behind the lost casts arrive');
  t.equal(await two.call('get'), 5);
});

t.test('a message is duplicated where the fault says so', async (t) => {
  const faults: Fault[] = [{ type: 'duplicate', message: ({ kind }) => kind === 'cast' }];
  const system = await systemWith(faults);
  const ref = await system.spawn(counter, { start: 0 });
  for (let i = 0; i < 5; i += 1) ref.cast('inc');
  t.equal(await ref.call('get'), 10);
});

t.test('a delayed message holds up those behind it: a link keeps its order', async (t) => {
  const isFirst = (message: unknown): boolean => (message as { text?: string }).text === 'a';
  const faults: Fault[] = [
    { type: 'delay', delayMs: 250, message: (envelope) => envelope.kind === 'cast' && isFirst(envelope.message) },
  ];
  const system = await systemWith(faults);
  const ref = await system.spawn(relay, {});
  for (const text of ['a', 'b', 'c']) ref.cast('tell', { text });
  await system.advance(249);
  t.equal(system.clock.now(), 249);
  t.same(await ref.call('got'), ['a', 'b', 'c']);
  t.equal(system.clock.now(), 250);
});

t.test('a fault by chance strikes about as often as it says, and the same ones under the same seed', async (t) => {
  const run = async (seed: number): Promise<number> => {
    const faults: Fault[] = [{ type: 'drop', probability: 0.3, message: ({ kind }) => kind === 'cast' }];
    const system = await systemWith(faults, { seed });
    const ref = await system.spawn(counter, { start: 0 });
    for (let i = 0; i < 1_000; i += 1) ref.cast('inc');
    return ref.call('get');
  };
  const counts = [await run(1), await run(1), await run(2)];
  t.equal(counts[0], counts[1]);
  t.not(counts[0], counts[2]);
  for (const count of counts) t.ok(count > 620 && count < 780, `${count} of 1000 arrive`);
});

t.test('a partition loses everything between two executors until it is healed', async (t) => {
  const system = await systemWith([]);
  const one = await system.spawn(relay, {}, { executor: 1 });
  const two = await system.spawn(relay, { to: one.address }, { executor: 2 });
  system.partition(1, 2);
  two.cast('tell', { text: 'lost' });
  await system.settle();
  t.same(await one.call('got'), [], 'others still reach it');
  system.heal(1, 2);
  two.cast('tell', { text: 'kept' });
  await system.settle();
  t.same(await one.call('got'), ["kept'"]);
});

t.test('a partition and a stall that are declared begin and end at their times', async (t) => {
  const system = await systemWith([
    { type: 'partition', between: [1, 2], fromMs: 100, untilMs: 200 },
    { type: 'stall', executor: 1, fromMs: 300, untilMs: 400 },
  ]);
  const one = await system.spawn(relay, {}, { executor: 1 });
  const two = await system.spawn(relay, { to: one.address }, { executor: 2 });
  for (const text of ['50', '150', '250', '350']) {
    await system.advance(Number(text) - system.clock.now());
    two.cast('tell', { text });
  }
  await system.settle();
  t.equal(system.clock.now(), 350);
  t.same(await one.call('got'), ["50'", "250'", "350'"], 'the call waited for the stall to end');
  t.equal(system.clock.now(), 400);
});

t.test('a stalled executor takes no step, and catches up when it goes on', async (t) => {
  const system = await systemWith([]);
  const ref = await system.spawn(counter, { start: 0 }, { executor: 1 });
  system.stall(1);
  ref.cast('inc');
  await t.rejects(ref.call('get', undefined, { timeoutMs: 500 }), { code: 'CALL_TIMEOUT' });
  t.equal(system.clock.now(), 500, 'others saw time pass');
  system.resume(1);
  t.equal(await ref.call('get'), 1);
});

t.test('a kill that is declared strikes at its step, wherever the run then is', async (t) => {
  let lost = 0;
  for (let atStep = 10; atStep <= 59; atStep += 7) {
    const system = await systemWith([{ type: 'kill', executor: 1, atStep }]);
    const ref = await system.spawn(counter, { start: 0 }, { executor: 1 }).catch(() => undefined);
    for (let i = 0; ref !== undefined && i < 10; i += 1) await ref.call('add', { by: 1 }).catch(() => (lost += 1));
    await system.advance(1_000);
    t.match(system.trace().join('\n'), /executor 1 killed/);
  }
  t.ok(lost > 0, `${lost} calls were lost with their executor`);
});

t.test('faults out of range are refused with BAD_USAGE', async (t) => {
  const wrong: Fault[] = [
    { type: 'crash', atMessage: 1 },
    { type: 'crash', definition: 'counter', atMessage: 0 },
    { type: 'crash', definition: 'counter', atMessage: 1, times: 0 },
    { type: 'drop', probability: 2 },
    { type: 'drop', from: 9 },
    { type: 'delay', delayMs: -1 },
    { type: 'partition', between: [1, 7] },
    { type: 'stall', executor: 7 },
    { type: 'kill', executor: 0, atStep: 1 },
    { type: 'kill', executor: 1, atStep: -1 },
  ];
  for (const fault of wrong) await t.rejects(systemWith([fault]), { code: 'BAD_USAGE', message: /^faults: / });
});
