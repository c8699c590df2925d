/** Messages put aside by ordinary actors: their order, their bound, their deadlines and their end. */
import { defineActor } from '#runtime';
import t from 'tap';
import { deadLetters, inlineSystem, settle } from '../support.js';

/** Works only when it is open; what comes before waits. */
const shop = defineActor({
  name: 'shop',
  init: () => ({ open: false, seen: [] as string[] }),
  stash: { capacity: 3 },
  calls: {
    buy: (state, what: string, ctx) => {
      if (!state.open) ctx.stash();
      else state.seen.push(what);
      return `sold ${what}`;
    },
    seen: (state) => [...state.seen],
    slow: async (_state, _message: undefined, ctx) => {
      await Promise.resolve();
      ctx.stash();
    },
  },
  casts: {
    visit: (state, who: string, ctx) => {
      if (!state.open) ctx.stash();
      else state.seen.push(who);
    },
    open: (state, _message: undefined, ctx) => {
      state.open = true;
      ctx.unstashAll();
    },
    crash: (): never => {
      throw new Error('boom');
    },
    crashAside: (_state, _message: undefined, ctx): never => {
      ctx.stash();
      throw new Error('boom');
    },
  },
});

t.test('stashed messages are handled before all that waits, in their old order', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [shop] });
  const ref = await system.spawn(shop, undefined);
  ref.cast('visit', 'a');
  const bought = ref.call('buy', 'b');
  ref.cast('visit', 'c');
  ref.cast('open');
  ref.cast('visit', 'd');
  t.equal(await bought, 'sold b', 'answered once, by the second run');
  t.same(await ref.call('seen'), ['a', 'b', 'c', 'd']);
});

t.test('a stash is bounded: one more fails with STASH_FULL and is not kept', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [shop] });
  const ref = await system.spawn(shop, undefined);
  const kept = ['a', 'b', 'c'].map((what) => ref.call('buy', what));
  await t.rejects(ref.call('buy', 'd'), { code: 'STASH_FULL', facts: { definition: 'shop', capacity: 3 } });
  t.match((await system.list()).at(-1), { definition: 'shop', mailbox: 3 }, 'what is stashed counts as waiting');
  ref.cast('open');
  t.same(await Promise.all(kept), ['sold a', 'sold b', 'sold c']);
  t.same(await ref.call('seen'), ['a', 'b', 'c']);
});

t.test('a stashed call keeps its deadline, and one whose caller gave up is not handled', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [shop] });
  const ref = await system.spawn(shop, undefined);
  const controller = new AbortController();
  const late = t.rejects(ref.call('buy', 'late', { timeoutMs: 100 }), { code: 'CALL_TIMEOUT' });
  const cancelled = t.rejects(ref.call('buy', 'cancelled', { signal: controller.signal }), { code: 'CALL_CANCELLED' });
  const patient = ref.call('buy', 'patient', { timeoutMs: 1_000 });
  await settle();
  controller.abort();
  clock.advance(100);
  await Promise.all([late, cancelled]);
  ref.cast('open');
  t.equal(await patient, 'sold patient');
  t.same(await ref.call('seen'), ['patient']);
});

t.test('what is stashed when an actor crashes is mail of its next life, in order', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [shop] });
  const ref = await system.spawn(shop, undefined);
  ref.cast('visit', 'a');
  const bought = ref.call('buy', 'b', { timeoutMs: 60_000 });
  ref.cast('crash');
  ref.cast('open');
  ref.cast('visit', 'c');
  await settle();
  clock.advance(1_000);
  await settle();
  // The new life is closed again, so it stashes both anew, until `open` comes.
  t.equal(await bought, 'sold b');
  t.same(await ref.call('seen'), ['a', 'b', 'c']);
});

t.test('a message that was to be stashed by a handler that crashed is gone with its run', async (t) => {
  const { system, clock } = await inlineSystem(t, { definitions: [shop] });
  const ref = await system.spawn(shop, undefined);
  ref.cast('crashAside');
  await settle();
  clock.advance(1_000);
  await settle();
  t.match((await system.list()).at(-1), { definition: 'shop', status: 'running', incarnation: 2, mailbox: 0 });
});

t.test('what is stashed when an actor stops is refused like its mailbox', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [shop] });
  const ref = await system.spawn(shop, undefined);
  const refused = t.rejects(ref.call('buy', 'a'), { code: 'ACTOR_STOPPED' });
  const slow = t.rejects(ref.call('slow'), { code: 'ACTOR_STOPPED' });
  ref.cast('visit', 'b');
  await settle();
  system.stopActor(ref.address);
  await Promise.all([refused, slow]);
  await settle();
  t.equal((await deadLetters(system))['stopped'], 3);
});

t.test('a reliable cast that is stashed does not hold up the one that it waits for', async (t) => {
  const gatekeeper = defineActor({
    name: 'gatekeeper',
    reliable: true,
    init: () => ({ open: false, seen: [] as string[] }),
    calls: { seen: (state) => [...state.seen] },
    casts: {
      visit: (state, who: string, ctx) => (state.open ? void state.seen.push(who) : ctx.stash()),
      open: (state, _message: undefined, ctx) => {
        state.open = true;
        ctx.unstashAll();
      },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [gatekeeper] });
  const ref = await system.spawn(gatekeeper, undefined);
  ref.cast('visit', 'a');
  ref.cast('visit', 'b');
  ref.cast('open');
  ref.cast('visit', 'c');
  await settle(30);
  t.same(await ref.call('seen'), ['a', 'b', 'c'], 'each once');
});
