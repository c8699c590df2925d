/** Casts and calls on one executor: order, answers, bounds and everything that has no handler. */
import { type ActorAddress, type ActorRef, defineActor, SkepError } from '#runtime';
import t from 'tap';
import { deadLetters, gate, inlineSystem, settle } from '../support.js';

const ledger = defineActor({
  name: 'ledger',
  init: () => ({ seen: [] as number[] }),
  calls: {
    seen: (state) => [...state.seen],
    refuse: (): never => {
      throw new SkepError('BAD_MESSAGE', 'not this', { field: 'x' });
    },
    crash: (): never => {
      throw new Error('boom');
    },
    late: async (): Promise<never> => {
      await Promise.resolve();
      throw new TypeError('late boom');
    },
    thenable: () => ({ then: (resolve: (value: number) => void) => resolve(7) }),
  },
  casts: {
    note: (state, message: number) => {
      state.seen.push(message);
    },
    slowNote: async (state, message: number) => {
      await Promise.resolve();
      state.seen.push(message);
    },
  },
});

t.test('messages of one sender are handled in the order they were sent, sync and async handlers alike', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [ledger] });
  const ref = await system.spawn(ledger, undefined);
  for (let n = 0; n < 1_000; n += 1) ref.cast(n % 3 === 0 ? 'slowNote' : 'note', n);
  t.same(
    await ref.call('seen'),
    Array.from({ length: 1_000 }, (_, n) => n),
  );
});

t.test('a SkepError out of a call is its answer; the actor lives on with its state', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [ledger] });
  const ref = await system.spawn(ledger, undefined);
  ref.cast('note', 1);
  await t.rejects(ref.call('refuse'), { code: 'BAD_MESSAGE', message: 'not this', facts: { field: 'x' } });
  t.same(await ref.call('seen'), [1]);
});

t.test('any other error out of a call crashes the actor, and the caller hears ACTOR_CRASHED at once', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [ledger] });
  const ref = await system.spawn(ledger, undefined);
  ref.cast('note', 1);
  await t.rejects(ref.call('crash'), { code: 'ACTOR_CRASHED', message: /boom/ });
  clock.advance(10);
  await settle();
  t.same(await ref.call('seen'), [], 'restarted, with a new state');
  await t.rejects(ref.call('late'), { code: 'ACTOR_CRASHED', message: /late boom/ });
});

t.test('a handler may answer with anything that can be awaited', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [ledger] });
  const ref = await system.spawn(ledger, undefined);
  t.equal(await ref.call('thenable'), 7);
});

t.test('names that objects inherit are no handlers', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [ledger] });
  const { address } = await system.spawn(ledger, undefined);
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '']) {
    await t.rejects(system.call(address, name, null), { code: 'NO_SUCH_HANDLER' }, name);
    system.cast(address, name, null);
  }
  await settle();
  t.equal((await deadLetters(system))['no-such-handler'], 5);
  t.equal((await system.list()).length, 4, 'and nothing crashed');
});

t.test('a stream asked for one reply is refused instead of never answered', async (t) => {
  const streamer = defineActor({
    name: 'streamer',
    init: () => null,
    calls: {
      async *items() {
        yield 1;
      },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [streamer] });
  const { address } = await system.spawn(streamer, undefined);
  await t.rejects(system.call(address, 'items', null), { code: 'BAD_USAGE', message: /is a stream/ });
});

t.test('an address without an actor: a call fails at once, a cast is a dead letter', async (t) => {
  const { system } = await inlineSystem(t);
  for (const address of ['a@i1/0/999', 'a@old/0/16', 'a@i1/7/16'] as ActorAddress[]) {
    await t.rejects(system.call(address, 'x', null), { code: 'NO_SUCH_ACTOR' }, address);
    t.equal(system.cast(address, 'x', null), false);
  }
  t.equal((await deadLetters(system))['no-such-actor'], 3);
  await t.rejects(system.call('b@i1/0/16' as ActorAddress, 'x', null), { code: 'NO_SUCH_NODE' });
  await t.rejects(system.call('nonsense' as ActorAddress, 'x', null), /not an actor address/);
  t.equal((await system.reports())[0]?.pendingCalls, 0);
});

t.test('an actor that calls back into its own chain of calls fails at once with CALL_CYCLE', async (t) => {
  type Peer = ActorRef<typeof peer>;
  const peer = defineActor({
    name: 'peer',
    init: (args: { readonly next?: ActorAddress }) => ({ next: args.next }),
    calls: {
      around: async (state, to: ActorAddress | null, ctx): Promise<unknown> => {
        const target = to ?? state.next;
        if (target === undefined) return 'end';
        const next: Peer = ctx.ref(peer, target);
        return next.call('around', null);
      },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [peer] });
  const last = await system.spawn(peer, {});
  const first = await system.spawn(peer, { next: last.address });
  t.equal(await first.call('around', null), 'end');
  await t.rejects(first.call('around', first.address), { code: 'CALL_CYCLE' }, 'itself');
  const third = await system.spawn(peer, { next: first.address });
  await t.rejects(first.call('around', third.address), { code: 'CALL_CYCLE', message: new RegExp(first.address) });
});

for (const policy of ['reject', 'drop-newest', 'drop-oldest'] as const) {
  t.test(`a full mailbox with policy ${policy} keeps its bound, and what gives way is a dead letter`, async (t) => {
    const { opened, open } = gate();
    const bounded = defineActor({
      name: 'bounded',
      init: () => ({ seen: [] as number[] }),
      mailbox: { capacity: 4, highWater: 2, policy },
      calls: { seen: (state) => [...state.seen] },
      casts: {
        hold: () => opened,
        note: (state, n: number) => {
          state.seen.push(n);
        },
      },
    });
    const { system, clock } = await inlineSystem(t, { definitions: [bounded], callTimeoutMs: 1_000 });
    const ref = await system.spawn(bounded, undefined);
    ref.cast('hold');
    await settle();
    const accepted = [1, 2, 3, 4, 5, 6].map((n) => ref.cast('note', n));
    const call = ref.call('seen');
    call.catch(() => {});
    await settle();
    const letters = await deadLetters(system);
    switch (policy) {
      case 'reject':
        t.same(accepted, [true, true, false, false, false, false]);
        await t.rejects(call, { code: 'MAILBOX_FULL' });
        t.equal(letters['mailbox-full'], 3);
        break;
      case 'drop-newest':
        t.equal(letters['mailbox-full'], 3);
        clock.advance(1_000);
        await t.rejects(call, { code: 'CALL_TIMEOUT' });
        break;
      case 'drop-oldest':
        t.equal(letters['displaced'], 3);
        break;
    }
    open();
    await settle();
    t.same(await ref.call('seen'), policy === 'drop-oldest' ? [4, 5, 6] : [1, 2, 3, 4]);
  });
}

t.test('cast is false above the high-water mark, and drained waits until it is true again', async (t) => {
  const { opened, open } = gate();
  const slow = defineActor({
    name: 'slow',
    init: () => null,
    mailbox: { highWater: 1 },
    casts: { hold: () => opened, note: () => {} },
  });
  const { system } = await inlineSystem(t, { definitions: [slow] });
  const ref = await system.spawn(slow, undefined);
  ref.cast('hold');
  await settle();
  t.same([ref.cast('note'), ref.cast('note')], [true, false]);
  let drained = false;
  const waiting = ref.drained().then(() => {
    drained = true;
  });
  await settle();
  t.notOk(drained);
  open();
  await waiting;
  t.equal(ref.cast('note'), true);
});

t.test('drained ends when the actor does', async (t) => {
  const stuck = defineActor({
    name: 'stuck',
    init: () => null,
    mailbox: { highWater: 0 },
    casts: { hold: () => new Promise<void>(() => {}), note: () => {} },
  });
  const { system, clock } = await inlineSystem(t, { definitions: [stuck] });
  const ref = await system.spawn(stuck, undefined);
  ref.cast('hold');
  await settle();
  t.equal(ref.cast('note'), false);
  const waiting = ref.drained();
  system.stopActor(ref.address);
  await settle();
  clock.advance(5_000);
  await waiting;
  t.equal((await deadLetters(system))['stopped'], 1, 'its waiting mail is a dead letter');
});

t.test('a flood between two actors does not keep the event loop from its turns', async (t) => {
  const echo = defineActor({
    name: 'echo',
    init: () => null,
    casts: {
      ball: (_state, to: ActorAddress, ctx) => void ctx.ref(echo as never, to).cast('ball' as never, ctx.self as never),
    },
  });
  const { system } = await inlineSystem(t, { definitions: [echo] });
  const [a, b] = [await system.spawn(echo, undefined), await system.spawn(echo, undefined)];
  a.cast('ball', b.address);
  // Would hang here for ever if the two kept the loop for themselves.
  await settle(3);
  system.stopActor(a.address);
  system.stopActor(b.address);
  await settle();
  t.equal((await system.list()).length, 3);
});
