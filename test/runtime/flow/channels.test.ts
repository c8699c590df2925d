/** Channels between two nodes under a clock that stands still: what waits, where, and how it ends. */
import { setMaxListeners } from 'node:events';
import type { Envelope } from '#protocols/wire/envelope';
import { type ActorAddress, type ActorRef, type CastOutcome, defineActor } from '#runtime';
import { makeRef, type RefTarget } from '#runtime/actor/ref';
import { decodeFrame } from '#runtime/codec/frame';
import type { Executor } from '#runtime/executor/executor';
import { Channels } from '#runtime/flow/channels';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t, { type Test } from 'tap';
import { pairOfNodes } from '../pair.js';
import { gate, settle } from '../support.js';

const WINDOW = 64;

/** An actor that stands still until it is told to go on, and remembers what it got. */
function slowActor(policy: 'reject' | 'drop-oldest' = 'reject', capacity = 10, highWater = 4) {
  const { opened, open } = gate();
  const seen: unknown[] = [];
  const slow = defineActor({
    name: 'slow',
    init: () => null,
    mailbox: { capacity, highWater, policy },
    calls: {
      seen: () => seen.length,
      stuck: () => new Promise<never>(() => {}),
    },
    casts: {
      hold: () => opened,
      crash: (): never => {
        throw new Error('boom');
      },
      note: (_state, message: unknown) => void seen.push(message),
    },
  });
  return { slow, seen, open };
}

const quick = defineActor({ name: 'quick', init: () => null, calls: { ping: () => 'pong' } });

function refOn<D extends RefTarget>(executor: Executor, definition: D, address: ActorAddress): ActorRef<D> {
  return makeRef(definition, address, {
    tryCast: (to, name, message, options) =>
      executor.offer({
        kind: 'cast',
        to,
        from: executor.address,
        name,
        message,
        ...(options?.priority === undefined ? {} : { priority: options.priority as number }),
      }),
    call: (to, name, message, options) => executor.call(to, name, message, options),
    stream: (to, name, message, options) => executor.stream(to, name, message, options),
    drained: (to) => executor.drained(to),
  });
}

/** A slow actor on `b`, seen from `a`, that has a message in hand. */
async function world(t: Test, ...shape: Parameters<typeof slowActor>) {
  const actor = slowActor(...shape);
  const pair = await pairOfNodes(t, [actor.slow, quick]);
  const parent = await pair.b.start(
    { definition: 'quick', args: null, restart: 'temporary', placement: 'same' },
    undefined,
  );
  const start = (definition: string): Promise<ActorAddress> =>
    pair.b.start({ definition, args: null, restart: 'temporary', placement: 'same' }, undefined);
  const ref = refOn(pair.a, actor.slow, await start('slow'));
  const neighbour = refOn(pair.a, quick, parent);
  ref.cast('hold');
  await settle();
  return { ...pair, ...actor, ref, neighbour };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const outcomes = (ref: { tryCast(name: 'note', n: unknown): CastOutcome }, count: number): CastOutcome[] =>
  numbers(count).map((n) => ref.tryCast('note', n));

t.test(
  'a message within credit is taken above the capacity of a mailbox; what is beyond it waits at its sender',
  async (t) => {
    const { ref, a, b, seen, open } = await world(t);
    const told = outcomes(ref, 500);
    await settle();
    t.same(told.slice(0, WINDOW - 2), Array(WINDOW - 2).fill('accepted'));
    t.same([...new Set(told.slice(WINDOW - 2))], ['wait']);
    const mailbox = b.list().find(({ definition }) => definition === 'slow')?.mailbox ?? -1;
    t.ok(mailbox > 10 && mailbox <= 4 + WINDOW, `${mailbox} in a mailbox of 10`);
    t.match(a.report().flow, { channels: 1, waiting: 500 - mailbox });
    t.equal(b.report().flow.withheld, 1);
    open();
    await ref.drained();
    await settle();
    t.same(seen, numbers(500), 'all of it, in order');
    t.same([a.report().deadLetters.counts, b.report().deadLetters.counts], [{}, {}]);
    t.match(a.report().flow, { waiting: 0 });
  },
);

t.test('mail for the neighbour of an actor that is behind is not held up', async (t) => {
  const { ref, neighbour, a } = await world(t);
  outcomes(ref, 5_000);
  t.equal(await neighbour.call('ping'), 'pong');
  t.ok(a.report().flow.waiting > 4_000);
});

t.test('calls and casts of one sender stay in order while they wait for credit', async (t) => {
  const { ref, open } = await world(t);
  outcomes(ref, 300);
  const call = ref.call('seen');
  outcomes(ref, 5);
  open();
  t.equal(await call, 300);
});

t.test(
  'a sender that ignores what cast says is refused at a bound, and each refusal is told and counted',
  async (t) => {
    const { ref, a, seen, open } = await world(t);
    const told = outcomes(ref, 12_000);
    await t.rejects(ref.call('seen'), { code: 'MAILBOX_FULL', message: /too many messages wait/ });
    const refused = told.filter((outcome) => outcome === 'refused').length;
    t.ok(refused > 1_000);
    t.equal(a.report().flow.waiting, 10_000);
    t.equal(a.report().deadLetters.counts['mailbox-full'], refused + 1);
    open();
    await ref.drained();
    await settle();
    t.same(seen, numbers(12_000 - refused), 'whatever was not refused has arrived');
  },
);

t.test(
  'a sender that waits when it is told to has nothing refused and never more than a window under way',
  async (t) => {
    const { ref, a, seen, open } = await world(t);
    open();
    let most = 0;
    let refused = 0;
    for (const n of numbers(20_000)) {
      const outcome = ref.tryCast('note', n);
      if (outcome === 'refused') refused += 1;
      most = Math.max(most, a.report().flow.waiting);
      if (outcome === 'wait') await ref.drained();
    }
    await settle();
    t.same(seen, numbers(20_000));
    t.equal(refused, 0);
    t.equal(most, 0, 'nothing ever waited for credit');
  },
);

t.test(
  'what is said to an actor that stops is refused on both sides, and its callers and waiters are told',
  async (t) => {
    const { ref, a, b, clock } = await world(t);
    outcomes(ref, 300);
    const call = ref.call('seen');
    const drained = ref.drained();
    await settle();
    const waiting = a.report().flow.waiting;
    t.ok(waiting > 200);
    const reason = { class: 'shutdown', message: 'enough' } as const;
    a.deliver({ kind: 'signal', to: ref.address, from: a.address, signal: { type: 'stop', reason } });
    const rejected = t.rejects(call, { code: 'ACTOR_STOPPED' });
    await settle();
    clock.advance(1_000);
    await settle();
    await rejected;
    await drained;
    t.equal((a.report().deadLetters.counts.stopped ?? 0) + (b.report().deadLetters.counts.stopped ?? 0), 301);
    t.match(a.report().flow, { channels: 0, waiting: 0 });
    t.equal(ref.tryCast('note', 1), 'accepted', 'a new channel, whose mail finds nobody');
    await settle();
    t.equal(b.report().deadLetters.counts['no-such-actor'], 1);
  },
);

t.test('a restart keeps the mailbox, and what waits at senders arrives after it', async (t) => {
  const { slow, seen } = slowActor('reject', 100, 50);
  const parent = defineActor({
    name: 'parent',
    init: () => null,
    calls: { make: async (_state, _message: undefined, ctx) => (await ctx.spawn(slow, undefined)).address },
  });
  const { a, b, clock } = await pairOfNodes(t, [slow, parent]);
  const boss = await b.start({ definition: 'parent', args: null, restart: 'temporary', placement: 'same' }, undefined);
  const ref = refOn(a, slow, (await b.call(boss, 'make', null, {})) as ActorAddress);
  ref.cast('crash');
  outcomes(ref, 400);
  await settle();
  t.same(seen, [], 'it has crashed and stands still');
  t.ok(a.report().flow.waiting > 0);
  clock.advance(10);
  await settle(50);
  t.same(seen, numbers(400));
});

t.test('frames that are lost cost no credit: after a silence the sender asks again', async (t) => {
  const { ref, a, seen, open, clock, cut, mend } = await world(t, 'reject', 10_000, 5_000);
  open();
  await settle();
  cut();
  outcomes(ref, 200);
  await settle();
  t.equal(a.report().flow.waiting, 200 - (WINDOW - 1), 'one window is lost with the line, the rest waits');
  t.same(seen, []);
  clock.advance(250);
  await settle();
  t.same(seen, [], 'the demand is lost too');
  mend();
  clock.advance(500);
  await settle(30);
  t.same(seen, numbers(200).slice(WINDOW - 1));
  let drained = false;
  void ref.drained().then(() => (drained = true));
  await settle();
  t.ok(drained);
  outcomes(ref, 3_000);
  await settle(50);
  t.equal(seen.length, 200 - (WINDOW - 1) + 3_000, 'and the flow goes on');
});

t.test('an actor that a few messages go to costs no demand and no grant', async (t) => {
  const { neighbour, frames } = await world(t);
  for (let n = 0; n < 20; n += 1) await neighbour.call('ping');
  const kinds = new Set(frames.flatMap((frame) => decodeFrame(frame).map(({ kind }) => kind)));
  t.same([...kinds].sort(), ['call', 'cast', 'reply']);
});

t.test(
  'a node that goes down: what waits for it is lost and counted, and nobody waits for credit any more',
  async (t) => {
    const { ref, a, cut, clock } = await world(t);
    outcomes(ref, 200);
    const call = ref.call('seen');
    const rejected = t.rejects(call, { code: 'NODE_DOWN' });
    const drained = ref.drained();
    await settle();
    const { waiting } = a.report().flow;
    cut();
    a.nodeDown('b', 'b1');
    await drained;
    await rejected;
    t.equal(a.report().deadLetters.counts.lost, waiting);
    t.match(a.report().flow, { channels: 0, waiting: 0 });
    clock.advance(60_000);
    t.equal(clock.pending, 0, 'no probe goes on');
  },
);

t.test('a call that is cancelled or expires while it waits for credit is not sent, and frees its place', async (t) => {
  const { ref, a, seen, open, clock } = await world(t);
  outcomes(ref, 100);
  const controller = new AbortController();
  setMaxListeners(100, controller.signal);
  const calls = numbers(50).map(() => ref.call('stuck', undefined, { signal: controller.signal }));
  const short = ref.call('stuck', undefined, { timeoutMs: 100 });
  const rejected = Promise.all([
    ...calls.map((call) => t.rejects(call, { code: 'CALL_CANCELLED' })),
    t.rejects(short, { code: 'CALL_TIMEOUT' }),
  ]);
  await settle();
  const before = a.report().flow.waiting;
  controller.abort();
  clock.advance(100);
  await rejected;
  t.equal(a.report().flow.waiting, before - 51);
  open();
  await settle(30);
  t.same(seen, numbers(100), 'a stuck call would have stood in the way');
});

t.test('a message that waits for credit is sent as it was when it was cast', async (t) => {
  const { ref, seen, open } = await world(t);
  outcomes(ref, 100);
  const message = { state: 'as it was' };
  t.equal(ref.tryCast('note', message), 'wait');
  message.state = 'changed';
  open();
  await settle(30);
  t.same(seen.at(-1), { state: 'as it was' });
});

t.test(
  'an actor that drops its oldest mail keeps dropping it, and its senders elsewhere never wait long',
  async (t) => {
    const { ref, a, b, seen, open } = await world(t, 'drop-oldest', 10, 4);
    for (const n of numbers(1_000)) if (ref.tryCast('note', n) === 'wait') await ref.drained();
    await settle();
    t.equal(a.report().flow.waiting, 0);
    t.equal(b.report().deadLetters.counts.displaced, 990);
    open();
    await settle();
    t.same(seen, numbers(1_000).slice(990), 'the newest are left');
  },
);

t.test('priorities hold while messages wait for credit, and in the mailbox', async (t) => {
  const { ref, seen, open } = await world(t);
  outcomes(ref, 300);
  ref.cast('note', 'high', { priority: 5 });
  ref.cast('note', 'higher', { priority: 9 });
  ref.cast('note', 'low', { priority: -1 });
  ref.cast('note', 'last');
  open();
  await settle(50);
  const at = (what: unknown): number => seen.indexOf(what);
  t.ok(at('higher') < at('high') && at('high') < at(150), 'they overtook what waited here');
  t.same(seen.slice(-2), ['last', 'low']);
  t.equal(seen.length, 304);
});

t.test('forged demands and grants harm nobody', async (t) => {
  const { ref, neighbour, a, b, seen, open } = await world(t);
  outcomes(ref, 200);
  for (let n = 0; n < 2_000; n += 1) {
    const stranger = `a@a1/${n}/0` as ActorAddress;
    b.deliver({ kind: 'demand', to: ref.address, from: stranger, epoch: n, sent: 2 ** 52 });
    a.deliver({ kind: 'grant', to: a.address, from: ref.address, epoch: n, limit: 0 });
    a.deliver({ kind: 'closed', to: a.address, from: ref.address, epoch: 2 ** 40 + n });
  }
  t.ok(b.report().flow.withheld <= 1_024);
  await settle();
  t.equal(await neighbour.call('ping'), 'pong');
  open();
  await settle(50);
  t.equal(seen.length, 200);
});

t.test(
  'many channels that nobody uses any more are forgotten, once their receivers say that they are not behind',
  async (t) => {
    const { ref, a, b, seen, open } = await world(t);
    outcomes(ref, 200);
    const spec = { definition: 'quick', args: null, restart: 'temporary', placement: 'same' } as const;
    for (let n = 0; n < 1_500; n += 1) {
      const address = await b.start(spec, undefined);
      const calls = numbers(40).map(() => a.call(address, 'ping', null, {}));
      t.same(new Set(await Promise.all(calls)), new Set(['pong']));
    }
    await settle();
    const { channels, waiting } = a.report().flow;
    t.ok(channels > 1 && channels < 1_024, `${channels} channels`);
    t.ok(waiting > 0, 'that of the actor that is behind is kept');
    open();
    await settle(50);
    t.same(seen, numbers(200));
  },
);

t.test('a sender to ten thousand actors in turn asks each of them for credit before its window is used', async (t) => {
  const clock = new VirtualClock();
  const demands = new Set<ActorAddress>();
  const at = (serial: number): ActorAddress => `b@b1/1/${serial}` as ActorAddress;
  const host = {
    address: 'a@a1/0/0' as ActorAddress,
    clock,
    maxWaiting: 10,
    transmit: (envelope: Envelope): CastOutcome => {
      if (envelope.kind === 'demand') demands.add(envelope.to);
      return 'accepted';
    },
    unsent: () => {},
  };
  const channels = new Channels(host, 1);
  for (let round = 0; round < WINDOW / 2; round += 1) {
    t.equal(demands.size, 0);
    for (let serial = 16; serial < 10_016; serial += 1)
      channels.offer({ kind: 'cast', to: at(serial), from: host.address, name: 'n', message: null });
  }
  t.equal(demands.size, 10_000);
});
