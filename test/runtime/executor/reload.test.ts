/** Modules that are loaded again under living actors, on one executor: versions, migrations, refusals. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ActorSystem, defineActor } from '#runtime';
import t, { type Test } from 'tap';
import { executorAddress } from '#protocols/wire/address';
import { inlineSystem, settle } from '../support.js';
import { type TallyText, writeTally } from '../tally-module.js';

/** A system with the module in its first text, and an actor of it that has counted to five. */
async function tallied(t: Test, more: Partial<TallyText> = {}) {
  const folder = t.testdir({});
  const write = (text: TallyText): string => writeTally(folder, text);
  const url = write({ version: 1, greeting: 'hello', ...more });
  const { system, clock } = await inlineSystem(t, { modules: [url] });
  const spawn = async (args: unknown = {}) => {
    const ref = await system.spawn(system.definition('tally'), args);
    return { address: ref.address, call: (name: string, message?: unknown) => system.call(ref.address, name, message) };
  };
  const tally = await spawn();
  await tally.call('add', 5);
  return { system, clock, url, write, spawn, tally };
}

t.test('a living actor of an older version migrates before its next message, with its state', async (t) => {
  const { system, url, write, spawn, tally } = await tallied(t);
  const idle = await spawn();
  write({
    version: 2,
    greeting: 'bonjour',
    count: 'state.total.value',
    state: '{ total: { value: start } }',
    more: 'migrate: (old, from) => ({ total: { value: old.count * 10 + from } }),',
  });
  const report = await system.reload(url);
  t.match(report.definitions, [
    { name: 'bystander', version: 1, change: 'unchanged', pending: 0 },
    { name: 'tally', version: 2, change: 'upgraded', pending: 2, migrated: 0, failed: 0 },
  ]);
  t.equal(await tally.call('greet'), 'bonjour 51');
  t.match((await system.reload(url)).definitions[1], { change: 'unchanged', pending: 1, migrated: 1, failed: 0 });
  t.equal(await idle.call('add', 1), 2);
  t.equal(await tally.call('add', 1), 52, 'migrated once');
  t.match((await system.reload(url)).definitions[1], { pending: 0, migrated: 2 });
  t.equal(await (await spawn({ start: 7 })).call('greet'), 'bonjour 7', 'a spawn without a version uses the newest');
  const old = await system.spawn({ ...system.definition('tally'), version: 1 }, { start: 8 });
  t.equal(await system.call(old.address, 'greet', null), 'bonjour 8', 'and so does one that asks for a superseded one');
});

t.test('a chain of migrations takes each state from its version to the newest', async (t) => {
  const { system, url, write, spawn, tally } = await tallied(t);
  const steps = (count: number): string =>
    `migrations: { ${Array.from({ length: count }, (_, at) => `${at + 1}: (old) => ({ count: old.count * 10 + ${at + 1} })`).join(', ')} },`;
  write({ version: 2, greeting: 'two', more: steps(1) });
  await system.reload(url);
  const second = await spawn();
  await second.call('add', 6);
  write({ version: 4, greeting: 'four', more: steps(3) });
  await system.reload(url);
  t.equal(await tally.call('greet'), 'four 5123', 'over a version that it never ran');
  t.equal(await second.call('greet'), 'four 623');
});

t.test('versions and migrations that cannot be right are refused where they are written', async (t) => {
  const define = (more: object) => () => defineActor({ name: 'x', init: () => 0, ...more });
  const step = (state: number) => state;
  for (const more of [
    { version: 3, migrations: { 1: step } },
    { version: 3, migrations: { 1: step, 3: step } },
    { version: 4, migrations: { 1: step, 3: step } },
    { version: 2, migrations: { 1.5: step } },
    { version: 2, migrations: { 1: step }, migrate: step },
  ])
    t.throws(define(more), { code: 'BAD_CONFIG', message: /migrat/ });
  define({ version: 4, migrations: { 2: step, 3: step } })();
});

t.test('a migration that fails leaves the old version running with its state, and is reported once', async (t) => {
  const { system, url, write, tally } = await tallied(t);
  write({
    version: 2,
    greeting: 'broken',
    more: "migrate: (old) => { old.count = 'spoilt'; throw new Error('no way'); },",
  });
  await system.reload(url);
  t.equal(await tally.call('greet'), 'hello 5');
  t.equal(await tally.call('add', 1), 6, 'the state is as it was, whatever the migration did to its copy');
  const failed = { pending: 0, migrated: 0, failed: 1, failures: ['tally from version 1 to 2: no way'] };
  t.match((await system.reload(url)).definitions[1], failed);
  write({ version: 3, greeting: 'mended', more: 'migrate: (old) => old,' });
  await system.reload(url);
  t.equal(await tally.call('greet'), 'mended 6', 'a later version may do better');
});

t.test('with whenMigrationFails a failed migration is a crash, for the supervisor to judge', async (t) => {
  const { system, clock, url, write, tally } = await tallied(t);
  write({
    version: 2,
    greeting: 'new',
    more: "migrations: { 1: async (old) => old }, whenMigrationFails: 'fail',",
  });
  await system.reload(url);
  const greeted = tally.call('greet');
  await settle();
  clock.advance(1_000);
  t.equal(await greeted, 'new 0', 'its next life runs the new version, and has the mail that waited');
  t.match((await system.reload(url)).definitions[1], { failed: 1, failures: [/must not be async/] });
});

t.test('a restart after a reload runs the new version', async (t) => {
  const { system, clock, url, write, tally } = await tallied(t);
  write({ version: 2, greeting: 'new', more: 'migrate: (old) => old,' });
  system.cast(tally.address, 'crash', null);
  await settle();
  await system.reload(url);
  clock.advance(1_000);
  t.equal(await tally.call('greet'), 'new 0');
});

t.test('a handler at work and a stream go on with the code that they began with', async (t) => {
  const { system, clock, url, write, tally } = await tallied(t);
  const stream = system.stream(tally.address, 'watch', null)[Symbol.asyncIterator]();
  t.same(await stream.next(), { done: false, value: 'hello 0' });
  const slow = tally.call('slow');
  await settle();
  write({ version: 2, greeting: 'new', more: 'migrate: (old) => old,' });
  await system.reload(url);
  const greeted = tally.call('greet');
  clock.advance(10);
  t.equal(await slow, 'hello');
  t.equal(await greeted, 'new 5');
  for (let n = 1; n < 100; n += 1) await stream.next();
  t.same(await stream.next(), { done: false, value: 'hello 100' });
  await stream.return?.();
});

t.test('a definition that changed under its version is refused, and nothing of its module is taken', async (t) => {
  const { system, url, write, tally } = await tallied(t);
  write({ version: 1, greeting: 'sly' });
  await t.rejects(system.reload(url), {
    code: 'DUPLICATE_DEFINITION',
    message: /tally has changed and is still version 1/,
  });
  t.equal(await tally.call('greet'), 'hello 5');
  const report = await system.reload(url, { force: true });
  t.match(report.definitions[1], { change: 'replaced', pending: 1 });
  t.equal(await tally.call('greet'), 'sly 5', 'by force the handlers change, and the state stays as it is');
});

t.test('an older version is left alone, and the same text is not loaded twice', async (t) => {
  const { system, url, write, tally } = await tallied(t, { version: 3 });
  t.match((await system.reload(url)).definitions, [{ change: 'unchanged' }, { change: 'unchanged' }]);
  write({ version: 2, greeting: 'older' });
  t.match((await system.reload(url)).definitions[1], { version: 2, change: 'older' });
  t.equal(await tally.call('greet'), 'hello 5');
});

t.test('a module that does not load changes nothing and says why', async (t) => {
  const { system, url, tally } = await tallied(t);
  writeFileSync(fileURLToPath(url), 'export const x = ;');
  await t.rejects(system.reload(url), { code: 'MODULE_FAILED', message: /Unexpected token/ });
  writeFileSync(fileURLToPath(url), 'export const x = 1;');
  await t.rejects(system.reload(url), { code: 'MODULE_FAILED', message: /exports no definition/ });
  await t.rejects(system.reload(`${url}.gone`), { code: 'MODULE_FAILED', message: /ENOENT/ });
  t.equal(await tally.call('greet'), 'hello 5');
});

t.test('a phased actor migrates into a phase of the new version, or not at all', async (t) => {
  const phased = (more: string): string =>
    `phases: { on: { calls: { phase: (s) => s.phase + ' ${more.length}' } } }, ${more}`;
  const { system, url, write, tally } = await tallied(t);
  write({
    version: 2,
    greeting: 'x',
    state: "{ phase: 'on', count: 0 }",
    more: phased("migrate: () => ({ phase: 'off' }),"),
  });
  await system.reload(url);
  t.equal(await tally.call('greet'), 'hello 5');
  const good = "migrate: (old) => ({ phase: 'on', count: old.count }),";
  write({ version: 3, greeting: 'y', state: "{ phase: 'on', count: 0 }", more: phased(good) });
  await system.reload(url);
  t.equal(await tally.call('phase'), `on ${good.length}`);
  t.equal(await tally.call('greet'), 'y 5');
});

t.test('whoever can reach a node may reload the modules that it was started with, and no other file', async (t) => {
  const { system, url, write, tally } = await tallied(t);
  const executor = executorAddress('a', 'i1', 0);
  const ask = (message: unknown) => system.call(executor, 'reload', message);
  write({ version: 2, greeting: 'new', more: 'migrate: (old) => old,' });
  for (const module of ['/etc/passwd', 'ally.mjs', 'other.mjs'])
    await t.rejects(ask({ module }), { code: 'UNKNOWN_MODULE', facts: { known: [fileURLToPath(url)] } });
  for (const message of [null, 'tally.mjs', {}, { module: 7 }, { module: 'tally.mjs', force: 'yes' }])
    await t.rejects(ask(message), { code: 'BAD_MESSAGE' });
  t.match(await ask({ module: 'tally.mjs' }), { module: url });
  t.equal(await tally.call('greet'), 'new 5');
});

t.test('systems of one process reload apart', async (t) => {
  const { system, url, write, tally } = await tallied(t);
  const other = await ActorSystem.create({ node: 'b', modules: [url], log: { level: 'silent', format: 'json' } });
  t.teardown(() => other.shutdown());
  const theirs = await other.spawn(other.definition('tally'), {});
  write({ version: 2, greeting: 'new', more: 'migrate: (old) => old,' });
  await system.reload(url);
  t.equal(await tally.call('greet'), 'new 5');
  t.equal(await other.call(theirs.address, 'greet', null), 'hello 0');
});
