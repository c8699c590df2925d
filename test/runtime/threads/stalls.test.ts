/** Threads that are stuck or out of heap: who ends them, who is to blame, and who comes back. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ActorRef, ExecutorReport, SkepError, SystemOptions } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { bystander, harmful } from '#test/testdata/actors/harmful';
import { overseer } from '#test/testdata/actors/probe';
import { threadSystem } from '../support.js';

const STALL = { scheduling: { stallMs: 400 } };

function harmfulSystem(t: Test, options: SystemOptions = {}) {
  return threadSystem(t, ['probe', 'harmful'], {
    ...STALL,
    threadIntensity: { maxRestarts: 50, withinMs: 60_000 },
    ...options,
  });
}

/** Waits until the actor answers; a thread that is to be replaced has to load its modules on whatever core is left. */
async function answers(ref: ActorRef<typeof harmful>): Promise<void> {
  const answered = (): Promise<boolean> =>
    ref.call('ping', undefined, { timeoutMs: 1_000 }).then(
      () => true,
      () => false,
    );
  await eventually('the actor answers', answered, 60_000);
}

/** The error of a call that must fail. */
async function failureOf(call: Promise<unknown>): Promise<SkepError> {
  return call.then(
    () => {
      throw new Error('the call was answered');
    },
    (error: unknown) => error as SkepError,
  );
}

t.test('a thread that is stuck is ended: the actor in its turn is named, its neighbours come back', async (t) => {
  const system = await harmfulSystem(t);
  const stuck = await system.spawn(harmful, undefined, { executor: 1, name: 'stuck' });
  const neighbour = await system.spawn(bystander, undefined, { executor: 1 });
  const elsewhere = await system.spawn(bystander, undefined, { executor: 2 });
  await elsewhere.call('add', 3);
  const boss = await system.spawn(overseer, undefined, { executor: 2 });
  await boss.call('watch', stuck.address);
  const waiting = failureOf(neighbour.call('hang', undefined, { timeoutMs: Number.POSITIVE_INFINITY }));
  const error = await failureOf(stuck.call('spin', undefined, { timeoutMs: Number.POSITIVE_INFINITY }));
  const named = new RegExp(`executor 1 was stuck for \\d+ ms in a turn of harmful \\(${stuck.address}\\)`);
  t.match(error, { code: 'EXECUTOR_DOWN', facts: { executor: 1, class: 'stalled', reason: named } });
  t.match(await waiting, { code: 'EXECUTOR_DOWN' });
  t.equal(await elsewhere.call('add', 1), 4, 'the other thread has lost nothing');
  await answers(stuck);
  t.equal(await neighbour.call('add', 1), 1);
  t.equal(await system.lookupAddress('stuck'), stuck.address);
  await eventually('the watcher was told', async () => (await boss.call('infos')).length > 0);
  t.match(await boss.call('infos'), [
    { type: 'down', address: stuck.address, reason: { class: 'stalled', message: named } },
  ]);
});

t.test('a handler that is stuck after an await is ended too, and nobody is blamed by name', async (t) => {
  const system = await harmfulSystem(t);
  const stuck = await system.spawn(harmful, undefined, { executor: 1 });
  const error = await failureOf(stuck.call('spinLater', undefined, { timeoutMs: Number.POSITIVE_INFINITY }));
  t.match(error, { facts: { class: 'stalled', reason: /stuck for \d+ ms outside of any turn/ } });
  await answers(stuck);
});

t.test(
  'an actor that stalls again and again is given up alone: no restart counts against its neighbours',
  async (t) => {
    const system = await harmfulSystem(t, { defaults: { supervision: { maxRestarts: 3, withinMs: 60_000 } } });
    const stuck = await system.spawn(harmful, undefined, { executor: 1 });
    const neighbour = await system.spawn(bystander, undefined, { executor: 1 });
    // What ends the thread in the turn of an actor is charged to it; an exit is quicker than a stall.
    for (let times = 0; times < 4; times += 1) {
      await failureOf(stuck.call('exit', undefined, { timeoutMs: 20_000 }));
      if (times < 3) await answers(stuck);
    }
    await eventually('the neighbour is back', () =>
      neighbour.call('add', 0).then(
        () => true,
        () => false,
      ),
    );
    t.match(await failureOf(stuck.call('ping')), { code: 'NO_SUCH_ACTOR' });
  },
);

t.test('a thread that is busy for less than the limit, or again and again, is left alone', async (t) => {
  const system = await harmfulSystem(t);
  const busy = await system.spawn(harmful, undefined, { executor: 1 });
  for (let n = 0; n < 20; n += 1) t.equal(await busy.call('busy', 50), 50);
  for (let n = 0; n < 20; n += 1) busy.cast('busy', 50);
  t.equal(await busy.call('ping', undefined, { timeoutMs: 20_000 }), 'pong', 'a full mailbox is no stall');
});

t.test('a main thread that is busy ends no thread', async (t) => {
  const system = await harmfulSystem(t);
  const ref = await system.spawn(bystander, undefined, { executor: 1 });
  await ref.call('add', 1);
  for (let n = 0; n < 3; n += 1) {
    const end = performance.now() + 1_000;
    while (performance.now() < end);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(await ref.call('add', 1), 2, 'the actor has lived all the time');
});

t.test(
  'a thread out of heap is a failure of its executor: named in the reason, replaced, the node goes on',
  async (t) => {
    // A thread that collects garbage in vain comes round rarely enough to count as stuck.
    const system = await harmfulSystem(t, { executorHeapMb: 48, scheduling: { stallMs: 0 } });
    const hoarder = await system.spawn(harmful, undefined, { executor: 1 });
    const elsewhere = await system.spawn(bystander, undefined, { executor: 2 });
    t.equal(await hoarder.call('buffers', 96), 96, 'Buffers are outside of the heap and are not counted');
    await elsewhere.call('add', 1);
    const error = await failureOf(hoarder.call('hoard', undefined, { timeoutMs: 60_000 }));
    t.match(error, {
      code: 'EXECUTOR_DOWN',
      facts: { class: 'crash', reason: /executor 1 ended in a turn of harmful .*: ERR_WORKER_OUT_OF_MEMORY: / },
    });
    await answers(hoarder);
    t.equal(await elsewhere.call('add', 1), 2);
  },
);

t.test('a system executor that is stuck is fatal for the node', async (t) => {
  let tell = (_error: SkepError): void => {};
  const fatal = new Promise<SkepError>((resolve) => (tell = resolve));
  const system = await harmfulSystem(t, { onFatal: (error) => tell(error) });
  const stuck = await system.spawn(harmful, undefined, { executor: 'system' });
  await failureOf(stuck.call('spin', undefined, { timeoutMs: 20_000 }));
  t.match(await fatal, {
    code: 'EXECUTOR_DOWN',
    facts: { class: 'stalled' },
    message: /the system executor ended: .* in a turn of harmful/,
  });
});

t.test('a process that was stopped and goes on has all its threads and actors', async (t) => {
  const script = fileURLToPath(new URL('../../testdata/stopped-script.js', import.meta.url));
  const running = promisify(execFile)(process.execPath, [script], { timeout: 60_000 });
  const { child } = running;
  let said = '';
  child.stdout?.on('data', (text: string) => (said += text));
  await eventually('it is ready', () => said.includes('ready\n'), 30_000);
  child.kill('SIGSTOP');
  // Several times the limit, and the one wait for a time in this file: nothing can be observed of a stopped process.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  child.kill('SIGCONT');
  child.stdin?.write('go on\n');
  const { stdout } = await running;
  t.equal(stdout, 'ready\n2 2\n', 'both actors count on where they were');
});

t.test('turns, slow turns and the load of definitions are in the report', async (t) => {
  const system = await harmfulSystem(t, { scheduling: { stallMs: 0, slowTurnMs: 20 } });
  const busy = await system.spawn(harmful, undefined, { executor: 1 });
  await busy.call('ping');
  await busy.call('busy', 30);
  busy.cast('busy', 40);
  await busy.call('ping');
  const reports = await system.reports();
  const report = reports.find(({ id }) => id === 1) as ExecutorReport;
  t.same(
    report.slowTurns.map(({ definition, message }) => [definition, message]),
    [
      ['harmful', 'busy'],
      ['harmful', 'busy'],
    ],
  );
  const [first, second] = report.slowTurns;
  t.ok((first?.durationMs ?? 0) >= 30 && (second?.durationMs ?? 0) >= 40, 'durations are those of the handlers');
  t.ok(Math.abs((first?.atMs ?? 0) - Date.now()) < 60_000, 'times are of the wall clock');
  t.ok(report.turnLatency.max >= 40 && report.turnLatency.count >= 4);
  t.ok(report.mailboxWait.count >= 3, 'calls know how long they waited');
  t.type(report.eventLoopDelay?.p99, 'number');
  const load = report.definitions.find(({ definition }) => definition === 'harmful');
  t.match(load, { processed: 4, failed: 0, version: 1 });
  t.ok((load?.busyMs ?? 0) >= 70);
});

t.test('options of the watchdog that make no sense are refused by name', async (t) => {
  for (const [options, field] of [
    [{ scheduling: { stallMs: 10 } }, 'scheduling.stallMs'],
    [{ scheduling: { stallMs: -1 } }, 'scheduling.stallMs'],
    [{ scheduling: { slowTurnMs: Number.NaN } }, 'scheduling.slowTurnMs'],
    [{ executorHeapMb: 1 }, 'executorHeapMb'],
    [{ executorHeapMb: 0 }, 'executorHeapMb'],
    [{ threadIntensity: { maxRestarts: -1, withinMs: 1 } }, 'threadIntensity.maxRestarts'],
    [{ threadIntensity: { maxRestarts: 1, withinMs: 0 } }, 'threadIntensity.withinMs'],
  ] as const) {
    await t.rejects(harmfulSystem(t, options), { code: 'BAD_CONFIG', message: new RegExp(`^${field} is `) }, field);
  }
});
