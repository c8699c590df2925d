/** Actors at rest: what an idle one takes, and that nobody can tell from outside whether an actor is at rest. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ActorAddress, type ActorRef, defineActor } from '#runtime';
import { Awake } from '#runtime/executor/awake';
import t from 'tap';
import { inlineSystem, settle } from '../support.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
const heap = (): number => {
  gc();
  return process.memoryUsage().heapUsed;
};

const idle = defineActor({
  name: 'idle',
  init: (_: { readonly n: number }) => ({ count: 0 }),
  calls: { touch: (state) => (state.count += 1) },
});
const COUNT = 40_000;
const maker = defineActor({
  name: 'maker',
  init: () => ({ refs: [] as ActorRef<typeof idle>[] }),
  calls: {
    make: async (state, _, ctx) => {
      for (let n = 0; n < COUNT; n += 1) state.refs.push(await ctx.spawn(idle, { n }, { restart: 'temporary' }));
    },
    touch: async (state) => {
      let sum = 0;
      for (const ref of state.refs) sum += await ref.call('touch');
      return sum;
    },
    drop: (state, _, ctx) => {
      for (const ref of state.refs) ctx.stop(ref.address);
      state.refs = [];
    },
  },
});
const FOREVER = { timeoutMs: Number.POSITIVE_INFINITY };

t.test('an idle actor takes less than a fifth of an Erlang process, before its first message and after', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [idle, maker], freezeMessages: false });
  const ref = await system.spawn(maker, undefined);
  const idles = async () => (await system.list()).filter(({ definition }) => definition === 'idle');
  // The first round grows what the executor has anyway.
  for (const measured of [false, true]) {
    const empty = heap();
    const bytesEach = (): number => (heap() - empty) / COUNT;
    await ref.call('make', undefined, FOREVER);
    const made = bytesEach();
    t.equal(await ref.call('touch', undefined, FOREVER), COUNT);
    t.equal(await ref.call('touch', undefined, FOREVER), 2 * COUNT);
    const touched = bytesEach();
    t.equal((await idles()).filter(({ processed }) => processed === 2).length, COUNT, 'what they did is remembered');
    await ref.call('drop', undefined, FOREVER);
    await settle();
    t.same(await idles(), []);
    if (!measured) continue;
    t.ok(made < 528, `${made} bytes with its state, its arguments and the ref of it`);
    t.ok(touched < 528, `${touched} bytes once it has handled messages`);
    t.ok(bytesEach() < 60, `${bytesEach()} bytes are left of each that ended`);
  }
});

t.test('an actor that was put to rest keeps its state, timers, monitors and place among the running', async (t) => {
  const told: unknown[] = [];
  const sleeper = defineActor({
    name: 'sleeper',
    init: (_: undefined, ctx) => {
      ctx.after(1_000, 'early');
      return { seen: [] as string[], starter: ctx.sender, parent: ctx.parent, ctx };
    },
    calls: {
      note: (state, text: string) => state.seen.push(text),
      watch: (_state, address: ActorAddress, ctx) => ctx.monitor(address),
      starter: (state) => state.starter === state.parent && state.starter !== undefined,
      seen: (state) => state.seen,
      // A context from before the rest is as good as a new one.
      later: (state) => state.ctx.after(5_000, 'late'),
      stopLate: (state) => state.ctx.cancelTimer('late'),
    },
    info: (_state, info) => void told.push(info.type === 'timer' ? info.key : info.type),
  });
  const { system, clock } = await inlineSystem(t, { definitions: [sleeper, idle], freezeMessages: false });
  const ref = await system.spawn(sleeper, undefined);
  const other = await system.spawn(idle, { n: 0 });
  await ref.call('note', 'one');
  await ref.call('watch', other.address);
  await ref.call('later');
  // Each wave has as many actors awake as are left so before anybody looks.
  for (let wave = 0; wave < 4; wave += 1) {
    const refs = [];
    for (let n = 0; n < 1_100; n += 1) refs.push(await system.spawn(idle, { n }));
    for (const each of refs) each.call('touch').catch(() => {});
    await settle();
  }
  t.match(await system.inspect(ref.address), { processed: 3, status: 'running', timerCount: 2, watching: 1 });
  clock.advance(1_000);
  system.stopActor(other.address);
  await settle();
  t.same(told, ['early', 'down']);
  t.ok(await ref.call('starter'), 'in init the sender was its parent');
  await ref.call('stopLate');
  clock.advance(10_000);
  await settle();
  t.same(told, ['early', 'down'], 'a timer is cancelled in any context of the actor');
  t.same(await ref.call('seen'), ['one']);
});

t.test('who does nothing between two looks goes to rest, and who works is left alone', async (t) => {
  const awake = new Awake();
  const resting = new Set<number>();
  const sleeper = (n: number) => {
    let asked = 0;
    return {
      rest: () => {
        if (n % 2 === 0 || (asked += 1) === 1) return false;
        resting.add(n);
        return true;
      },
    };
  };
  for (let n = 0; n < 100_000; n += 1) awake.add(sleeper(n));
  t.ok([...resting].every((n) => n % 2 === 1));
  t.ok(resting.size > 0, 'idle ones rest');
});

t.test('a start that needs no wait is done at once, and its failures still come as rejections', async (t) => {
  const order: string[] = [];
  const child = defineActor({
    name: 'child',
    init: (fails: boolean) => {
      order.push('init');
      if (fails) throw new Error('no luck');
      return null;
    },
  });
  const parent = defineActor({
    name: 'parent',
    init: () => null,
    calls: {
      both: async (_state, _message, ctx) => {
        const started = ctx.spawn(child, false);
        order.push('after');
        await started;
        return ctx.spawn(child, true).then(
          () => 'started',
          (error: { readonly code: string }) => error.code,
        );
      },
      unknown: async (_state, _message, ctx) => {
        const stranger = defineActor({ name: 'stranger', init: () => null });
        return ctx.spawn(stranger, undefined).catch((error: { readonly code: string }) => error.code);
      },
    },
  });
  const { system } = await inlineSystem(t, { definitions: [parent, child] });
  const ref = await system.spawn(parent, undefined);
  t.equal(await ref.call('both'), 'INIT_FAILED');
  t.same(order, ['init', 'after', 'init']);
  t.equal(await ref.call('unknown'), 'UNKNOWN_DEFINITION');
  t.equal(
    (await system.list()).filter(({ definition }) => definition === 'child').length,
    1,
    'a failed start leaves nothing',
  );
});

t.test(
  'of actors that stopped themselves nothing is left, nor of the families of those that had children',
  async (t) => {
    const leaf = defineActor({
      name: 'leaf',
      init: () => ({ ballast: 'x'.repeat(10) }),
      casts: { go: (_s, _m, ctx) => ctx.stop() },
    });
    const branch = defineActor({
      name: 'branch',
      init: () => null,
      casts: {
        go: async (_state, _message, ctx) => {
          for (let n = 0; n < 4; n += 1) (await ctx.spawn(leaf, undefined, { restart: 'temporary' })).cast('go');
          ctx.stop();
        },
      },
    });
    const { system } = await inlineSystem(t, { definitions: [leaf, branch], freezeMessages: false });
    const living = async () => (await system.list()).filter(({ definition }) => !definition.startsWith('skep.')).length;
    const wave = async (): Promise<void> => {
      for (let n = 0; n < 2_000; n += 1) (await system.spawn(branch, undefined, { restart: 'temporary' })).cast('go');
      for (let left = 1; left > 0; left = await living()) await settle();
    };
    await wave();
    const before = heap();
    for (let n = 0; n < 4; n += 1) await wave();
    const left = heap() - before;
    t.ok(left < 2_000_000, `${left} bytes after 40,000 actors`);
  },
);
