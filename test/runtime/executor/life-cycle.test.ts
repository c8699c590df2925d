/** Orders that meet in the middle of a start, a restart or a stop: each life ends once, and nothing is left half alive. */
import { type ActorAddress, type ActorSystem, defineActor, type Info } from '#runtime';
import t from 'tap';
import { gate, inlineSystem, settle } from '../support.js';

async function statusOf(system: ActorSystem, address: ActorAddress): Promise<string | undefined> {
  return (await system.list()).find((actor) => actor.address === address)?.status;
}

/** An actor whose init, handler and terminate wait for gates of the test. */
function gatedWith(log: string[], hold: { init?: Promise<void>; handler?: Promise<void>; terminate?: Promise<void> }) {
  return defineActor({
    name: 'gated',
    init: async (_args: null, ctx) => {
      log.push(`init ${ctx.incarnation}`);
      await hold.init;
      return { life: ctx.incarnation };
    },
    calls: {
      work: async (state, _message: undefined, ctx) => {
        const { signal } = ctx;
        await hold.handler;
        log.push(`worked in life ${state.life}, aborted ${String(signal.aborted)}`);
        return state.life;
      },
      life: (state) => state.life,
    },
    casts: {
      crash: (): never => {
        throw new Error('boom');
      },
      stopSelf: async (_state, _message: undefined, ctx) => {
        ctx.stop();
        await Promise.resolve();
        log.push('went on after the stop');
      },
    },
    terminate: async (state, reason) => {
      log.push(`terminate ${state.life} ${reason.class}`);
      await hold.terminate;
    },
  });
}

t.test('a stop while init runs: the spawn fails, terminate runs, the name is free', async (t) => {
  const log: string[] = [];
  const { opened, open } = gate();
  const gated = gatedWith(log, { init: opened });
  const { system } = await inlineSystem(t, { definitions: [gated] });
  const spawning = system.spawn(gated, null, { name: 'n' });
  await settle();
  const address = (await system.lookupAddress('n')) as ActorAddress;
  system.stopActor(address);
  await settle();
  t.equal(await statusOf(system, address), 'stopping');
  open();
  await t.rejects(spawning, { code: 'ACTOR_STOPPED' });
  await settle();
  t.same(log, ['init 1', 'terminate 1 shutdown']);
  t.equal(await statusOf(system, address), undefined);
  t.equal(await system.lookupAddress('n'), undefined);
});

t.test(
  'a stop while init hangs: the actor is gone after the shutdown time, and what init made later is released',
  async (t) => {
    const log: string[] = [];
    const { opened, open } = gate();
    const gated = gatedWith(log, { init: opened });
    const { system, clock } = await inlineSystem(t, { definitions: [gated], shutdownMs: 100 });
    const spawning = system.spawn(gated, null, { name: 'n', timeoutMs: Number.POSITIVE_INFINITY });
    spawning.catch(() => {});
    await settle();
    const address = (await system.lookupAddress('n')) as ActorAddress;
    system.stopActor(address);
    await settle();
    clock.advance(100);
    await settle();
    t.equal(await statusOf(system, address), undefined);
    open();
    await t.rejects(spawning, { code: 'ACTOR_STOPPED' });
    t.same(log, ['init 1', 'terminate 1 shutdown']);
  },
);

t.test('mail that arrives while init runs is handled afterwards', async (t) => {
  const { opened, open } = gate();
  const gated = gatedWith([], { init: opened });
  const { system } = await inlineSystem(t, { definitions: [gated] });
  const spawning = system.spawn(gated, null, { name: 'n' });
  await settle();
  const early = system.ref(gated, (await system.lookupAddress('n')) as ActorAddress).call('life');
  open();
  await spawning;
  t.equal(await early, 1);
});

t.test('a stop while a handler is at work waits for it, and its caller has the answer', async (t) => {
  const log: string[] = [];
  const { opened, open } = gate();
  const gated = gatedWith(log, { handler: opened });
  const { system } = await inlineSystem(t, { definitions: [gated] });
  const ref = await system.spawn(gated, null);
  const call = ref.call('work');
  await settle();
  system.stopActor(ref.address);
  await settle();
  open();
  t.equal(await call, 1);
  await settle();
  t.same(log, ['init 1', 'worked in life 1, aborted true', 'terminate 1 shutdown']);
});

t.test(
  'a stop while a handler hangs: its caller hears ACTOR_STOPPED, and what the handler does later is nothing',
  async (t) => {
    const log: string[] = [];
    const { opened, open } = gate();
    const gated = gatedWith(log, { handler: opened });
    const { system, clock } = await inlineSystem(t, { definitions: [gated], shutdownMs: 100 });
    const ref = await system.spawn(gated, null);
    const call = ref.call('work', undefined, { timeoutMs: Number.POSITIVE_INFINITY });
    const outcome = t.rejects(call, { code: 'ACTOR_STOPPED' });
    await settle();
    system.stopActor(ref.address);
    await settle();
    clock.advance(100);
    await outcome;
    open();
    await settle();
    t.same(log, ['init 1', 'terminate 1 shutdown', 'worked in life 1, aborted true']);
    t.notOk((await system.reports())[0]?.deadLetters.counts['late-reply'], 'its answer went nowhere');
  },
);

t.test('an actor that stops itself finishes its message first', async (t) => {
  const log: string[] = [];
  const gated = gatedWith(log, {});
  const { system } = await inlineSystem(t, { definitions: [gated] });
  const ref = await system.spawn(gated, null);
  ref.cast('stopSelf');
  await settle();
  t.same(log, ['init 1', 'went on after the stop', 'terminate 1 shutdown']);
});

t.test('a stop while a restart runs its init: the new life ends in order and is not revived', async (t) => {
  const log: string[] = [];
  const hold: { init?: Promise<void> } = {};
  const gated = gatedWith(log, hold);
  const { system, clock } = await inlineSystem(t, { definitions: [gated] });
  const ref = await system.spawn(gated, null, { name: 'n' });
  const { opened, open } = gate();
  hold.init = opened;
  ref.cast('crash');
  await settle();
  clock.advance(10);
  await settle();
  t.equal(await statusOf(system, ref.address), 'starting');
  system.stopActor(ref.address);
  await settle();
  open();
  await settle();
  clock.advance(10_000);
  await settle();
  t.same(log, ['init 1', 'terminate 1 crash', 'init 2', 'terminate 2 shutdown']);
  t.equal(await statusOf(system, ref.address), undefined);
  t.equal(await system.lookupAddress('n'), undefined);
});

t.test('a stop while a restart runs the terminate of the old life: terminate is not run again', async (t) => {
  const log: string[] = [];
  const { opened, open } = gate();
  const gated = gatedWith(log, { terminate: opened });
  const { system, clock } = await inlineSystem(t, { definitions: [gated] });
  const ref = await system.spawn(gated, null);
  ref.cast('crash');
  await settle();
  clock.advance(10);
  await settle();
  system.stopActor(ref.address);
  await settle();
  open();
  await settle();
  t.same(log, ['init 1', 'terminate 1 crash']);
  t.equal(await statusOf(system, ref.address), undefined);
});

t.test('a stop between the crash and the restart: the restart finds nobody and makes nobody', async (t) => {
  const log: string[] = [];
  const gated = gatedWith(log, {});
  const { system, clock } = await inlineSystem(t, { definitions: [gated] });
  const ref = await system.spawn(gated, null);
  ref.cast('crash');
  await settle();
  system.stopActor(ref.address);
  await settle();
  clock.advance(10_000);
  await settle();
  t.equal((await system.list()).length, 3);
  t.same(log, ['init 1', 'terminate 1 crash']);
});

t.test(
  'a supervisor restarted under a handler that hangs: the caller is told, and the new life is not disturbed',
  async (t) => {
    const log: string[] = [];
    const { opened, open } = gate();
    const child = defineActor({
      name: 'child',
      init: () => null,
      casts: {
        crash: (): never => {
          throw new Error('boom');
        },
      },
    });
    const boss = defineActor({
      name: 'boss',
      init: (_args: null, ctx) => ({ life: ctx.incarnation }),
      supervision: { maxRestarts: 0 },
      calls: {
        make: async (_state, _message: undefined, ctx) => (await ctx.spawn(child, undefined)).address,
        hang: async (state) => {
          await opened;
          log.push(`late end of life ${state.life}`);
          return state.life;
        },
        life: (state) => state.life,
      },
    });
    const { system, clock } = await inlineSystem(t, { definitions: [child, boss], shutdownMs: 100 });
    const ref = await system.spawn(boss, null);
    const made = system.ref(child, await ref.call('make'));
    const hanging = t.rejects(ref.call('hang', undefined, { timeoutMs: Number.POSITIVE_INFINITY }), {
      code: 'ACTOR_CRASHED',
    });
    await settle();
    made.cast('crash');
    await settle();
    clock.advance(10);
    await settle();
    clock.advance(100);
    await hanging;
    await settle();
    const second = ref.call('life');
    t.equal(await second, 2);
    open();
    await settle();
    t.same(log, ['late end of life 1']);
    t.equal(await ref.call('life'), 2);
  },
);

t.test('two stops of one actor end it once', async (t) => {
  const log: string[] = [];
  const gated = gatedWith(log, {});
  const { system } = await inlineSystem(t, { definitions: [gated] });
  const ref = await system.spawn(gated, null);
  system.stopActor(ref.address);
  system.stopActor(ref.address);
  await settle();
  system.stopActor(ref.address);
  await settle();
  t.same(log, ['init 1', 'terminate 1 shutdown']);
});

t.test('a terminate that throws, at once or later, ends the actor all the same', async (t) => {
  const sync = defineActor({
    name: 'sync',
    init: () => null,
    terminate: () => {
      throw new Error('x');
    },
  });
  const later = defineActor({ name: 'later', init: () => null, terminate: () => Promise.reject(new Error('x')) });
  const { system } = await inlineSystem(t, { definitions: [sync, later] });
  for (const definition of [sync, later]) system.stopActor((await system.spawn(definition, undefined)).address);
  await settle();
  t.equal((await system.list()).length, 3);
});

t.test('a spawn by an actor that stops meanwhile is undone, and one after its end is refused', async (t) => {
  const { opened, open } = gate();
  const outcomes: string[] = [];
  const slow = defineActor({
    name: 'slow',
    init: async () => {
      await opened;
      return null;
    },
  });
  const boss = defineActor({
    name: 'boss',
    init: () => null,
    casts: {
      make: async (_state, _message: undefined, ctx) => {
        await ctx.spawn(slow, undefined).then(
          () => outcomes.push('spawned'),
          (error: { readonly code: string }) => outcomes.push(error.code),
        );
      },
    },
    terminate: async (_state, _reason, ctx) => {
      await ctx
        .spawn(slow, undefined)
        .catch((error: { readonly code: string }) => outcomes.push(`terminate: ${error.code}`));
    },
  });
  const { system } = await inlineSystem(t, { definitions: [slow, boss] });
  const ref = await system.spawn(boss, undefined);
  ref.cast('make');
  await settle();
  system.stopActor(ref.address);
  await settle();
  open();
  await settle();
  t.same(outcomes, ['CALL_CANCELLED', 'terminate: ACTOR_STOPPED']);
  t.equal((await system.list()).length, 3);
});

t.test('timers end with their life; one that fires faster than it is handled is told once', async (t) => {
  const infos: Info[] = [];
  const { opened, open } = gate();
  const ticker = defineActor({
    name: 'ticker',
    init: (_args: null, ctx) => {
      if (ctx.incarnation === 1) ctx.every(10, 'tick');
      return null;
    },
    casts: {
      hold: () => opened,
      crash: (): never => {
        throw new Error('boom');
      },
      once: (_state, _message: undefined, ctx) => {
        ctx.after(5, 'once');
        ctx.after(7, 'once');
      },
      cancel: (_state, _message: undefined, ctx) => ctx.cancelTimer('tick'),
    },
    info: (_state, info) => void infos.push(info),
  });
  const { system, clock } = await inlineSystem(t, { definitions: [ticker] });
  const ref = await system.spawn(ticker, null);
  ref.cast('hold');
  await settle();
  clock.advance(100);
  open();
  await settle();
  t.same(infos, [{ type: 'timer', key: 'tick' }]);
  ref.cast('once');
  await settle();
  clock.advance(7);
  await settle();
  t.same(
    infos.map((info) => info.type === 'timer' && info.key),
    ['tick', 'once'],
  );
  clock.advance(3);
  ref.cast('cancel');
  await settle();
  const before = infos.length;
  clock.advance(100);
  await settle();
  t.equal(infos.length, before, 'cancelled');
  ref.cast('crash');
  await settle();
  clock.advance(1_000);
  await settle();
  t.equal(infos.length, before, 'and the next life has none');
  t.equal(clock.pending, 0);
});
