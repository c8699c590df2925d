/** Supervision on one executor: what a crash costs, who comes back, who is given up, and who goes with whom. */
import { defineActor, type RestartPolicy } from '#runtime';
import t from 'tap';
import { deadLetters, gate, inlineSystem, settle } from '../support.js';
import { childWith, family, parentOf, statusOf } from './family.js';

t.test('a crash loses the state and keeps the address, the name and the waiting mail', async (t) => {
  const { make, system, pass, child } = await family(t);
  const ref = await make('x', { name: 'hits' });
  for (let n = 0; n < 3; n += 1) ref.cast('bump');
  ref.cast('crash');
  for (let n = 0; n < 2; n += 1) ref.cast('bump');
  await settle();
  t.equal(await statusOf(system, ref.address), 'failed');
  t.equal(await system.lookupAddress('hits'), ref.address);
  await pass(10);
  t.equal(await ref.call('count'), 2, 'only the two that waited');
  t.equal((await system.lookup(child, 'hits'))?.address, ref.address);
  t.match(
    (await system.list()).find(({ name }) => name === 'hits'),
    { incarnation: 2, status: 'running' },
  );
});

t.test('terminate runs once for each life, the old state in hand, before the next init', async (t) => {
  const { make, system, log, pass } = await family(t);
  const ref = await make('x');
  ref.cast('crash');
  await pass(10);
  system.stopActor(ref.address);
  await settle();
  t.same(log, ['x init 1', 'x terminate crash', 'x init 2', 'x terminate shutdown']);
});

t.test('transient and temporary children that fail or finish: who comes back', async (t) => {
  const table: readonly (readonly [RestartPolicy, 'crash' | 'finish', boolean])[] = [
    ['permanent', 'crash', true],
    ['permanent', 'finish', true],
    ['transient', 'crash', true],
    ['transient', 'finish', false],
    ['temporary', 'crash', false],
    ['temporary', 'finish', false],
  ];
  for (const [restart, how, comesBack] of table) {
    const { make, system, pass, ref } = await family(t);
    const made = await make('x', { restart, name: 'n' });
    made.cast(how);
    await pass(1_000);
    t.equal(await statusOf(system, made.address), comesBack ? 'running' : undefined, `${restart} ${how}`);
    t.equal(await system.lookupAddress('n'), comesBack ? made.address : undefined, `${restart} ${how}: name`);
    const infos = await ref.call('infos');
    t.equal(infos.length, comesBack ? 0 : 1, `${restart} ${how}: infos`);
    if (!comesBack)
      t.match(infos, [{ type: 'exit', child: made.address, reason: { class: how === 'crash' ? 'crash' : 'normal' } }]);
  }
});

t.test('an actor that is stopped on request is not restarted, whatever its policy', async (t) => {
  const { make, system, pass, ref } = await family(t);
  const made = await make('x');
  system.stopActor(made.address);
  await pass(5_000);
  t.equal(await statusOf(system, made.address), undefined);
  t.match(await ref.call('infos'), [{ type: 'exit', reason: { class: 'shutdown' } }]);
});

t.test('restarts wait longer each time, up to the limit, and mail waits with them', async (t) => {
  const { make, system, clock } = await family(t, {
    maxRestarts: 10,
    withinMs: 60_000,
    backoff: { firstMs: 100, maxMs: 300 },
  });
  const ref = await make('x');
  for (const delayMs of [100, 200, 300, 300]) {
    ref.cast('crash');
    await settle();
    clock.advance(delayMs - 1);
    await settle();
    t.equal(await statusOf(system, ref.address), 'failed', `before ${delayMs} ms`);
    clock.advance(1);
    await settle();
    t.equal(await statusOf(system, ref.address), 'running', `after ${delayMs} ms`);
  }
});

t.test('with a back-off of zero a child is back without any wait, and so is the next life', async (t) => {
  const { make, system } = await family(t, { backoff: { firstMs: 0, maxMs: 0 } });
  const ref = await make('x');
  for (const incarnation of [2, 3]) {
    ref.cast('crash');
    ref.cast('bump');
    await settle();
    t.equal(await ref.call('count'), 1, 'the mail that waited, on a clock that stands still');
    t.match(
      (await system.list()).find(({ address }) => address === ref.address),
      { incarnation },
    );
  }
});

t.test('too many restarts in the period fail the supervisor, which comes back without its children', async (t) => {
  const { make, system, ref, pass, log } = await family(t, { maxRestarts: 2, withinMs: 5_000 });
  const [x, y] = [await make('x'), await make('y')];
  for (let n = 0; n < 3; n += 1) {
    x.cast('crash');
    await pass(50);
  }
  await pass(50);
  t.equal(await statusOf(system, ref.address), 'running');
  t.match(
    (await system.list()).find(({ address }) => address === ref.address),
    { incarnation: 2 },
  );
  t.equal(await statusOf(system, x.address), undefined);
  t.equal(await statusOf(system, y.address), undefined, 'the innocent sibling goes with its parent');
  t.same(
    log.filter((line) => line.includes('terminate')),
    [
      'x terminate crash',
      'x terminate crash',
      'x terminate crash',
      'y terminate shutdown',
      'parent terminate shutdown',
    ],
  );
});

t.test('the same number of restarts over a longer time is allowed', async (t) => {
  const { make, system, pass } = await family(t, { maxRestarts: 2, withinMs: 1_000 });
  const x = await make('x');
  for (let n = 0; n < 6; n += 1) {
    x.cast('crash');
    await pass(600);
  }
  t.match(
    (await system.list()).find(({ address }) => address === x.address),
    { status: 'running', incarnation: 7 },
  );
});

t.test('under stop-child only the child is given up: its callers are told, its siblings and parent stay', async (t) => {
  const { make, system, ref, pass } = await family(t, { maxRestarts: 1, whenExceeded: 'stop-child' });
  const [x, y] = [await make('x'), await make('y')];
  x.cast('crash');
  await pass(50);
  x.cast('crash');
  const waiting = x.call('count');
  await t.rejects(waiting, { code: 'ACTOR_STOPPED' });
  await pass(50);
  t.equal(await statusOf(system, x.address), undefined);
  t.equal(await statusOf(system, y.address), 'running');
  t.match(await ref.call('infos'), [{ type: 'exit', child: x.address, reason: { class: 'crash', message: 'boom' } }]);
  y.cast('crash');
  await pass(50);
  t.equal(await statusOf(system, y.address), 'running', 'the restarts of x were not counted against y');
});

t.test('children stop with their parent, newest first, each before the next, and the parent last', async (t) => {
  const { make, system, ref, log } = await family(t);
  for (const id of ['x', 'y', 'z']) await make(id);
  log.length = 0;
  system.stopActor(ref.address);
  await settle();
  t.same(log, ['z terminate shutdown', 'y terminate shutdown', 'x terminate shutdown', 'parent terminate shutdown']);
});

t.test('a child that does not stop delays its parent for the shutdown time only', async (t) => {
  const stubborn = defineActor({
    name: 'stubborn',
    init: (_args: { readonly id: string }) => null,
    terminate: () => new Promise(() => {}),
  });
  const parent = parentOf(stubborn);
  const { system, clock } = await inlineSystem(t, { definitions: [stubborn, parent], shutdownMs: 100 });
  const ref = await system.spawn(parent, undefined);
  const child = await ref.call('make', { id: 'x' });
  system.stopActor(ref.address);
  await settle();
  t.equal(await statusOf(system, ref.address), 'stopping');
  clock.advance(100);
  await settle();
  t.equal(await statusOf(system, ref.address), undefined);
  t.equal(await statusOf(system, child), undefined);
});

t.test('a parent that crashes loses its children and starts anew without them', async (t) => {
  const { make, system, ref, pass, log } = await family(t);
  const x = await make('x', { name: 'n' });
  ref.cast('crash');
  await pass(10);
  t.equal(await statusOf(system, ref.address), 'running');
  t.equal(await statusOf(system, x.address), undefined);
  t.same(log, ['x init 1', 'x terminate shutdown', 'parent terminate crash']);
  t.equal((await make('again', { name: 'n' })).address === x.address, false, 'the name is free again');
});

t.test('an init that fails in a restart counts as a failure, and ends by the intensity', async (t) => {
  let broken = false;
  const fragile = defineActor({
    name: 'fragile',
    init: (_args: { readonly id: string }) => {
      if (broken) throw new Error('no database');
      return null;
    },
    casts: {
      crash: (): never => {
        throw new Error('boom');
      },
    },
  });
  const parent = parentOf(fragile, { maxRestarts: 3, whenExceeded: 'stop-child' });
  const { system, clock } = await inlineSystem(t, { definitions: [fragile, parent] });
  const ref = await system.spawn(parent, undefined);
  const child = system.ref(fragile, await ref.call('make', { id: 'x' }));
  broken = true;
  child.cast('crash');
  for (let n = 0; n < 5; n += 1) {
    await settle();
    clock.advance(100);
  }
  await settle();
  t.equal(await statusOf(system, child.address), undefined);
  t.match(await ref.call('infos'), [
    { type: 'exit', reason: { class: 'crash', message: /init of fragile failed: no database/ } },
  ]);
});

t.test('an init that fails at first rejects the spawn with its cause and leaves nothing behind', async (t) => {
  const log: string[] = [];
  const child = childWith(log);
  const failing = defineActor({
    name: 'failing',
    init: async (_args: null, ctx): Promise<null> => {
      await ctx.spawn(child, { id: 'orphan' });
      ctx.every(10, 'tick');
      throw new Error('bad luck');
    },
  });
  const { system, clock } = await inlineSystem(t, { definitions: [child, failing] });
  await t.rejects(system.spawn(failing, null, { name: 'n' }), {
    code: 'INIT_FAILED',
    message: /failing failed: bad luck/,
  });
  await settle();
  t.equal((await system.list()).length, 3, 'its child is stopped');
  t.same(log, ['orphan init 1', 'orphan terminate shutdown']);
  t.equal(await system.lookupAddress('n'), undefined);
  clock.advance(1_000);
  t.equal(clock.pending, 0, 'its timers are gone');
});

t.test('a spawn whose caller gives up leaves no actor behind', async (t) => {
  const { opened, open } = gate();
  const slow = defineActor({
    name: 'slow',
    init: async () => {
      await opened;
      return null;
    },
  });
  const { system, clock } = await inlineSystem(t, { definitions: [slow] });
  const spawning = system.spawn(slow, undefined, { name: 'n', timeoutMs: 100 });
  await settle();
  clock.advance(100);
  await t.rejects(spawning, { code: 'CALL_TIMEOUT' });
  open();
  await settle();
  t.equal((await system.list()).length, 3);
  t.equal(await system.lookupAddress('n'), undefined);
});

t.test('a child that fails faster than its start is answered is restarted all the same', async (t) => {
  const log: string[] = [];
  const eager = defineActor({
    name: 'eager',
    init: (_args: { readonly id: string }, ctx) => {
      log.push(`init ${ctx.incarnation}`);
      if (ctx.incarnation === 1) ctx.ref(eager as never, ctx.self).cast('crash' as never, undefined as never);
      return null;
    },
    casts: {
      crash: (): never => {
        throw new Error('at once');
      },
    },
  });
  const parent = parentOf(eager);
  const { system, clock } = await inlineSystem(t, { definitions: [eager, parent] });
  const ref = await system.spawn(parent, undefined);
  const child = await ref.call('make', { id: 'x' });
  await settle();
  clock.advance(10);
  await settle();
  t.equal(await statusOf(system, child), 'running');
  t.same(log, ['init 1', 'init 2']);
});

t.test('a failed actor whose supervisor is no more ends instead of waiting for ever', async (t) => {
  const { make, system, ref, pass } = await family(t);
  const x = await make('x');
  x.cast('crash');
  await settle();
  system.stopActor(ref.address);
  await pass(100);
  t.equal(await statusOf(system, x.address), undefined);
});

t.test('what cannot be spawned is refused with its code, and nothing of it stays', async (t) => {
  const { system, child } = await family(t);
  const stranger = defineActor({ name: 'stranger', init: () => null });
  await t.rejects(system.spawn(stranger, undefined), { code: 'UNKNOWN_DEFINITION', message: /known: child, parent/ });
  await t.rejects(system.spawn({ ...child, version: 9 }, { id: 'x' }), {
    code: 'UNKNOWN_DEFINITION',
    message: /version 9/,
  });
  for (const name of ['', 'a.b', 'x'.repeat(129), '../etc']) {
    await t.rejects(system.spawn(child, { id: 'x' }, { name }), { code: 'BAD_NAME' }, name);
  }
  await system.spawn(child, { id: 'x' }, { name: 'taken' });
  await t.rejects(system.spawn(child, { id: 'y' }, { name: 'taken' }), { code: 'NAME_TAKEN' });
  await t.rejects(system.spawn(child, { id: 'x' }, { executor: 7 }), { code: 'BAD_USAGE', message: /no executor 7/ });
  await t.rejects(system.spawn(child, { id: 'x' }, { node: 'b' }), { code: 'NO_SUCH_NODE' });
  await settle();
  t.equal((await system.list()).length, 5);
});

t.test('a name is free again as soon as the end of its actor is known', async (t) => {
  const { make, system, pass } = await family(t);
  for (let round = 0; round < 5; round += 1) {
    const made = await make(`x${round}`, { name: 'n', restart: 'transient' });
    made.cast('finish');
    await pass(1);
    t.equal(await system.lookupAddress('n'), undefined);
  }
});

t.test('the dead letters of a stopped actor are its waiting mail', async (t) => {
  const { make, system } = await family(t);
  const x = await make('x');
  x.cast('crash');
  for (let n = 0; n < 7; n += 1) x.cast('bump');
  await settle();
  system.stopActor(x.address);
  await settle();
  t.equal((await deadLetters(system))['stopped'], 7);
});
