/** Probes: what a test sees through them, and how they say what they missed. */
import { SkepError } from '#protocols/wire/error';
import { TestSystem } from '#runtime/testing/index';
import t from 'tap';
import { counter, relay } from './actors.js';

const definitions = [counter, relay];

t.test('a probe stands in for a collaborator and records what it is sent', async (t) => {
  const system = await TestSystem.create({ definitions, executors: 2 });
  const probe = await system.probe();
  const ref = await system.spawn(relay, { to: probe.address });
  ref.cast('tell', { text: 'hello' });
  const got = await probe.expectCast('tell');
  t.same(got.message, { text: "hello'" });
  t.equal(got.from, ref.address);
  probe.ref(counter).cast('inc');
  t.match(await probe.expectCast('inc'), { kind: 'cast', name: 'inc' });
  t.equal(probe.received.length, 2);
});

t.test('a cast that does not fit the expectation fails it, and the message lists what came', async (t) => {
  const system = await TestSystem.create({ definitions });
  const probe = await system.probe();
  const ref = probe.ref(relay);
  ref.cast('tell', { text: 'first' });
  await probe.expectCast('tell');
  ref.cast('tell', { text: 'second' });
  await t.rejects(
    probe.expectCast('tell', (message) => (message as { text: string }).text === 'third'),
    {
      name: 'AssertionError',
      message:
        /expected cast "tell" within 1000 ms and got cast "tell" \{"text":"second"\}.*read {3}cast "tell" \{"text":"first"\}.*unread cast "tell" \{"text":"second"\}/s,
    },
  );
  t.match(await probe.expectCast('tell'), { message: { text: 'second' } }, 'what did not fit is still to be read');
});

t.test('an expectation waits for its virtual time and no longer', async (t) => {
  const system = await TestSystem.create({ definitions });
  const probe = await system.probe();
  system.clock.after(400, () => probe.ref(relay).cast('tell', { text: 'late' }));
  const early = probe.expectCast('tell', undefined, { withinMs: 399 });
  await t.rejects(early, { message: /within 399 ms and got nothing.*nothing/s });
  t.equal(system.clock.now(), 399);
  await probe.expectCast('tell', undefined, { withinMs: 1 });
});

t.test('fishForCast passes over what comes before, expectNone fails when something comes', async (t) => {
  const system = await TestSystem.create({ definitions });
  const probe = await system.probe();
  const ref = probe.ref(relay);
  await probe.expectNone(50);
  t.equal(system.clock.now(), 50);
  for (const text of ['a', 'b', 'c']) ref.cast('tell', { text });
  await probe.fishForCast('tell', (message) => (message as { text: string }).text === 'b');
  await t.rejects(probe.expectNone(), { message: /nothing for 100 ms and got cast "tell" \{"text":"c"\}/ });
  await t.rejects(
    probe.fishForCast('tell', () => false),
    { message: /got nothing/ },
  );
});

t.test('calls are answered when the test says so: by a reply, or by an error', async (t) => {
  const system = await TestSystem.create({ definitions, executors: 1 });
  const probe = await system.probe();
  const ref = probe.ref(counter);
  const answer = async (act: (call: Awaited<ReturnType<typeof probe.expectCall>>) => void) =>
    act(await probe.expectCall('add', (message) => (message as { by: number }).by > 0));
  const [sum] = await Promise.all([ref.call('add', { by: 2 }), answer((call) => call.reply(42))]);
  t.equal(sum, 42);
  const refused = ref.call('add', { by: 3 });
  const failing = answer((call) => call.fail(new SkepError('BAD_MESSAGE', 'not today')));
  await t.rejects(refused, { code: 'BAD_MESSAGE', message: 'not today' });
  await failing;
  await t.rejects(ref.call('add', { by: 4 }, { timeoutMs: 20 }), { code: 'CALL_TIMEOUT' });
});

t.test('a probe hears of the end of what it watches, with the reason', async (t) => {
  const system = await TestSystem.create({ definitions, executors: 2 });
  const probe = await system.probe({ name: 'witness' });
  t.equal((await system.lookup(relay, 'witness'))?.address, probe.address);
  const ref = await system.spawn(counter, { start: 0 }, { executor: 2, restart: 'temporary' });
  probe.watch(ref);
  await system.settle();
  system.stopActor(ref.address);
  t.match(await probe.expectDown(ref), { reason: { class: 'shutdown' } });
  const other = await system.spawn(counter, { start: 0 });
  await t.rejects(probe.expectDown(other.address, { withinMs: 10 }), { message: /expected down of .*got nothing/ });
});
