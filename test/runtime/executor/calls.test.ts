/** Deadlines and cancellation: both follow the whole tree of calls, and nothing of a call stays behind. */
import { getEventListeners } from 'node:events';
import { type ActorAddress, type ActorRef, defineActor } from '#runtime';
import t from 'tap';
import { CallTable } from '#runtime/executor/calls';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import { deadLetters, gate, inlineSystem, settle } from '../support.js';

interface Log {
  readonly aborted: string[];
  readonly handled: string[];
}

/** Actors in a row: each asks the next, the last waits for its signal or for the test. */
function chainOf(log: Log, held: Promise<void> = new Promise(() => {})) {
  return defineActor({
    name: 'link',
    init: (args: { readonly name: string; readonly next?: ActorAddress }) => args,
    calls: {
      ask: async (state, _message: null, ctx): Promise<string> => {
        log.handled.push(state.name);
        ctx.signal.addEventListener('abort', () => log.aborted.push(state.name));
        if (state.next === undefined) await held;
        else await ctx.ref(untyped, state.next).call('ask', null);
        return state.name;
      },
      ping: (state) => state.name,
    },
  });
}
/** The types of a link, for refs inside links. */
const untyped = defineActor({
  name: 'untyped',
  init: () => null,
  calls: { ask: async (_state, _message: null) => '' },
});

async function threeLinks(t: Parameters<typeof inlineSystem>[0], log: Log, held?: Promise<void>) {
  const link = chainOf(log, held);
  const { system, clock } = await inlineSystem(t, { definitions: [link] });
  const third = await system.spawn(link, { name: 'third' });
  const second = await system.spawn(link, { name: 'second', next: third.address });
  const first: ActorRef<typeof link> = await system.spawn(link, { name: 'first', next: second.address });
  return { system, clock, first, second, third };
}

t.test('a cancel reaches every handler down the tree of calls, and frees them', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { system, first, second } = await threeLinks(t, log);
  const controller = new AbortController();
  const call = first.call('ask', null, { signal: controller.signal });
  await settle();
  t.same(log.handled, ['first', 'second', 'third']);
  controller.abort();
  await t.rejects(call, { code: 'CALL_CANCELLED' });
  await settle();
  t.same(log.aborted, ['first', 'second', 'third']);
  t.equal(await first.call('ping'), 'first');
  t.equal(await second.call('ping'), 'second');
  t.equal((await system.reports())[0]?.pendingCalls, 0);
});

t.test('a deadline ends the whole tree of calls, however long its inner calls would wait', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { system, clock, first } = await threeLinks(t, log);
  const call = first.call('ask', null, { timeoutMs: 100 });
  await settle();
  clock.advance(99);
  await settle();
  t.same(log.aborted, []);
  clock.advance(1);
  await t.rejects(call, { code: 'CALL_TIMEOUT', facts: { timeoutMs: 100 } });
  await settle();
  t.same([...log.aborted].sort(), ['first', 'second', 'third']);
  t.equal((await system.reports())[0]?.pendingCalls, 0);
});

t.test('a reply that comes after its deadline is dropped and counted, and harms no later call', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { opened, open } = gate();
  const { system, clock, third } = await threeLinks(t, log, opened);
  const call = third.call('ask', null, { timeoutMs: 50 });
  await settle();
  clock.advance(50);
  await t.rejects(call, { code: 'CALL_TIMEOUT' });
  open();
  await settle();
  t.equal((await deadLetters(system))['late-reply'], 1);
  t.equal(await third.call('ask', null), 'third');
});

t.test('a call that waited in the mailbox past its deadline is not handled, and is counted', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { opened, open } = gate();
  const { system, clock, third } = await threeLinks(t, log, opened);
  const holding = third.call('ask', null, { timeoutMs: Number.POSITIVE_INFINITY });
  const expired = third.call('ask', null, { timeoutMs: 50 });
  await settle();
  // Past the deadline but before the cancel of its caller: the mailbox is looked at first.
  clock.advance(51);
  await t.rejects(expired, { code: 'CALL_TIMEOUT' });
  open();
  t.equal(await holding, 'third');
  await settle();
  t.same(log.handled, ['third']);
  t.equal((await system.reports())[0]?.pendingCalls, 0);
});

/** A clock on which time passes while a handler holds the thread, and no timer can fire. */
class BlockedClock extends VirtualClock {
  blockedMs = 0;

  override now(): number {
    return super.now() + this.blockedMs;
  }
}

t.test('a call behind a message that held the thread past its deadline, in one turn, is not handled', async (t) => {
  const clock = new BlockedClock();
  const handled: string[] = [];
  const worker = defineActor({
    name: 'worker',
    init: () => null,
    calls: { ask: (_state, who: string) => handled.push(who) },
    casts: {
      quick: () => {},
      hold: (_state, ms: number) => {
        clock.blockedMs += ms;
      },
    },
  });
  const { system } = await inlineSystem(t, { clock, definitions: [worker], freezeMessages: false });
  const ref = await system.spawn(worker, undefined);
  // Until its actors are known to be quick and have many messages in a turn.
  for (let n = 0; n < 200; n += 1) {
    ref.cast('quick');
    await Promise.resolve();
  }
  await settle();
  const before = ref.call('ask', 'before', { timeoutMs: 50 });
  ref.cast('hold', 60);
  const late = ref.call('ask', 'late', { timeoutMs: 50 }).catch(({ code }: { code: string }) => code);
  const inTime = ref.call('ask', 'in time', { timeoutMs: 70 });
  t.equal(await before, 1);
  t.equal(await inTime, 2);
  t.same(handled, ['before', 'in time']);
  t.same(await deadLetters(system), { expired: 1 });
  clock.advance(50);
  t.equal(await late, 'CALL_TIMEOUT');
});

t.test('a cancelled call that still waits in the mailbox is skipped, and its neighbours are not', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { opened, open } = gate();
  const { third } = await threeLinks(t, log, opened);
  const holding = third.call('ask', null);
  const controller = new AbortController();
  const cancelled = third.call('ask', null, { signal: controller.signal });
  const kept = third.call('ask', null);
  await settle();
  controller.abort();
  await t.rejects(cancelled, { code: 'CALL_CANCELLED' });
  open();
  t.same(await Promise.all([holding, kept]), ['third', 'third']);
  t.equal(log.handled.length, 2);
});

t.test('a late cancel of a call that is done does not touch the message in hand', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { system, third } = await threeLinks(t, log);
  t.equal(await third.call('ping'), 'third');
  const holding = third.call('ask', null);
  holding.catch(() => {});
  await settle();
  // What a slow network delivers: cancels of every call so far but the one in hand.
  const report = (await system.reports())[0];
  t.equal(report?.pendingCalls, 1);
  const controller = new AbortController();
  const queued = third.call('ping', undefined, { signal: controller.signal });
  await settle();
  controller.abort();
  await t.rejects(queued, { code: 'CALL_CANCELLED' });
  await settle();
  t.same(log.aborted, []);
});

t.test('an abort signal that outlives its calls keeps no listeners of them', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { clock, third } = await threeLinks(t, log);
  const controller = new AbortController();
  for (let n = 0; n < 100; n += 1) await third.call('ping', undefined, { signal: controller.signal });
  const timedOut = third.call('ask', null, { signal: controller.signal, timeoutMs: 5 });
  t.equal(getEventListeners(controller.signal, 'abort').length, 1);
  clock.advance(5);
  await t.rejects(timedOut, { code: 'CALL_TIMEOUT' });
  t.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

t.test('a call under a signal that is aborted already, or without any time, is not sent', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { clock, third } = await threeLinks(t, log);
  await t.rejects(third.call('ask', null, { signal: AbortSignal.abort() }), { code: 'CALL_CANCELLED' });
  const none = third.call('ping', undefined, { timeoutMs: 0 });
  clock.advance(0);
  await t.rejects(none, { code: 'CALL_TIMEOUT' });
  await t.rejects(third.call('ping', undefined, { timeoutMs: Number.NaN }), { code: 'BAD_USAGE' });
  await t.rejects(third.call('ping', undefined, { timeoutMs: -1 }), { code: 'BAD_USAGE' });
  t.same(log.handled, []);
});

t.test('a call with no deadline waits as long as both ends live', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { opened, open } = gate();
  const { clock, third } = await threeLinks(t, log, opened);
  const call = third.call('ask', null, { timeoutMs: Number.POSITIVE_INFINITY });
  await settle();
  clock.advance(30 * 24 * 3_600_000);
  await settle();
  open();
  t.equal(await call, 'third');
});

t.test('a flood of cancels for calls that are not there does not grow an actor', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { opened, open } = gate();
  const { third } = await threeLinks(t, log, opened);
  const holding = third.call('ask', null);
  await settle();
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 2_000; n += 1) {
    const controller = new AbortController();
    calls.push(third.call('ping', undefined, { signal: controller.signal }));
    if (n % 2 === 0) controller.abort();
  }
  open();
  await holding;
  const outcomes = await Promise.allSettled(calls);
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1_000);
});

t.test('pending calls fail when the system shuts down, and later ones too; none is left to its deadline', async (t) => {
  const log: Log = { aborted: [], handled: [] };
  const { system, clock, third } = await threeLinks(t, log);
  const inHand = third.call('ask', null, { timeoutMs: Number.POSITIVE_INFINITY });
  const queued = third.call('ping');
  const outcomes = Promise.allSettled([inHand, queued]);
  await settle();
  const stopping = system.shutdown();
  await settle();
  clock.advance(5_000);
  await stopping;
  for (const outcome of await outcomes) t.match(outcome, { status: 'rejected', reason: { code: 'ACTOR_STOPPED' } });
  await t.rejects(third.call('ping'), { code: 'ACTOR_STOPPED' });
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('an answer meant for the life of an executor before finds no call of its successor', async (t) => {
  const clock = new VirtualClock();
  const got: unknown[] = [];
  const sink = { item: (value: unknown) => got.push(value), end: () => {}, fail: () => {} };
  const to = 'a@i1/0/16' as ActorAddress;
  const dead = new CallTable(clock, 16, () => {});
  const alive = new CallTable(clock, 16 + 2 ** 32, () => {});
  const { id: old } = dead.open(to, 'get', 1_000, sink);
  const { id: current } = alive.open(to, 'get', 1_000, sink);
  t.equal(alive.reply(old, 'late'), false);
  t.equal(alive.reply(current, 'in time'), true);
  t.equal(alive.reply(current, 'twice'), false);
  t.same(got, ['in time']);
});
