/** Refs of actors on the same executor know them, and must not know them for longer than they live. */
import { type ActorRef, defineActor } from '#runtime';
import t from 'tap';
import { deadLetters, inlineSystem, settle } from '../support.js';

const target = defineActor({
  name: 'target',
  init: () => ({ noted: [] as number[] }),
  calls: {
    noted: (state) => [...state.noted],
  },
  casts: {
    note: (state, n: number) => void state.noted.push(n),
    crash: () => {
      throw new Error('on purpose');
    },
    leave: (_state, _message: undefined, ctx) => ctx.stop(),
  },
});

/** Casts and calls through one ref that it keeps. */
const holder = defineActor({
  name: 'holder',
  init: () => ({ ref: undefined as ActorRef<typeof target> | undefined }),
  calls: {
    know: (state, address: ActorRef['address'], ctx) => {
      state.ref = ctx.ref(target, address);
    },
    note: (state, n: number) => state.ref?.tryCast('note', n),
    noted: async (state) => (await state.ref?.call('noted')) ?? [],
  },
});

for (const freezeMessages of [false, true]) {
  const how = freezeMessages ? 'frozen' : 'as they are';
  t.test(`a ref in an actor reaches its neighbour before and after a crash, messages ${how}`, async (t) => {
    const { system, clock } = await inlineSystem(t, { freezeMessages, definitions: [target, holder] });
    const to = await system.spawn(target, undefined);
    const from = await system.spawn(holder, undefined);
    await from.call('know', to.address);
    t.equal(await from.call('note', 1), 'accepted');
    t.same(await from.call('noted'), [1]);
    to.cast('crash');
    t.equal(await from.call('note', 2), 'accepted', 'the mailbox is kept');
    for (let waited = 0; waited < 20; waited += 1) {
      await settle(2);
      clock.advance(100);
    }
    t.same(await from.call('noted'), [2], 'a new life, under the same ref');
    t.same(await deadLetters(system), {});
  });

  t.test(`a ref whose actor ended: a cast is refused as no-such-actor, a call fails, messages ${how}`, async (t) => {
    const { system } = await inlineSystem(t, { freezeMessages, definitions: [target, holder] });
    const to = await system.spawn(target, undefined, { restart: 'temporary' });
    const from = await system.spawn(holder, undefined);
    await from.call('know', to.address);
    t.equal(await from.call('note', 1), 'accepted');
    t.equal(to.tryCast('note', 2), 'accepted');
    to.cast('leave');
    await settle();
    t.equal(await from.call('note', 3), 'refused');
    t.equal(to.tryCast('note', 4), 'refused');
    await t.rejects(from.call('noted'), { code: 'NO_SUCH_ACTOR' });
    await t.rejects(to.call('noted'), { code: 'NO_SUCH_ACTOR' });
    t.same(await deadLetters(system), { 'no-such-actor': 2 });
  });
}

t.test('a ref that casts before its actor is there finds it once it is', async (t) => {
  const { system } = await inlineSystem(t, { freezeMessages: false, definitions: [target] });
  const first = await system.spawn(target, undefined);
  const next = first.address.replace(/\d+$/, (serial) => String(Number(serial) + 1)) as ActorRef['address'];
  const early = system.ref(target, next);
  t.equal(early.tryCast('note', 1), 'refused');
  const second = await system.spawn(target, undefined);
  t.equal(second.address, next);
  t.equal(early.tryCast('note', 2), 'accepted');
  t.same(await early.call('noted'), [2]);
});

t.test('a handler that looks at what is in hand late still sees its own message', async (t) => {
  const seen: (string | undefined)[] = [];
  const looker = defineActor({
    name: 'looker',
    init: () => null,
    calls: {
      late: async (_state, _message: undefined, ctx) => {
        await Promise.resolve();
        seen.push(ctx.sender);
        return ctx.signal.aborted;
      },
    },
  });
  const asker = defineActor({
    name: 'asker',
    init: () => null,
    calls: { ask: (_state, to: ActorRef['address'], ctx) => ctx.ref(looker, to).call('late') },
  });
  const { system } = await inlineSystem(t, { freezeMessages: false, definitions: [looker, asker] });
  const looks = await system.spawn(looker, null);
  const asks = await system.spawn(asker, null);
  t.equal(await asks.call('ask', looks.address), false);
  t.same(seen, [asks.address]);
});
