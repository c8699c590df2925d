/** Who runs next: one actor with a flood of mail among a thousand others, and one whose messages take long. */
import { formatAddress } from '#protocols/wire/address';
import { ActorSystem, defineActor } from '#runtime';
import type { Dispatcher, Runnable } from '#runtime/executor/dispatcher';
import { runQueueOf } from '#runtime/executor/run-queue';
import { createLogger } from '#runtime/telemetry/log';
import { TurnMeter } from '#runtime/telemetry/turn-meter';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t from 'tap';
import { settle } from '../support.js';

const definition = defineActor({ name: 'load', init: () => null });

/** A queue under a clock of its own. */
function queueOf(
  options: { readonly throughput?: number; readonly sliceMs?: number; readonly flush?: () => void } = {},
) {
  const clock = new VirtualClock();
  const log = createLogger({ level: 'silent', format: 'json' }, {});
  const meter = new TurnMeter(0, log, undefined, options.throughput);
  return { clock, queue: runQueueOf(options.sliceMs)(clock, meter, options.flush ?? (() => {})) };
}

/** An actor that is nothing but a number of messages. */
class Load implements Runnable {
  readonly address = formatAddress({ node: 'a', incarnation: 'i', executor: 0, serial: 16 });
  readonly serial = 16;
  readonly definition = definition;
  scheduled = false;
  handled = 0;
  waiting = 0;
  readonly #onMessage: () => void;

  constructor(onMessage: () => void = () => {}) {
    this.#onMessage = onMessage;
  }

  get ready(): boolean {
    return this.waiting > 0;
  }

  run(budget: number): number {
    let left = budget;
    for (; left > 0 && this.waiting > 0; left -= 1) {
      this.waiting -= 1;
      this.handled += 1;
      this.#onMessage();
    }
    return budget - left;
  }
}

/** Turns after which a definition is known to be quick, and its actors have the whole throughput in a row. */
async function warmUp(queue: Dispatcher): Promise<void> {
  const first = new Load();
  first.waiting = 20;
  queue.add(first);
  await settle();
}

t.test('a thousand actors beside one with a flood: each has its turn before the flood has a second one', async (t) => {
  const { queue } = queueOf();
  await warmUp(queue);
  const flooded = new Load();
  flooded.waiting = 1_000_000;
  const ahead: number[] = [];
  queue.add(flooded);
  for (let round = 0; round < 5; round += 1) {
    const before = flooded.handled;
    const others = Array.from({ length: 1_000 }, () => new Load(() => ahead.push(flooded.handled - before)));
    for (const other of others) {
      other.waiting = 1;
      queue.add(other);
    }
    while (others.some((other) => other.handled === 0)) await settle(1);
  }
  t.equal(ahead.length, 5_000);
  const most = Math.max(...ahead);
  t.ok(most > 0 && most <= 64, `${most} messages of the flood went before`);
});

t.test('the throughput is that of the options', async (t) => {
  const { queue } = queueOf({ throughput: 7 });
  await warmUp(queue);
  const flooded = new Load();
  const seen: number[] = [];
  const other = new Load(() => seen.push(flooded.handled));
  flooded.waiting = 1_000;
  other.waiting = 21;
  queue.add(flooded);
  queue.add(other);
  await settle();
  t.same([...new Set(seen)], [7, 14, 21]);
});

t.test(
  'an actor whose messages take long gives up its turn, and the event loop has its own, once the slice is over',
  async (t) => {
    const { queue, clock } = queueOf({ sliceMs: 5 });
    const slow = new Load(() => clock.advance(1));
    slow.waiting = 200;
    queue.add(slow);
    let turns = 0;
    while (slow.waiting > 0) {
      const before = slow.handled;
      await settle(1);
      turns += 1;
      t.ok(slow.handled - before <= 2 * 5, `${slow.handled - before} messages in a turn of the loop`);
    }
    t.ok(turns >= 20, `${turns} turns of the loop`);
  },
);

t.test('options of scheduling out of range are refused by name', async (t) => {
  for (const [scheduling, field] of [
    [{ throughput: 0 }, 'scheduling.throughput'],
    [{ throughput: 1.5 }, 'scheduling.throughput'],
    [{ throughput: 10_001 }, 'scheduling.throughput'],
    [{ sliceMs: 0 }, 'scheduling.sliceMs'],
    [{ sliceMs: Number.NaN }, 'scheduling.sliceMs'],
    [{ sliceMs: 1_001 }, 'scheduling.sliceMs'],
  ] as const) {
    await t.rejects(ActorSystem.create({ node: 'a', scheduling }), { code: 'BAD_CONFIG', facts: { field } });
  }
});

t.test(
  'what promises send one after another in a pass of the event loop leaves at its start and at its end',
  async (t) => {
    let waiting = 0;
    const frames: number[] = [];
    const flush = (): void => {
      if (waiting > 0) frames.push(waiting);
      waiting = 0;
    };
    const { queue } = queueOf({ flush });
    const first = new Load(() => (waiting += 1));
    first.waiting = 1;
    queue.add(first);
    // The steps of a stream: each is a promise, and each sends.
    for (let step = 0; step < 100; step += 1) {
      await Promise.resolve();
      waiting += 1;
      queue.flushSoon();
    }
    await settle();
    t.equal(
      frames.reduce((sum, frame) => sum + frame, 0),
      101,
      'nothing waits longer than the pass',
    );
    t.ok(frames.length <= 3, `in ${frames.length} frames`);
    // The next pass begins anew: a lone message leaves at once.
    const before = frames.length;
    waiting = 1;
    queue.flushSoon();
    await Promise.resolve();
    t.equal(frames.length, before + 1);
  },
);
