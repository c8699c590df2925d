/** Monitors: each fires once, with the reason, and never after it was taken back. */
import { type ActorAddress, defineActor, type ExitReason, type Info } from '#runtime';
import { Watch } from '#runtime/executor/cell-watch';
import t from 'tap';
import { inlineSystem, settle } from '../support.js';

function watcherWith(infos: Info[]) {
  return defineActor({
    name: 'watcher',
    init: (args: { readonly watch?: ActorAddress } | null, ctx) => {
      if (args?.watch !== undefined && ctx.incarnation === 1) ctx.monitor(args.watch);
      return null;
    },
    casts: {
      watch: (_state, address: ActorAddress, ctx) => ctx.monitor(address),
      unwatch: (_state, address: ActorAddress, ctx) => ctx.demonitor(address),
      /** Takes it back in the turn in which the end becomes known. */
      stopAndUnwatch: (_state, address: ActorAddress, ctx) => {
        ctx.stop(address);
        ctx.demonitor(address);
      },
      crash: (): never => {
        throw new Error('boom');
      },
    },
    info: (_state, info) => void infos.push(info),
  });
}

const target = defineActor({
  name: 'target',
  init: () => null,
  calls: { ping: () => 'pong' },
  casts: {
    end: (_state, reason: ExitReason, ctx) => ctx.stop(ctx.self, reason),
    crash: (): never => {
      throw new Error('boom');
    },
  },
});

async function watching(t: Parameters<typeof inlineSystem>[0]) {
  const infos: Info[] = [];
  const watcher = watcherWith(infos);
  const { system, clock } = await inlineSystem(t, { definitions: [watcher, target] });
  const observed = await system.spawn(target, undefined, { restart: 'temporary' });
  const ref = await system.spawn(watcher, { watch: observed.address });
  return { infos, system, clock, observed, ref, watcher };
}

t.test('a monitor fires once, with the reason of the end', async (t) => {
  for (const reason of [
    { class: 'normal', message: 'done' },
    { class: 'budget', message: 'out of tokens' },
  ] as const) {
    const { infos, observed, ref } = await watching(t);
    ref.cast('watch', observed.address);
    observed.cast('end', reason);
    await settle();
    t.same(infos, [{ type: 'down', address: observed.address, reason }]);
  }
});

t.test('a crash that ends the actor is told with its class and message', async (t) => {
  const { infos, observed } = await watching(t);
  observed.cast('crash');
  await settle();
  t.same(infos, [{ type: 'down', address: observed.address, reason: { class: 'crash', message: 'boom' } }]);
});

t.test('a restart is not an end: the watcher hears nothing, and hears of the end later', async (t) => {
  const { infos, system, clock, ref } = await watching(t);
  const durable = await system.spawn(target, undefined);
  ref.cast('watch', durable.address);
  durable.cast('crash');
  await settle();
  clock.advance(10);
  await settle();
  t.equal(await durable.call('ping'), 'pong');
  t.same(infos, []);
  system.stopActor(durable.address);
  await settle();
  t.match(infos, [{ type: 'down', reason: { class: 'shutdown' } }]);
});

t.test('who watches what is not there hears of it at once', async (t) => {
  const { infos, ref } = await watching(t);
  const absent = ['a@i1/0/999', 'a@before/0/16', 'b@i1/0/16'] as ActorAddress[];
  for (const address of absent) ref.cast('watch', address);
  await settle();
  t.same(
    infos.map((info) => info.type === 'down' && [info.address, info.reason.class]),
    [
      ['a@i1/0/999', 'normal'],
      ['a@before/0/16', 'normal'],
      ['b@i1/0/16', 'node-down'],
    ],
  );
});

t.test('an address with * for the life of the node comes back as it was watched', async (t) => {
  const { infos, observed, ref } = await watching(t);
  const starred = observed.address.replace('@i1/', '@*/') as ActorAddress;
  ref.cast('unwatch', observed.address);
  ref.cast('watch', starred);
  observed.cast('end', { class: 'normal', message: '' });
  await settle();
  t.match(infos, [{ type: 'down', address: starred }]);
});

t.test('after demonitor nothing is told, not even an end that is known already', async (t) => {
  const first = await watching(t);
  first.ref.cast('unwatch', first.observed.address);
  first.observed.cast('end', { class: 'normal', message: '' });
  await settle();
  t.same(first.infos, []);
  const second = await watching(t);
  second.ref.cast('stopAndUnwatch', second.observed.address);
  await settle();
  t.same(second.infos, []);
});

t.test('a watcher that restarts watches nobody until it asks again', async (t) => {
  const { infos, clock, observed, ref } = await watching(t);
  ref.cast('crash');
  await settle();
  clock.advance(10);
  await settle();
  observed.cast('end', { class: 'normal', message: '' });
  await settle();
  t.same(infos, []);
});

t.test('an actor that has watchers and ends under them leaves none of it behind', async (t) => {
  const { system, ref, observed, infos } = await watching(t);
  system.stopActor(ref.address);
  await settle();
  observed.cast('end', { class: 'normal', message: '' });
  await settle();
  t.same(infos, []);
  t.same((await system.reports())[0]?.deadLetters.counts, {});
});

t.test('an executor is not an actor that ends: watching it is no error and tells nothing while it lives', async (t) => {
  const { infos, ref, system } = await watching(t);
  ref.cast('watch', 'a@i1/0/0' as ActorAddress);
  await settle();
  t.same(infos, []);
  t.equal((await system.list()).length, 5);
});

t.test('watchers that died with their node do not stay in the table of what they watched', async (t) => {
  const told: ActorAddress[] = [];
  const self = 'a@i1/0/16' as ActorAddress;
  const watch = new Watch(self, (to) => told.push(to));
  const [dead, alive] = ['b@x/0/16', 'c@x/0/16'] as ActorAddress[];
  for (const watcher of [dead, alive]) if (watcher !== undefined) watch.addWatcher(watcher, self);
  watch.forgetWatchers((address) => address === dead);
  watch.tellEnd({ class: 'normal', message: '' });
  watch.tellEnd({ class: 'normal', message: '' });
  t.same(told, [alive]);
});
