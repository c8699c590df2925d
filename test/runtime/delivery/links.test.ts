/** Reliable casts between nodes over a bad line, and between threads of which one dies. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineActor } from '#runtime';
import { type ActorAddress } from '#runtime';
import { encodeFrame } from '#runtime/codec/frame';
import { makeRef } from '#runtime/actor/ref';
import { seededRandom } from '#runtime/routing/random';
import { clerk, ledger } from '#test/testdata/actors/reliable';
import { eventually } from '#test/support/eventually';
import t, { type Test } from 'tap';
import { pairOfNodes } from '../pair.js';
import { settle, threadSystem } from '../support.js';

async function overALine(t: Test) {
  const handled: number[] = [];
  const receiver = defineActor({
    name: 'receiver',
    init: () => null,
    reliable: { window: 16 },
    casts: { take: (_state, n: number) => void handled.push(n) },
  });
  const pair = await pairOfNodes(t, [receiver]);
  const { a, b } = pair;
  const address = await a.start({ definition: 'receiver', args: null, restart: 'temporary', placement: 'same' }, 'b');
  const ref = makeRef(receiver, address, {
    tryCast: (to, name, message) => a.offer({ kind: 'cast', to, from: a.address, name, message }),
    call: (to, name, message, options) => a.call(to, name, message, options),
    stream: (to, name, message, options) => a.stream(to, name, message, options),
    drained: (to) => a.drained(to),
    reliable: a.services.reliableOf(a.address),
  });
  /** Lets time pass until all was handled, or for so many rounds. */
  const pass = async (upTo: number, rounds = 1_000): Promise<void> => {
    for (let round = 0; round < rounds && handled.length < upTo; round += 1) {
      await settle(3);
      pair.clock.advance(100);
    }
    await settle();
  };
  return { ...pair, b, handled, ref, pass };
}

const numbers = (upTo: number): number[] => Array.from({ length: upTo }, (_, n) => n);

for (const seed of [1, 2, 3]) {
  t.test(`over a line that loses and doubles frames (seed ${seed}) reliable casts come once, in order`, async (t) => {
    const { a, handled, ref, pass, through } = await overALine(t);
    const chance = seededRandom(seed);
    through(() => Math.floor(chance() * 3));
    for (const n of numbers(300)) {
      ref.cast('take', n);
      if (n % 10 === 0) await settle(1);
    }
    await pass(300);
    t.same(handled, numbers(300));
    t.same(a.report().deadLetters.counts, {});
  });
}

t.test('a line that was away delivers afterwards what was accepted meanwhile, and nothing twice', async (t) => {
  const { handled, ref, pass, through, cut } = await overALine(t);
  for (const n of numbers(10)) ref.cast('take', n);
  await pass(10);
  cut();
  for (const n of numbers(10)) ref.cast('take', 10 + n);
  await pass(20, 20);
  t.equal(handled.length, 10);
  through(() => 1);
  await pass(20);
  await pass(21, 30);
  t.same(handled, numbers(20));
});

t.test('when the node of the receiver goes down what waits for it is counted as lost', async (t) => {
  const { a, ref, clock, cut } = await overALine(t);
  cut();
  for (const n of numbers(7)) ref.cast('take', n);
  await settle();
  a.nodeDown('b', 'b1');
  t.same(a.report().deadLetters.counts, { lost: 7 });
  t.equal(clock.pending, 0);
});

t.test('packets of reliable delivery that are malformed are counted and harm nobody', async (t) => {
  const { b, handled, ref, pass } = await overALine(t);
  const junk: readonly unknown[] = [
    undefined,
    {},
    { to: 'x' },
    { to: ref.address, packet: { type: 'data', epoch: 1, base: 0, seq: 1, payload: { name: 'take' } } },
    { to: ref.address, packet: { type: 'data', epoch: 1, base: 1, seq: -1, payload: { name: 'take' } } },
    { to: ref.address, packet: { type: 'data', epoch: 1, base: 1, seq: 1, payload: { name: 7 } } },
    { to: ref.address, packet: { type: 'probe', epoch: Number.NaN, base: 1 } },
    { to: 'b@other/0/16', packet: { type: 'probe', epoch: 1, base: 1 } },
    { to: ref.address, ack: { epoch: 1, life: 1, handled: 1.5, received: 0 } },
  ];
  const to = 'b@b1/0/0' as ActorAddress;
  for (const name of ['delivery.data', 'delivery.ack']) {
    for (const message of junk)
      b.receive(encodeFrame([{ kind: 'cast', to, from: 'a@a1/0/99' as ActorAddress, name, message }]));
  }
  await settle();
  t.equal(b.report().deadLetters.counts['no-such-handler'], 2 * junk.length);
  ref.cast('take', 1);
  await pass(1);
  t.same(handled, [1]);
});

t.test(
  'a thread that dies while it handles reliable casts: each is handled at least once, first in order',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'skep-ledger-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'ledger');
    const system = await threadSystem(t, ['reliable']);
    const args = { file, dieAt: [70, 250] };
    const to = await system.spawn(ledger, args, { executor: 2 });
    const from = await system.spawn(clerk, undefined, { executor: 1 });
    await from.call('send', { to: to.address, count: 500 }, { timeoutMs: 30_000 });
    const lines = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []);
    await eventually('all are handled', () => lines().includes('499'), 60_000);
    const entries = lines();
    t.same(
      entries.filter((line) => line.endsWith('died')),
      ['70 died', '250 died'],
    );
    const handled = entries.filter((line) => !line.endsWith('died')).map(Number);
    t.same([...new Set(handled)], numbers(500), 'none is missing');
    const again = handled.length - 500;
    t.ok(again <= 2 * 32, `${again} were handled again, at most a window for each death`);
  },
);
