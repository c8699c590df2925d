/** Durable casts on one node over a store in memory: lives of the sender, of its node and of the receiver. */
import { type ActorRef, ActorSystem, defineActor, memoryStore, type MemoryStore, type SystemOptions } from '#runtime';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t, { type Test } from 'tap';
import { courier, inbox } from '#test/testdata/actors/courier';
import { deadLetters, settle, shutdownInline } from '../support.js';

/** Receives and ends no handler. */
const deaf = defineActor({
  name: 'inbox',
  init: () => null,
  reliable: { durable: true, resendMs: 50 },
  casts: { take: (_state, _n: number) => new Promise<never>(() => {}) },
});

/** A sender that is not stored, and one that sends too early. */
const plain = defineActor({
  name: 'plain',
  init: () => null,
  calls: {
    send: async (_state, n: number, ctx) => {
      (await ctx.lookup(inbox, 'inbox'))?.cast('take', n);
    },
    stored: (_state, _message: undefined, ctx) => ctx.stored(),
  },
});
const hasty = defineActor({
  name: 'hasty',
  init: async (_args: undefined, ctx) => {
    (await ctx.lookup(inbox, 'inbox'))?.cast('take', 1);
    return null;
  },
  durable: { key: () => 'k' },
});

interface Life {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  /** Lets so many milliseconds pass, and everything happen that they bring. */
  pass(ms: number): Promise<void>;
}

let lives = 0;

/** A life of node `a`; its inbox may be one that handles nothing. */
async function life(
  t: Test,
  store: MemoryStore,
  receiver: typeof inbox | typeof deaf = inbox,
  options: SystemOptions = {},
): Promise<Life> {
  lives += 1;
  const clock = new VirtualClock();
  const system = await ActorSystem.create({
    node: 'a',
    incarnation: `i${lives}`,
    log: { level: 'silent', format: 'json' },
    freezeMessages: true,
    clock,
    definitions: [receiver, courier, plain, hasty],
    callTimeoutMs: 60_000,
    store,
    ...options,
  });
  t.teardown(() => shutdownInline(system, clock));
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      await settle(20);
      clock.advance(50);
    }
    await settle(20);
  };
  return { system, clock, pass };
}

const named = { name: 'inbox', node: 'a' };
const spawnInbox = ({ system }: Life): Promise<ActorRef<typeof inbox>> =>
  system.spawn(inbox, undefined, { name: 'inbox' });
const spawnCourier = ({ system }: Life): Promise<ActorRef<typeof courier>> => system.spawn(courier, { key: 'k' });

t.test('a node that ends with durable casts that nobody handled: its next life delivers them, in order', async (t) => {
  const store = memoryStore();
  const first = await life(t, store, deaf);
  await first.system.spawn(deaf, undefined, { name: 'inbox' });
  await (await spawnCourier(first)).call('send', { to: named, from: 1, count: 300 });
  store.crash('power');
  const second = await life(t, store);
  const box = await spawnInbox(second);
  await second.pass(1_000);
  t.same(await box.call('all'), [], 'nothing before the sender lives again');
  const sender = await spawnCourier(second);
  await sender.call('send', { to: named, from: 301, count: 5 });
  await second.pass(1_000);
  t.same(
    await box.call('all'),
    Array.from({ length: 305 }, (_, n) => n + 1),
  );
  t.same(await deadLetters(second.system), {});
});

t.test('what was handled is not sent again by the next life once it is forgotten', async (t) => {
  const store = memoryStore();
  const first = await life(t, store);
  const box = await spawnInbox(first);
  await (await spawnCourier(first)).call('send', { to: named, from: 1, count: 5 });
  await first.pass(1_000);
  t.same(await box.call('all'), [1, 2, 3, 4, 5]);
  store.crash('power');
  const second = await life(t, store);
  const next = await spawnInbox(second);
  const sender = await spawnCourier(second);
  await second.pass(1_000);
  t.same(await next.call('all'), []);
  await sender.call('send', { to: named, from: 6, count: 1 });
  await second.pass(1_000);
  t.same(await next.call('all'), [6], 'and the numbers go on');
});

t.test('a stored sender that crashes or is started again: each durable cast is handled once', async (t) => {
  const world = await life(t, memoryStore());
  const box = await spawnInbox(world);
  let sender = await spawnCourier(world);
  for (let from = 1; from <= 20; from += 5) {
    await sender.call('send', { to: { address: box.address }, from, count: 5 });
    if (from % 2 === 1) {
      sender.cast('crash');
      await world.pass(200);
    } else {
      world.system.stopActor(sender.address);
      await settle();
      sender = await spawnCourier(world);
    }
  }
  await world.pass(1_000);
  t.same(
    await box.call('all'),
    Array.from({ length: 20 }, (_, n) => n + 1),
  );
});

t.test('a receiver that comes back under its name at another address gets what it had not handled', async (t) => {
  let deafAbove = 3;
  const handled: number[] = [];
  const receiver = defineActor({
    name: 'inbox',
    init: () => ({ handled: [] as number[] }),
    reliable: { durable: true, resendMs: 50 },
    casts: {
      take: (_state: { handled: number[] }, n: number) =>
        n > deafAbove ? new Promise<never>(() => {}) : void handled.push(n),
    },
  });
  const world = await life(t, memoryStore(), receiver as unknown as typeof inbox);
  const box = await spawnInbox(world);
  const sender = await spawnCourier(world);
  await sender.call('send', { to: named, from: 1, count: 6 });
  await world.pass(500);
  t.same(handled, [1, 2, 3], 'the fourth is in hand');
  world.system.stopActor(box.address);
  await world.pass(120_000);
  t.same(await deadLetters(world.system), {}, 'a name is waited for without end');
  deafAbove = 6;
  const next = await spawnInbox(world);
  t.not(next.address, box.address);
  await world.pass(10_000);
  t.same(handled, [1, 2, 3, 4, 5, 6]);
});

t.test('ctx.stored resolves when the casts are stored, and a store that fails lets it reject', async (t) => {
  const store = memoryStore();
  const fatal: string[] = [];
  const world = await life(t, store, deaf, { onFatal: ({ code }) => void fatal.push(code) });
  const { address } = await world.system.spawn(deaf, undefined, { name: 'inbox' });
  const sender = await spawnCourier(world);
  t.equal(await sender.call('sendAndWait', { to: { address }, from: 1, count: 1 }), 'stored');
  store.crash('process');
  await t.rejects(sender.call('sendAndWait', { to: { address }, from: 2, count: 1 }));
  t.same(fatal, ['STORE_FAILED']);
});

t.test('an address of a life before of the node is gone, and what waits for it is counted', async (t) => {
  const store = memoryStore();
  const first = await life(t, store, deaf);
  const { address } = await first.system.spawn(deaf, undefined);
  await (await spawnCourier(first)).call('send', { to: { address }, from: 1, count: 4 });
  store.crash('power');
  const second = await life(t, store);
  await spawnCourier(second);
  await second.pass(100);
  t.same(await deadLetters(second.system), { lost: 4 });
  store.crash('power');
  const third = await life(t, store);
  await spawnCourier(third);
  await third.pass(100);
  t.same(await deadLetters(third.system), {}, 'once');
});

t.test('an actor that erases itself: what it had cast is delivered, and its key begins anew', async (t) => {
  const store = memoryStore();
  const world = await life(t, store);
  const box = await spawnInbox(world);
  const sender = await spawnCourier(world);
  await sender.call('send', { to: named, from: 1, count: 3 });
  await sender.call('erase').catch(() => {});
  await world.pass(500);
  const next = await spawnCourier(world);
  await next.call('send', { to: named, from: 4, count: 3 });
  await world.pass(500);
  t.same(await box.call('all'), [1, 2, 3, 4, 5, 6]);
});

t.test('casts of a sender that is not stored are reliable and not durable', async (t) => {
  const store = memoryStore();
  const world = await life(t, store);
  const box = await spawnInbox(world);
  const sender = await world.system.spawn(plain, undefined);
  await sender.call('send', 7);
  await world.pass(500);
  t.same(await box.call('all'), [7]);
  await t.rejects(sender.call('stored'), { code: 'BAD_USAGE' });
});

t.test('a durable cast in init is refused: what is stored is not read yet', async (t) => {
  const world = await life(t, memoryStore());
  await spawnInbox(world);
  await t.rejects(world.system.spawn(hasty, undefined), { code: 'INIT_FAILED', facts: { cause: 'BAD_USAGE' } });
});
