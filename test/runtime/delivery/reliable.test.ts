/** Reliable casts on one node: crashes, full mailboxes, receivers that stay away, senders that end. */
import { type ActorAddress, defineActor, type ReliableOptions, type SystemOptions } from '#runtime';
import t, { type Test } from 'tap';
import { deadLetters, inlineSystem, settle } from '../support.js';

/** A receiver that crashes on numbers it is told to, so many times, and keeps what it handled over its lives. */
function receiverWith(handled: unknown[], { reliable = true, crashes = {}, capacity = 100 }: Partial<Behaviour> = {}) {
  const left: Record<number, number> = { ...crashes };
  return defineActor({
    name: 'receiver',
    init: () => null,
    reliable,
    mailbox: { capacity },
    supervision: { maxRestarts: 100 },
    casts: {
      take: async (_state, n: number) => {
        await Promise.resolve();
        const more = left[n] ?? 0;
        left[n] = more - 1;
        if (more > 0) throw new Error(`crash at ${n}`);
        handled.push(n);
      },
      hang: () => new Promise<never>(() => {}),
    },
    calls: { size: () => handled.length },
  });
}

interface Behaviour {
  readonly reliable: true | ReliableOptions;
  readonly crashes: Readonly<Record<number, number>>;
  readonly capacity: number;
}

async function world(t: Test, behaviour: Partial<Behaviour> = {}, options: SystemOptions = {}) {
  const handled: number[] = [];
  const receiver = receiverWith(handled, behaviour);
  const sender = defineActor({
    name: 'sender',
    init: () => null,
    calls: {
      send: (_state, message: { readonly to: ActorAddress; readonly from: number; readonly upTo: number }, ctx) => {
        const ref = ctx.ref(receiver, message.to);
        for (let n = message.from; n < message.upTo; n += 1) ref.cast('take', n);
      },
    },
    casts: {
      crash: (): never => {
        throw new Error('boom');
      },
    },
  });
  const { system, clock } = await inlineSystem(t, {
    definitions: [receiver, sender],
    defaults: { supervision: { maxRestarts: 100 } },
    ...options,
  });
  return { system, clock, handled, receiver, sender, ref: await system.spawn(receiver, undefined) };
}

const numbers = (upTo: number): number[] => Array.from({ length: upTo }, (_, n) => n);

t.test(
  'a message whose handler crashed is handled by the next life, before the later ones of its sender',
  async (t) => {
    const { system, clock, handled, ref } = await world(t, { crashes: { 3: 2, 7: 1 } });
    for (const n of numbers(10)) t.ok(ref.cast('take', n));
    for (let round = 0; round < 10; round += 1) {
      await settle();
      clock.advance(50);
    }
    t.same(handled, numbers(10));
    t.same(await deadLetters(system), {});
  },
);

t.test('without reliable the message in hand of a crash is lost', async (t) => {
  const handled: number[] = [];
  const { reliable: _, ...plain } = receiverWith(handled, { crashes: { 3: 1 } });
  const receiver = { ...plain, reliable: undefined };
  const { system, clock } = await inlineSystem(t, { definitions: [receiver] });
  const ref = await system.spawn(receiver, undefined);
  for (const n of numbers(5)) ref.cast('take', n);
  await settle();
  clock.advance(50);
  await settle();
  t.same(handled, [0, 1, 2, 4]);
});

t.test('a message that crashes as often as is allowed becomes a dead letter, and the next has its turn', async (t) => {
  const { system, clock, handled, ref } = await world(t, { crashes: { 1: 99 }, reliable: { maxDeliveries: 3 } });
  for (const n of numbers(3)) ref.cast('take', n);
  for (let round = 0; round < 10; round += 1) {
    await settle();
    clock.advance(50);
  }
  t.same(handled, [0, 2]);
  t.same(await deadLetters(system), { poison: 1 });
});

t.test('a full mailbox delays reliable casts and loses none', async (t) => {
  const { system, clock, handled, ref, receiver } = await world(t, { capacity: 1 });
  const other = await system.spawn(receiver, undefined);
  // Casts past the ref are plain, and fill the mailbox.
  system.cast(ref.address, 'take', 100);
  for (const n of numbers(3)) ref.cast('take', n);
  for (const n of numbers(3)) other.cast('take', 200 + n);
  for (let round = 0; round < 10; round += 1) {
    await settle();
    clock.advance(20);
  }
  t.same(
    handled.filter((n) => n < 200),
    [100, 0, 1, 2],
  );
  t.same(
    handled.filter((n) => n >= 200),
    [200, 201, 202],
  );
  t.same(await deadLetters(system), {});
});

t.test('a receiver that stays away costs its messages in the end, and each is counted', async (t) => {
  const { system, clock, ref } = await world(t, { reliable: { giveUpMs: 10_000 } });
  system.stopActor(ref.address);
  await settle();
  for (const n of numbers(5)) t.ok(ref.cast('take', n), 'accepted: it may come back');
  await settle();
  clock.advance(9_000);
  await settle();
  t.same(await deadLetters(system), {});
  clock.advance(10_000);
  await settle();
  t.same(await deadLetters(system), { undelivered: 5 });
  t.equal(clock.pending, 0, 'nobody asks any more');
});

t.test('what a sender accepted is delivered though the sender restarts or ends', async (t) => {
  const { system, clock, handled, ref, sender } = await world(t, { reliable: { window: 2 } });
  const from = await system.spawn(sender, undefined);
  await from.call('send', { to: ref.address, from: 0, upTo: 20 });
  from.cast('crash');
  await settle(1);
  await settle();
  clock.advance(50);
  await settle();
  await from.call('send', { to: ref.address, from: 20, upTo: 40 });
  system.stopActor(from.address);
  await settle(40);
  t.same(handled, numbers(40));
  t.same(await deadLetters(system), {});
  t.equal(clock.pending, 0, 'all is acknowledged');
});

t.test('a sender ahead of its receiver is told to wait, and refused beyond its buffer', async (t) => {
  const { system, clock, handled, ref } = await world(t, { reliable: { window: 2, buffer: 10 } });
  ref.cast('hang');
  await settle();
  const taken = numbers(12).map((n) => ref.cast('take', n));
  t.same(taken, [true, true, true, true, false, false, false, false, false, false, false, false]);
  t.same(await deadLetters(system), { 'outbound-full': 3 });
  let room = false;
  const waiting = ref.drained().then(() => (room = true));
  await settle();
  t.notOk(room);
  system.stopActor(ref.address);
  for (let round = 0; round < 100; round += 1) {
    clock.advance(1_000);
    await settle(2);
  }
  await waiting;
  t.same(handled, []);
  t.same(await deadLetters(system), { 'outbound-full': 3, undelivered: 10 });
});

t.test('what no handler takes, or is not plain data, is counted once and holds up nothing', async (t) => {
  const { system, handled, ref } = await world(t);
  (ref.cast as (name: string, message: unknown) => boolean)('nonsense', 1);
  t.notOk((ref.cast as (name: string, message: unknown) => boolean)('take', () => {}));
  ref.cast('take', 5);
  await settle();
  t.same(handled, [5]);
  t.same(await deadLetters(system), { 'no-such-handler': 1, unencodable: 1 });
});

t.test('options of reliable that make no sense are refused by name', async (t) => {
  for (const [field, value] of Object.entries({
    window: 0,
    buffer: 5,
    resendMs: 0,
    maxResendMs: 1,
    giveUpMs: 0.5,
    maxDeliveries: 0,
  }))
    t.throws(() => defineActor({ name: 'x', init: () => null, reliable: { [field]: value } }), {
      code: 'BAD_CONFIG',
      message: new RegExp(`reliable.${field} is ${value}`),
    });
});
