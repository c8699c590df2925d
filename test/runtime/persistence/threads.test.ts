/** Persistence with real threads and LMDB: executors die, the store stays. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ActorRef, ActorSystem, type SkepError } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { alarm, logbook, tally } from '#test/testdata/actors/ledger';
import type { Answer, Command } from '#test/testdata/counter-node';
import { threadSystem } from '../support.js';

const storedThreads = (t: Test, path: string, sync: 'disk' | 'process' = 'disk'): Promise<ActorSystem> =>
  threadSystem(t, ['ledger'], { store: { path, sync } });

t.setTimeout(240_000);

/** Repeats a command until it has its answer, as a client does. */
async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  let answer: T | undefined;
  await eventually(
    'the command is answered',
    async () => {
      answer = await ask().catch(() => undefined);
      return answer !== undefined;
    },
    60_000,
  );
  return answer as T;
}

t.test('when the thread of an actor ends by process.exit, its state comes back on the replacement', async (t) => {
  const system = await storedThreads(t, join(t.testdir(), 'store'));
  const ref = await system.spawn(tally, { key: 'k' }, { executor: 1 });
  const neighbour = await system.spawn(tally, { key: 'n' }, { executor: 2 });
  for (let count = 1; count <= 25; count += 1) t.equal(await ref.call('add', { amount: 1, id: `c${count}` }), count);
  ref.cast('exit');
  const answers: number[] = [];
  for (const id of ['c25', 'c26', 'c27'])
    answers.push(await persistently(() => ref.call('add', { amount: 1, id }, { timeoutMs: 1_000 })));
  t.same(answers, [25, 26, 27], 'each command is counted once');
  t.equal((await ref.call('get')).applied, 27);
  t.equal(await ref.call('executor'), 1);
  t.equal(await neighbour.call('add', { amount: 1 }), 1, 'and the other thread has noticed nothing');
});

t.test('when the thread of an actor runs out of heap, its state comes back on the replacement', async (t) => {
  const program = fileURLToPath(new URL('../../testdata/counter-node.js', import.meta.url));
  // A small heap, so that it is full soon; it is that of every thread alone.
  const execArgv = ['--max-old-space-size=64'];
  const node = fork(program, [join(t.testdir(), 'store')], { execArgv, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  t.teardown(() => node.kill('SIGKILL'));
  const ask = async (command: Command): Promise<Answer> => {
    const answered = once(node, 'message') as Promise<[Answer]>;
    node.send(command);
    return (await answered)[0];
  };
  await once(node, 'message');
  for (let count = 1; count <= 25; count += 1) t.match(await ask({ id: `c${count}`, amount: 1 }), { count });
  node.send({ id: '', hoard: true } satisfies Command);
  const answers: Answer[] = [];
  for (const id of ['c25', 'c26', 'c27']) {
    answers.push(
      await persistently(async () => {
        const answer = await ask({ id, amount: 1 });
        if ('code' in answer) throw new Error(answer.code);
        return answer;
      }),
    );
  }
  t.match(answers, [{ count: 25 }, { count: 26 }, { count: 27 }], 'each command is counted once');
  t.equal(node.exitCode, null, 'and its process lives');
});

t.test('durable timers fire in the life after the death of a thread', async (t) => {
  const file = join(t.testdir(), 'told.txt');
  const system = await storedThreads(t, join(t.testdir(), 'store'));
  const ref = await system.spawn(alarm, { key: 'k', file }, { executor: 1 });
  await ref.call('set', { delayMs: 1_500, key: 'tea' });
  ref.cast('exit');
  await eventually(
    'it rang',
    () => {
      try {
        return readFileSync(file, 'utf8').startsWith('tea@');
      } catch {
        return false;
      }
    },
    30_000,
  );
  t.equal(await persistently(() => ref.call('rings', undefined, { timeoutMs: 1_000 })), 1);
});

t.test('a log of many pages is replayed whole and in order by a later life of the node', async (t) => {
  const path = join(t.testdir(), 'store');
  const long = { timeoutMs: 120_000 };
  const first = await storedThreads(t, path);
  const ref = await first.spawn(logbook, { key: 'k' }, { executor: 1 });
  const written = await ref.call('fill', { entries: 20_000, batch: 5_000 }, long);
  t.equal(written.entries, 20_000);
  await first.shutdown();
  const second = await storedThreads(t, path);
  const again = await second.spawn(logbook, { key: 'k' }, { executor: 2, ...long });
  t.same(await again.call('get'), written);
});

t.test('many actors that persist at once all keep what they were promised', async (t) => {
  const path = join(t.testdir(), 'store');
  const count = 200;
  const first = await storedThreads(t, path, 'process');
  const spawnAll = (system: ActorSystem): Promise<readonly ActorRef<typeof tally>[]> =>
    Promise.all(
      Array.from({ length: count }, (_, index) => system.spawn(tally, { key: `k${index}` }, { timeoutMs: 60_000 })),
    );
  const refs = await spawnAll(first);
  await Promise.all(
    refs.flatMap((ref, index) =>
      Array.from({ length: 1 + (index % 5) }, () => ref.call('add', { amount: 1 }, { timeoutMs: 60_000 })),
    ),
  );
  await first.shutdown();
  const again = await spawnAll(await storedThreads(t, path, 'process'));
  const counts = await Promise.all(
    again.map(async (ref) => (await ref.call('get', undefined, { timeoutMs: 60_000 })).count),
  );
  t.same(
    counts,
    refs.map((_, index) => 1 + (index % 5)),
  );
});

t.test('a node whose store is refused does not start, leaves nothing open, and says what to do', async (t) => {
  const path = join(t.testdir(), 'store');
  const log = { level: 'silent', format: 'json' } as const;
  const first = await storedThreads(t, path);
  await t.rejects(ActorSystem.create({ node: 'a', store: { path }, log }), { code: 'STORE_IN_USE' });
  await first.shutdown();
  await t.rejects(ActorSystem.create({ node: 'other', store: { path }, log }), {
    code: 'STORE_CORRUPT',
    message: /belongs to node a/,
  });
  await t.rejects(ActorSystem.create({ store: { path }, log }), { code: 'BAD_CONFIG', message: /set node/ });
  await t.rejects(ActorSystem.create({ node: 'a', store: { path: '' }, log }), {
    code: 'BAD_CONFIG',
    facts: { field: 'path' },
  });
  const tape = { path, sync: 'tape' as 'disk' };
  await t.rejects(ActorSystem.create({ node: 'a', store: tape, log }), {
    code: 'BAD_CONFIG',
    facts: { field: 'sync' },
  });
  await t.rejects(ActorSystem.create({ node: 'a', store: { path, timeoutMs: 0 }, log }), { code: 'BAD_CONFIG' });
  const fatal: SkepError[] = [];
  const inline = await ActorSystem.create({
    node: 'a',
    store: { path },
    definitions: [tally],
    log,
    onFatal: (error) => fatal.push(error),
  });
  t.equal(await (await inline.spawn(tally, { key: 'k' })).call('add', { amount: 1 }), 1, 'without threads too');
  await inline.shutdown();
  t.same(fatal, []);
});
