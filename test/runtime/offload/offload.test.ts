/** Offloaded functions on real threads, from executors in threads and from the calling thread alike. */
import { readdirSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { ActorSystem, defineOffload, type SystemOptions } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { TestSystem } from '#runtime/testing/test-system';
import { cruncher } from '#test/testdata/actors/crunching';

async function crunching(t: Test, executors: number, options: SystemOptions = {}) {
  const system = await ActorSystem.create({
    executors,
    modules: [new URL('../../testdata/actors/crunching.js', import.meta.url).href],
    log: { level: 'silent', format: 'json' },
    callTimeoutMs: 60_000,
    ...options,
  });
  t.teardown(() => system.shutdown());
  const spawn = () => system.spawn(cruncher, undefined, executors === 0 ? {} : { executor: 1 });
  return { system, spawn, ref: await spawn() };
}

/** Threads of this process. */
function threads(): number {
  return readdirSync('/proc/self/task').length;
}

for (const executors of [0, 1]) {
  t.test(
    `with ${executors} executors an actor awaits an offloaded function and its executor answers others`,
    async (t) => {
      const { ref, spawn } = await crunching(t, executors);
      const neighbour = await spawn();
      const { thread } = await neighbour.call('ping');
      let done = false;
      const work = ref.call('offload', { task: 'compute', args: 300 }).finally(() => (done = true));
      let answered = 0;
      while (!done) {
        await neighbour.call('ping');
        answered += 1;
      }
      t.not(await work, thread, 'it ran on another thread');
      t.ok(answered > 20, `the neighbour answered ${answered} times meanwhile`);
    },
  );

  t.test(`with ${executors} executors an error keeps its code, facts and cause on its way back`, async (t) => {
    const { ref } = await crunching(t, executors);
    t.same(await ref.call('cause', 'skep'), {
      code: 'PATH_UNREADABLE',
      message: 'no such picture',
      facts: { path: '/x' },
      cause: { name: 'TypeError', message: 'the bottom', code: 'ENOENT' },
      bottom: null,
    });
    t.match(await ref.call('cause', 'node'), {
      code: 'OFFLOAD_FAILED',
      facts: { task: 'fails' },
      cause: { name: 'Error', message: 'on top' },
      bottom: { name: 'TypeError', message: 'the bottom', code: 'ENOENT' },
    });
    t.match(await ref.call('cause', 'text'), { code: 'OFFLOAD_FAILED', cause: { message: 'just text' } });
    t.match(await ref.call('cause', 'circle'), { code: 'OFFLOAD_FAILED', cause: { message: 'round' } });
  });

  t.test(`with ${executors} executors a deadline and a cancel end the function and its thread`, async (t) => {
    const { ref } = await crunching(t, executors, { offload: { threads: 2, idleMs: 60_000 } });
    await t.rejects(ref.call('offload', { task: 'forEver', args: null, timeoutMs: 50 }), {
      code: 'CALL_TIMEOUT',
      message: /offload forEver took longer than 50 ms/,
    });
    await t.rejects(ref.call('offload', { task: 'forEver', args: null }, { timeoutMs: 100 }), { code: 'CALL_TIMEOUT' });
    t.equal(await ref.call('abort'), 'CALL_CANCELLED');
    // Each of the three held a thread of two; had it not been ended, these could not run.
    const work = [1, 2, 3, 4].map(() => ref.call('offload', { task: 'compute', args: 1 }));
    t.equal((await Promise.all(work)).length, 4);
  });
}

t.test('more work than the queue holds is refused with a code, and what was taken is done', async (t) => {
  const { ref } = await crunching(t, 1, { offload: { threads: 2, queue: 3 } });
  t.same(await ref.call('many', 8), ['OFFLOAD_FULL', 'OFFLOAD_FULL', 'OFFLOAD_FULL']);
  t.same(await ref.call('many', 5), [], 'room again');
});

t.test('buffers are handed over and come back', async (t) => {
  const { ref } = await crunching(t, 1);
  t.same(await ref.call('transfer', 1_000_000), [0, 1_000_000, 6]);
});

t.test('what cannot be offloaded is refused with a code, and the threads go on', async (t) => {
  const { ref } = await crunching(t, 1, { offload: { threads: 1 } });
  const offload = (task: string) => ref.call('offload', { task, args: null });
  await t.rejects(ref.call('plain'), { code: 'BAD_USAGE', message: /functions do not cross threads/ });
  await t.rejects(offload('misnamed'), { code: 'BAD_USAGE', message: /exports no offload "somethingElse"/ });
  await t.rejects(offload('functions'), { code: 'BAD_MESSAGE', message: /its result cannot be copied/ });
  await t.rejects(ref.call('uncopied'), { code: 'BAD_MESSAGE', message: /its arguments cannot be copied/ });
  await t.rejects(offload('exits'), { code: 'OFFLOAD_FAILED', message: /exited with code: 3/ });
  await t.rejects(ref.call('offload', { task: 'compute', args: 1, timeoutMs: -1 }), { code: 'BAD_USAGE' });
  t.type(await ref.call('offload', { task: 'compute', args: 1 }), 'number');
  t.throws(() => defineOffload('not a url', 'x', () => 1), { code: 'BAD_USAGE' });
  t.throws(() => defineOffload(import.meta.url, '', () => 1), { code: 'BAD_USAGE' });
});

t.test('threads start on demand, idle ones end, and an executor that ends takes its own along', async (t) => {
  const { ref, system } = await crunching(t, 1, { offload: { threads: 3, idleMs: 50 } });
  const before = threads();
  await Promise.all([1, 2, 3].map(() => ref.call('offload', { task: 'compute', args: 50 })));
  await eventually('idle threads have ended', () => threads() <= before);
  const work = ref.call('offload', { task: 'forEver', args: null }, { timeoutMs: 60_000 });
  const failed = t.rejects(work, { code: /ACTOR_STOPPED|CALL_CANCELLED/ });
  await eventually('a thread works', () => threads() > before);
  await system.shutdown();
  await failed;
  await eventually('no thread is left', () => threads() < before);
});

t.test('an actor that is stopped ends what it has offloaded', async (t) => {
  const { ref, system } = await crunching(t, 1, { offload: { threads: 1 } });
  const work = t.rejects(ref.call('offload', { task: 'forEver', args: null }), {
    code: /ACTOR_STOPPED|CALL_CANCELLED/,
  });
  await ref.call('ping', undefined, { timeoutMs: 200 }).catch(() => {});
  system.stopActor(ref.address);
  await work;
  const other = await system.spawn(cruncher, undefined, { executor: 1 });
  t.type(await other.call('offload', { task: 'compute', args: 1 }), 'number', 'the one thread is free again');
});

t.test('options that make no sense are refused by name', async (t) => {
  for (const [offload, field] of [
    [{ threads: 0 }, 'offload.threads'],
    [{ queue: 1.5 }, 'offload.queue'],
    [{ idleMs: -1 }, 'offload.idleMs'],
  ] as const) {
    await t.rejects(ActorSystem.create({ offload }), { code: 'BAD_CONFIG', message: new RegExp(`^${field} is `) });
  }
});

t.test('in a test system functions run in place, and their outcomes are the same', async (t) => {
  const system = await TestSystem.create({ definitions: [cruncher], seed: 7 });
  const ref = await system.spawn(cruncher, undefined);
  t.equal(await ref.call('offload', { task: 'compute', args: 0 }), threadId, 'on the calling thread');
  t.match(await ref.call('cause', 'skep'), { code: 'PATH_UNREADABLE', cause: { code: 'ENOENT' } });
  await t.rejects(ref.call('uncopied'), { code: 'BAD_MESSAGE' });
});
