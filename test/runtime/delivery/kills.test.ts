/**
 * Durable casts when their sender dies for real: its thread by process.exit, its node by SIGKILL at random moments, and the
 * node of its receiver in order. `SKEP_KILL_ROUNDS` says how often the node is killed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterNode } from '#cluster/node';
import { type ActorRef, defineActor } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { withNats } from '#test/support/nats';
import { courier, inbox } from '#test/testdata/actors/courier';
import type { Report } from '#test/testdata/courier-node';
import { threadSystem } from '../support.js';

const program = fileURLToPath(new URL('../../testdata/courier-node.js', import.meta.url));
const rounds = Number(process.env['SKEP_KILL_ROUNDS'] ?? 3);
t.setTimeout(120_000 + rounds * 20_000);

const numbers = (upTo: number): number[] => Array.from({ length: upTo }, (_, n) => n + 1);

t.test(
  'when the thread of a stored sender ends, what it had cast is handled once by a receiver that lives',
  async (t) => {
    const system = await threadSystem(t, ['courier'], {
      store: { path: join(t.testdir(), 'store'), sync: 'process' },
      defaults: { supervision: { maxRestarts: 100 } },
    });
    const box = await system.spawn(inbox, undefined, { executor: 2, name: 'inbox' });
    const sender = await system.spawn(courier, { key: 'k' }, { executor: 1 });
    for (let round = 0; round < 4; round += 1) {
      const to = round % 2 === 0 ? { name: 'inbox', node: 'a' } : { address: box.address };
      await eventually(
        'the sender takes an order',
        () =>
          sender.call('send', { to, from: round * 500 + 1, count: 500 }).then(
            () => true,
            () => false,
          ),
        30_000,
      );
      sender.cast('exit');
      await eventually('its thread is replaced', () =>
        sender.call('where').then(
          () => true,
          () => false,
        ),
      );
    }
    await eventually('all are handled', async () => (await box.call('all')).length >= 2_000, 60_000);
    const handled = await box.call('all');
    t.equal(new Set(handled).size, handled.length, 'none twice');
    t.same(
      handled.toSorted((a, b) => a - b),
      numbers(2_000),
    );
  },
);

/** The node of the receiver; its inbox keeps what it handled, and writes it down in `record` where one is given. */
async function receiverNode(
  t: Test,
  url: string,
  record: number[] = [],
): Promise<{ node: ClusterNode; box: ActorRef<typeof inbox> }> {
  const recording = defineActor({
    name: 'inbox',
    init: () => ({ handled: record }),
    reliable: { durable: true, resendMs: 50, maxResendMs: 200 },
    casts: { take: (state, n: number) => void state.handled.push(n) },
    calls: { all: (state) => [...state.handled] },
  });
  const node = await ClusterNode.start({
    cluster: 'couriers',
    name: 'receiver',
    roles: ['worker'],
    executors: 0,
    modules: [],
    definitions: [recording],
    log: { level: 'silent', format: 'json' },
    version: '0',
    callTimeoutMs: 20_000,
    defaults: {},
    labels: {},
    bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 2_000 } },
    onFatal: (error) => {
      throw error;
    },
  });
  t.teardown(() => node.stop());
  return { node, box: await node.system.spawn(recording, undefined, { name: 'inbox' }) };
}

/** A sender in a process of its own, through all lives of that process. */
class Sender {
  readonly stored: number[] = [];
  sent = 0;
  readonly #path: string;
  readonly #url: string;
  #child: ChildProcess | undefined;
  #open = 0;

  constructor(path: string, url: string) {
    this.#path = path;
    this.#url = url;
  }

  /** Starts a life; false when it ended before it was ready. */
  async start(): Promise<boolean> {
    const child = fork(program, [this.#path, this.#url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    this.#open = 0;
    const ready = once(child, 'message').then(() => true);
    child.on('message', (report: Report) => {
      if (child !== this.#child || !('stored' in report)) return;
      this.stored.push(report.stored);
      this.#open -= 1;
    });
    return Promise.race([ready, once(child, 'exit').then(() => false)]);
  }

  /** Gives it numbers until the time is over, so many at a time. */
  async work(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      for (; this.#open < 32; this.#open += 1) {
        this.sent += 1;
        this.#child?.send(this.sent, () => {});
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await exited;
  }
}

t.test(
  'kill -9 of a sender at random moments: what was reported stored is handled, nothing twice, in order',
  async (t) => {
    const { url } = await withNats(t);
    const { box } = await receiverNode(t, url);
    const sender = new Sender(join(t.testdir(), 'store'), url);
    t.teardown(() => sender.kill());
    for (let round = 0; round < rounds; round += 1) {
      t.ok(await sender.start(), `the sender starts in round ${round}`);
      const before = sender.stored.length;
      await sender.work(20);
      await eventually('it stores something', () => sender.stored.length > before, 30_000);
      await sender.work(Math.random() * 300);
      await sender.kill();
    }
    const early = (await box.call('all')).length;
    t.ok(await sender.start());
    let handled: readonly number[] = [];
    await eventually(
      'everything that was reported is handled',
      async () => {
        handled = await box.call('all');
        const all = new Set(handled);
        return sender.stored.every((n) => all.has(n));
      },
      60_000,
    );
    t.equal(new Set(handled).size, handled.length, 'none twice');
    t.same(
      handled,
      handled.toSorted((a, b) => a - b),
      'in order',
    );
    t.comment(
      `${rounds} kills, ${sender.sent} asked, ${sender.stored.length} reported stored, ${handled.length} handled, ` +
        `${handled.length - early} of them after the last kill`,
    );
  },
);

t.test('a receiver whose node starts again gets, by its name, what it had not handled', async (t) => {
  const { url } = await withNats(t);
  const handled: number[][] = [[], []];
  const first = await receiverNode(t, url, handled[0]);
  const sender = new Sender(join(t.testdir(), 'store'), url);
  t.teardown(() => sender.kill());
  t.ok(await sender.start());
  await sender.work(200);
  await eventually('something is handled', () => handled[0]?.length !== 0, 30_000);
  first.node.system.stopActor(first.box.address);
  await sender.work(200);
  await first.node.stop();
  // Both are gone, and each comes back from what it has: the sender from its store, the receiver from nothing.
  await sender.kill();
  await receiverNode(t, url, handled[1]);
  t.ok(await sender.start());
  await eventually(
    'everything that was reported is handled by one of the two',
    () => {
      const all = new Set(handled.flat());
      return sender.stored.every((n) => all.has(n));
    },
    30_000,
  );
  t.equal(new Set(handled[1]).size, handled[1]?.length, 'none twice by the second');
  t.comment(`${sender.stored.length} reported, ${handled.map(({ length }) => length).join(' and ')} handled`);
});
