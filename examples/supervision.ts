/**
 * A tree of supervisors at work: a shop whose parts crash, and come back by the strategy of their supervisor.
 *
 *     node dist/examples/supervision.js
 *
 *     shop (one-for-one)
 *     ├─ storage (rest-for-one): database, then cache, then search, each built on the ones before
 *     └─ tills (one-for-one): two tills, each for itself
 */
import { ActorFailure, ActorSystem, applicationTree, defineActor, defineSupervisor, renderTree } from '#runtime';

/** A part of the shop: it serves, it may crash, and it may be told that its budget is spent. */
const part = defineActor({
  name: 'part',
  init: (args: { readonly label: string }, ctx) => {
    console.log(`  ${args.label} starts${ctx.incarnation === 1 ? '' : ` again (life ${ctx.incarnation})`}`);
    return { label: args.label, served: 0 };
  },
  calls: { serve: (state) => (state.served += 1) },
  casts: {
    crash: (): never => {
      throw new Error('something broke');
    },
    overspend: (): never => {
      throw new ActorFailure('budget', 'nothing left to spend');
    },
  },
  terminate: (state, reason) => console.log(`  ${state.label} ends (${reason.class})`),
});

const named = (id: string) => ({ id, definition: part, args: { label: id } });
const storage = defineSupervisor({
  name: 'storage',
  strategy: 'rest-for-one',
  children: [named('database'), named('cache'), named('search')],
});
const tills = defineSupervisor({
  name: 'tills',
  onFailure: { budget: 'resume' },
  children: [named('till-1'), named('till-2')],
});
const shop = defineSupervisor({
  name: 'shop',
  children: [
    { id: 'storage', definition: storage },
    { id: 'tills', definition: tills },
  ],
});

const system = await ActorSystem.create({
  node: 'main-street',
  definitions: [part, storage, tills, shop],
  log: { level: 'silent', format: 'json' },
});

console.log('The shop opens:');
const ref = await system.spawn(shop, undefined, { name: 'shop' });

/** The actor of that id below a supervisor of the shop. */
async function find(supervisor: typeof storage, id: string) {
  const [above] = (await ref.call('whichChildren')).filter((child) => child.id === supervisor.name);
  if (above === undefined) throw new Error(`no supervisor ${supervisor.name}`);
  const children = await system.ref(supervisor, above.address).call('whichChildren');
  const child = children.find((entry) => entry.id === id);
  if (child === undefined) throw new Error(`no child ${id}`);
  return system.ref(part, child.address);
}

/** Waits until the actor serves again in a later life; its ref is still good. */
async function back(child: Awaited<ReturnType<typeof find>>): Promise<void> {
  await child.call('serve', undefined, { timeoutMs: 10_000 });
}

console.log('\nThe cache crashes. What was built on it goes with it; the database stays:');
const [cache, search] = [await find(storage, 'cache'), await find(storage, 'search')];
cache.cast('crash');
await back(cache);
await back(search);

console.log('\nA till crashes, and nobody else notices:');
const till = await find(tills, 'till-1');
till.cast('crash');
await back(till);

console.log('\nThe other till overspends. Its supervisor resumes it, and it keeps its count:');
const other = await find(tills, 'till-2');
await other.call('serve');
other.cast('overspend');
console.log(`  till-2 has served ${await other.call('serve')} times`);

console.log('\nThe tree:');
console.log(renderTree(applicationTree(await system.tree())));

console.log('\nThe shop closes, newest first:');
await system.shutdown();
