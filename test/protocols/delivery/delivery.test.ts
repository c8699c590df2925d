/** Reliable delivery over links that lose, double and reorder: properties of the two cores together, and tables of each. */
import { newConsumer, stepConsumer } from '#protocols/delivery/consumer';
import { durableProducer, newProducer, stepProducer } from '#protocols/delivery/producer';
import fc from 'fast-check';
import t from 'tap';
import { type Message, type Step, World } from './world.js';

const link = fc.record({
  type: fc.constantFrom('pass' as const, 'pass' as const, 'lose' as const, 'double' as const),
  link: fc.constantFrom('data' as const, 'ack' as const),
  at: fc.nat(20),
});
const simple = fc.constantFrom('offer' as const, 'handle' as const, 'timeout' as const, 'crash' as const);
const steps = (extra: readonly Step['type'][] = []): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 5, arbitrary: link },
      { weight: 6, arbitrary: simple.map((type): Step => ({ type })) },
      ...extra.map((type) => ({ weight: 1, arbitrary: fc.constant({ type } as Step) })),
    ),
    { maxLength: 120 },
  );

function run(all: readonly Step[], durable = false): World {
  const world = new World(durable);
  for (const step of all) world.step(step);
  return world;
}

t.test('while both sides live every accepted message is handled exactly once, in order, whatever the links do', (t) => {
  fc.assert(
    fc.property(steps(), (all) => {
      const world = run(all);
      const early = world.handled.join();
      if (!world.accepted.join().startsWith(early)) return false;
      return (
        world.settle() && world.handled.join() === world.accepted.join() && world.confirmed === world.accepted.length
      );
    }),
    { numRuns: 3_000 },
  );
  t.end();
});

/** The messages in the order of their first time. */
const firsts = (handled: readonly Message[]): readonly Message[] => [...new Set(handled)];

t.test('when the consumer dies every accepted message is handled at least once, and first in order', (t) => {
  fc.assert(
    fc.property(steps(['consumer-reborn']), (all) => {
      const world = run(all);
      return world.settle() && firsts(world.handled).join() === world.accepted.join();
    }),
    { numRuns: 3_000 },
  );
  const world = run([
    { type: 'offer' },
    { type: 'pass', link: 'data', at: 0 },
    { type: 'handle' },
    { type: 'lose', link: 'ack', at: 0 },
    { type: 'consumer-reborn' },
  ]);
  t.ok(world.settle());
  t.same(world.handled, ['1.1', '1.1'], 'its acknowledgement was lost, and the new life cannot know of it');
  t.end();
});

t.test('when the producer dies nothing is handled twice, and all that its last life accepted is handled', (t) => {
  fc.assert(
    fc.property(steps(['producer-reborn']), (all) => {
      const world = run(all);
      if (!world.settle()) return false;
      const lastLife = String(world.epoch);
      const ofLast = (messages: readonly Message[]): string =>
        messages.filter((message) => message.split('.')[0] === lastLife).join();
      const wanted = world.accepted.filter((message) => world.handled.includes(message));
      return world.handled.join() === wanted.join() && ofLast(world.handled) === ofLast(world.accepted);
    }),
    { numRuns: 3_000 },
  );
  t.end();
});

t.test('when both sides die now and then the last life of the producer loses nothing', (t) => {
  fc.assert(
    fc.property(steps(['producer-reborn', 'consumer-reborn']), (all) => {
      const world = run(all);
      if (!world.settle()) return false;
      const lastLife = String(world.epoch);
      return world.accepted.filter((m) => m.split('.')[0] === lastLife).every((m) => world.handled.includes(m));
    }),
    { numRuns: 3_000 },
  );
  t.end();
});

const settings = { window: 4, buffer: 6, resendMs: 10, maxResendMs: 40, giveUpMs: 100 };

const slow: readonly Step['type'][] = ['write', 'write', 'write', 'told', 'told', 'told', 'producer-reborn'];

t.test(
  'a durable producer that is killed at any point loses nothing that was reported stored, and nothing is handled twice',
  (t) => {
    fc.assert(
      fc.property(steps(slow), (all) => {
        const world = run(all, true);
        if (!world.settle()) return false;
        const wanted = world.accepted.filter((message) => world.handled.includes(message));
        return (
          world.handled.join() === wanted.join() &&
          world.reported.every((message) => world.handled.includes(message)) &&
          world.handled.length === world.stored &&
          world.left === 0
        );
      }),
      { numRuns: 5_000 },
    );
    t.end();
  },
);

t.test('a durable producer loses nothing that was reported though both sides are killed, first in order', (t) => {
  fc.assert(
    fc.property(steps([...slow, 'consumer-reborn']), (all) => {
      const world = run(all, true);
      if (!world.settle()) return false;
      const wanted = world.accepted.filter((message) => world.handled.includes(message));
      return (
        firsts(world.handled).join() === wanted.join() &&
        world.reported.every((message) => world.handled.includes(message)) &&
        world.left === 0
      );
    }),
    { numRuns: 5_000 },
  );
  t.end();
});

t.test('a durable producer between its writes: each crash, and what the next life sends', (t) => {
  const producer = durableProducer<string>(1, settings);
  const log = (state: typeof producer, input: Parameters<typeof stepProducer<string>>[1]): readonly string[] =>
    stepProducer(state, input).effects.map((effect) =>
      effect.type === 'send' && effect.packet.type === 'data'
        ? `send ${effect.packet.base}/${effect.packet.seq}`
        : `${effect.type}${'seq' in effect ? ` ${effect.seq}` : ''}`,
    );
  t.same(log(producer, { type: 'offer', payload: 'a' }), ['persist 1']);
  t.same(log(producer, { type: 'offer', payload: 'b' }), ['persist 2']);
  t.same(log(producer, { type: 'stored', seq: 1 }), ['send 1/1', 'arm']);
  t.same(log(producer, { type: 'unstored' }), ['refuse'], 'the store would not take the second');
  t.same(log(producer, { type: 'ack', ack: { epoch: 1, life: 1, handled: 1, received: 1 } }), ['confirm 1', 'arm']);
  t.same(log(producer, { type: 'timeout' }), ['forget 1'], 'when it has been still for a while');
  const next = durableProducer(1, settings, 3, ['c', 'd']);
  t.same(log(next, { type: 'resume' }), ['send 3/3', 'send 3/4', 'arm']);
  t.same(
    log(next, { type: 'ack', ack: { epoch: 1, life: 1, handled: 4, received: 4 } }),
    ['confirm 4', 'arm'],
    'the receiver had handled them in the life before',
  );
  t.end();
});

t.test('a producer sends a window, accepts a buffer and refuses beyond it', (t) => {
  const producer = newProducer<number>(1, settings);
  const sent: number[] = [];
  const refused: number[] = [];
  for (let n = 1; n <= 8; n += 1) {
    for (const effect of stepProducer(producer, { type: 'offer', payload: n }).effects) {
      if (effect.type === 'send' && effect.packet.type === 'data') sent.push(effect.packet.seq);
      if (effect.type === 'refuse') refused.push(effect.payload);
    }
  }
  t.same(
    [sent, refused],
    [
      [1, 2, 3, 4],
      [7, 8],
    ],
  );
  const { effects } = stepProducer(producer, { type: 'ack', ack: { epoch: 1, life: 1, handled: 2, received: 4 } });
  t.same(
    effects.map((effect) =>
      effect.type === 'send' && effect.packet.type === 'data' ? effect.packet.seq : effect.type,
    ),
    ['confirm', 5, 6, 'arm'],
  );
  t.end();
});

t.test('a producer resends later each time, probes what has only to be handled, and gives up on silence', (t) => {
  const producer = newProducer<string>(1, settings);
  const log: string[] = [];
  const step = (input: Parameters<typeof stepProducer<string>>[1]): void => {
    for (const effect of stepProducer(producer, input).effects) {
      if (effect.type === 'send')
        log.push(effect.packet.type === 'data' ? `send ${effect.packet.seq}` : effect.packet.type);
      else if (effect.type === 'arm') log.push(`arm ${effect.delayMs}`);
      else if (effect.type === 'give-up') log.push(`give up ${effect.payloads.join()}`);
    }
  };
  step({ type: 'offer', payload: 'a' });
  step({ type: 'timeout' });
  step({ type: 'ack', ack: { epoch: 1, life: 7, handled: 0, received: 1 } });
  step({ type: 'timeout' });
  for (let n = 0; n < 4; n += 1) step({ type: 'timeout' });
  t.same(log, [
    ...['send 1', 'arm 10', 'send 1', 'arm 20', 'arm 10', 'probe', 'arm 20'],
    ...['probe', 'arm 40', 'probe', 'arm 40', 'give up a'],
  ]);
  t.end();
});

t.test('acknowledgements of other epochs, or of what was never sent, change nothing', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.integer({ min: 3 }), (epoch, life, beyond) => {
      const producer = newProducer<number>(5, settings);
      stepProducer(producer, { type: 'offer', payload: 1 });
      stepProducer(producer, { type: 'offer', payload: 2 });
      const before = JSON.stringify(producer);
      stepProducer(producer, { type: 'ack', ack: { epoch: 5, life, handled: beyond, received: 0 } });
      stepProducer(producer, { type: 'ack', ack: { epoch: 5, life, handled: 0, received: beyond } });
      if (epoch !== 5) stepProducer(producer, { type: 'ack', ack: { epoch, life, handled: 1, received: 1 } });
      return JSON.stringify(producer) === before;
    }),
  );
  t.end();
});

t.test('a message whose handler crashes as often as is allowed is parked, and the next has its turn', (t) => {
  const consumer = newConsumer<string>(1, { window: 4, maxDeliveries: 2 });
  const packet = (seq: number, payload: string) => ({ type: 'data' as const, epoch: 1, base: 1, seq, payload });
  const log = (input: Parameters<typeof stepConsumer<string>>[1]) =>
    stepConsumer(consumer, input).effects.map((effect) =>
      'payload' in effect ? `${effect.type} ${effect.payload}` : effect.type,
    );
  t.same(log({ type: 'packet', packet: packet(1, 'poison') }), ['deliver poison']);
  t.same(log({ type: 'packet', packet: packet(2, 'good') }), []);
  t.same(log({ type: 'failed', epoch: 1, seq: 1 }), ['deliver poison']);
  t.same(log({ type: 'failed', epoch: 1, seq: 1 }), ['park poison', 'deliver good', 'ack']);
  t.same(log({ type: 'handled', epoch: 1, seq: 2 }), ['ack']);
  t.same(log({ type: 'packet', packet: { type: 'close', epoch: 1 } }), ['forget']);
  t.end();
});

t.test('a packet far beyond any window is not kept', (t) => {
  const consumer = newConsumer<number>(1, { window: 4, maxDeliveries: 1 });
  for (let seq = 2; seq < 1_000; seq += 1)
    stepConsumer(consumer, { type: 'packet', packet: { type: 'data', epoch: 1, base: 1, seq, payload: seq } });
  t.equal(consumer.buffer.size, 7, 'two windows');
  t.end();
});
