/** Peers that send anything at all: whatever arrives is handled, refused or counted; nothing throws and nothing crashes. */
import { type ActorAddress, formatAddress } from '#protocols/wire/address';
import type { Envelope, Signal, SpawnSpec } from '#protocols/wire/envelope';
import { defineActor } from '#runtime';
import { decodeFrame, encodeFrame } from '#runtime/codec/frame';
import fc from 'fast-check';
import t from 'tap';
import { pairOfNodes } from '../pair.js';
import { settle } from '../support.js';

const plain = defineActor({
  name: 'plain',
  init: () => ({ count: 0 }),
  calls: { ping: () => 'pong' },
  casts: { bump: (state) => void (state.count += 1) },
});
const spec: SpawnSpec = { definition: 'plain', args: null, restart: 'permanent', placement: 'same' };
const shutdown = { class: 'shutdown', message: '' } as const;
const at = (node: string, serial: number, executor = 0): ActorAddress =>
  formatAddress({ node, incarnation: `${node}1`, executor, serial });

t.test('garbage frames are counted and dropped, and the executor goes on', async (t) => {
  const { b } = await pairOfNodes(t, [plain]);
  const address = await b.start(spec, undefined);
  let refused = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeFrame(bytes);
      } catch {
        refused += 1;
      }
      b.receive(bytes);
    }),
    { numRuns: 300 },
  );
  t.ok(refused > 0);
  t.equal(b.report().deadLetters.counts['bad-frame'], refused);
  t.equal(await b.call(address, 'ping', null, {}), 'pong');
});

t.test('well-formed envelopes of every kind with random fields harm nobody', async (t) => {
  const { b, clock } = await pairOfNodes(t, [plain]);
  await b.start(spec, undefined);
  const address = fc
    .tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 20 }), fc.nat({ max: 2 }))
    .map((args) => at(...args));
  const name = fc.constantFrom(
    'ping',
    'bump',
    'start',
    'list',
    'register',
    'unregister',
    'lookup',
    'spawn',
    'executorDown',
    'constructor',
    '__proto__',
  );
  const message = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      0,
      'x',
      [],
      {},
      { name: 'n' },
      { name: 7 },
      { spec: null },
      { spec: {} },
      { spec },
      { address: 'x' },
      { executor: 0 },
    ),
  );
  const reason = fc.constantFrom({ class: 'crash', message: '' } as const, shutdown, {
    class: 'normal',
    message: '',
  } as const);
  const signal: fc.Arbitrary<Signal> = fc.oneof(
    fc.record({ type: fc.constantFrom('monitor', 'demonitor'), watcher: address }),
    fc.record({ type: fc.constant('down'), address, reason }),
    fc.record({ type: fc.constantFrom('failed', 'exited'), child: address, reason }),
    fc.record({ type: fc.constant('restart'), spec: fc.constant(spec), reason }),
    fc.record({ type: fc.constant('stop'), reason }),
    fc.record({ type: fc.constantFrom('started', 'halted', 'resume', 'link', 'unlink') }),
    fc.record({ type: fc.constant('halt'), reason, brutal: fc.boolean() }),
    fc.record({ type: fc.constant('exit'), by: fc.constantFrom('link', 'exit', 'kill'), reason }),
    fc.record({
      type: fc.constantFrom('executor-down', 'executor-up'),
      executor: address,
      culprit: address,
      reason,
      nextSerial: fc.nat(),
    }),
  );
  const id = fc.nat({ max: 50 });
  const envelope: fc.Arbitrary<Envelope> = fc.oneof(
    fc.record({ kind: fc.constant('cast'), to: address, from: address, name, message }),
    fc.record({
      kind: fc.constant('call'),
      to: address,
      from: address,
      id,
      name,
      message,
      timeoutMs: fc.nat(),
      chain: fc.array(address, { maxLength: 2 }),
      credit: fc.nat({ max: 9 }),
    }),
    fc.record({ kind: fc.constantFrom('reply', 'item'), to: address, id, value: message }),
    fc.record({ kind: fc.constant('end'), to: address, id }),
    fc.record({ kind: fc.constantFrom('credit'), to: address, from: address, id, count: fc.nat({ max: 9 }) }),
    fc.record({ kind: fc.constantFrom('cancel'), to: address, from: address, id }),
    fc.record({ kind: fc.constant('signal'), to: address, from: address, signal }),
    fc.record({ kind: fc.constant('demand'), to: address, from: address, epoch: fc.nat(), sent: fc.nat() }),
    fc.record({ kind: fc.constant('grant'), to: address, from: address, epoch: fc.nat(), limit: fc.nat() }),
    fc.record({ kind: fc.constant('closed'), to: address, from: address, epoch: fc.nat() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(envelope, { minLength: 1, maxLength: 20 }), async (envelopes) => {
      b.receive(encodeFrame(envelopes));
      await settle(2);
      clock.advance(100);
    }),
    { numRuns: 150 },
  );
  await settle();
  t.equal(b.report().deadLetters.counts['bad-frame'] ?? 0, 0);
  const needed = [at('b', 1), at('b', 2), at('b', 3)];
  t.same(
    b
      .list()
      .filter(({ address: one }) => needed.includes(one))
      .map(({ status, incarnation }) => `${status} ${incarnation}`),
    ['running 1', 'running 1', 'running 1'],
    'what the node needs has not even been restarted',
  );
  const fresh = await b.start({ ...spec, name: 'still-works' }, undefined);
  t.equal(await b.call(fresh, 'ping', null, {}), 'pong');
});

t.test('an executor is no relay: envelopes for others are counted and not passed on', async (t) => {
  const { b, frames } = await pairOfNodes(t, [plain]);
  const to = [at('a', 1), at('c', 1), at('b', 1, 7)];
  b.receive(encodeFrame(to.map((address) => ({ kind: 'cast', to: address, from: at('c', 1), name: 'x', message: 1 }))));
  await settle();
  t.equal(b.report().deadLetters.counts.misrouted, 3);
  t.equal(frames.length, 0);
});

t.test(
  'a forged restart revives nobody at the address of an executor, a well-known actor or another life',
  async (t) => {
    const { b } = await pairOfNodes(t, [plain]);
    const before = b.list().length;
    const from = at('c', 16);
    const forged: Signal = { type: 'restart', spec: { ...spec, parent: from }, reason: shutdown };
    for (const to of [at('b', 0), at('b', 5), 'b@*/0/77' as ActorAddress, 'b@b0/0/77' as ActorAddress]) {
      b.receive(encodeFrame([{ kind: 'signal', to, from, signal: forged }]));
    }
    // Not from the parent that the spec names.
    b.receive(encodeFrame([{ kind: 'signal', to: at('b', 77), from: at('a', 9), signal: forged }]));
    await settle();
    t.equal(b.list().length, before);
  },
);

t.test('a serial that a revived actor took is not given to another', async (t) => {
  const { b } = await pairOfNodes(t, [plain]);
  const from = at('a', 16);
  b.receive(
    encodeFrame([
      {
        kind: 'signal',
        to: at('b', 17),
        from,
        signal: { type: 'restart', spec: { ...spec, parent: from }, reason: shutdown },
      },
    ]),
  );
  await settle();
  const started = [await b.start(spec, undefined), await b.start(spec, undefined)];
  t.same(started, [at('b', 16), at('b', 18)]);
});

t.test('the guardian and the registry of names are not stopped by a signal', async (t) => {
  const { b } = await pairOfNodes(t, [plain]);
  for (const serial of [1, 2]) {
    b.receive(
      encodeFrame([
        { kind: 'signal', to: at('b', serial), from: at('a', 16), signal: { type: 'stop', reason: shutdown } },
      ]),
    );
  }
  await settle();
  t.equal(b.list().length, 3);
});

t.test('nonsense for the guardian and the registry is refused, and does not crash them', async (t) => {
  const { b } = await pairOfNodes(t, [plain]);
  const nonsense: readonly unknown[] = [
    null,
    7,
    'x',
    [],
    {},
    { spec: null },
    { spec: { definition: 7 } },
    { name: null },
    { name: 'n' },
    { name: 'n', address: 'x' },
    { address: 5 },
  ];
  for (const message of nonsense) {
    for (const [serial, names] of [
      [1, ['spawn', 'stop']],
      [2, ['register', 'lookup']],
    ] as const) {
      for (const name of names) await b.call(at('b', serial), name, message, {}).catch(() => {});
    }
    for (const name of ['unregister', 'executorDown'])
      b.deliver({ kind: 'cast', to: at('b', 2), from: at('a', 1), name, message });
  }
  await settle();
  t.same(
    b.list().map(({ incarnation, status }) => `${status} ${incarnation}`),
    ['running 1', 'running 1', 'running 1'],
  );
  await t.rejects(b.call(at('b', 2), 'lookup', null, {}), { code: 'BAD_NAME' });
  await t.rejects(b.call(at('b', 1), 'spawn', null, {}), { code: 'BAD_MESSAGE' });
  await t.rejects(b.call(at('b', 1), 'stop', { address: at('b', 1) }, {}), { code: 'BAD_USAGE' });
});

t.test('a flood of grants and cancels for calls that do not exist leaves nothing behind', async (t) => {
  const { b } = await pairOfNodes(t, [plain]);
  const address = await b.start(spec, undefined);
  for (let round = 0; round < 20; round += 1) {
    b.receive(
      encodeFrame(
        Array.from({ length: 200 }, (_, n) => ({
          kind: n % 2 === 0 ? 'cancel' : 'credit',
          to: address,
          from: at('a', 16),
          id: round * 200 + n,
          count: 1,
        })),
      ),
    );
  }
  t.equal(await b.call(address, 'ping', null, {}), 'pong');
  b.receive(encodeFrame([]));
  t.equal(b.report().deadLetters.counts['bad-frame'] ?? 0, 0, 'an empty frame is a frame');
});
