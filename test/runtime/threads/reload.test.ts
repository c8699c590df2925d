/** Modules that are loaded again on the executors of a node, under load and across the death of a thread. */
import { ActorSystem, type ActorAddress } from '#runtime';
import t, { type Test } from 'tap';
import { eventually } from '#test/support/eventually';
import { deadLetters } from '../support.js';
import { type TallyText, writeTally } from '../tally-module.js';

async function tallySystem(t: Test) {
  const folder = t.testdir({});
  const write = (text: TallyText): string => writeTally(folder, text);
  const url = write({ version: 1, greeting: 'hello' });
  const system = await ActorSystem.create({
    node: 'a',
    executors: 2,
    modules: [url],
    log: { level: 'silent', format: 'json' },
  });
  t.teardown(() => system.shutdown());
  const spawn = async (executor: number): Promise<ActorAddress> =>
    (await system.spawn(system.definition('tally'), {}, { executor })).address;
  return { system, url, write, spawn };
}

const upgraded = { version: 2, greeting: 'bonjour', more: 'migrate: (old) => ({ count: old.count + 1_000_000 }),' };

t.test('a reload under load loses no message and no state, on any thread', async (t) => {
  const { system, url, write, spawn } = await tallySystem(t);
  const first = await spawn(1);
  const actors = [first, ...(await Promise.all([spawn(2), spawn(1), spawn(2)]))];
  let sent = 0;
  let stop = false;
  const load = actors.map(async (address) => {
    let last = 0;
    for (; !stop; sent += 1) last = (await system.call(address, 'add', 1)) as number;
    return last;
  });
  await eventually('the load runs', () => sent > 1_000);
  write(upgraded);
  const report = await system.reload(url);
  t.match(report.definitions[1], { name: 'tally', version: 2, change: 'upgraded' });
  const until = sent + 1_000;
  await eventually('the load runs on', () => sent > until);
  stop = true;
  const lasts = await Promise.all(load);
  t.equal(
    lasts.reduce((sum, last) => sum + last - 1_000_000, 0),
    sent,
    'each actor migrated once, and counted every call that was answered',
  );
  t.equal(await system.call(first, 'greet', null), `bonjour ${lasts[0]}`);
  t.same(await deadLetters(system), {});
  t.match((await system.reload(url)).definitions[1], { pending: 0, migrated: 4, failed: 0 });
});

t.test('what replaces a dead thread has the newest modules, and its actors come back on them', async (t) => {
  const { system, url, write, spawn } = await tallySystem(t);
  const address = await spawn(1);
  write(upgraded);
  await system.reload(url);
  await t.rejects(system.call(address, 'die', null), { code: 'EXECUTOR_DOWN' });
  await eventually('the actor is back', async () => {
    const greeting = await system.call(address, 'greet', null, { timeoutMs: 200 }).catch(() => '');
    return greeting === 'bonjour 0';
  });
  t.equal(await system.call(await spawn(1), 'greet', null), 'bonjour 0');
  write({ ...upgraded, version: 3, greeting: 'ciao' });
  await system.reload(url);
  t.equal(await system.call(address, 'greet', null), 'ciao 1000000', 'and it can be reloaded in its turn');
});

t.test('a module that one thread cannot load changes no other', async (t) => {
  const { system, url, write, spawn } = await tallySystem(t);
  const address = await spawn(2);
  await system.call(address, 'add', 5);
  write({
    ...upgraded,
    more: `${upgraded.more} description: (() => { if (!isMainThread) throw new Error('not in a thread'); return ''; })(),`,
  });
  const { readFileSync, writeFileSync } = await import('node:fs');
  const path = new URL(url);
  writeFileSync(path, `import { isMainThread } from 'node:worker_threads';\n${readFileSync(path, 'utf8')}`);
  await t.rejects(system.reload(url), { code: 'MODULE_FAILED', message: /not in a thread/ });
  t.equal(await system.call(address, 'greet', null), 'hello 5');
  t.equal(system.definition('tally').version, 1);
});
