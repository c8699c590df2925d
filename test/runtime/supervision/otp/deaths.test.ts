/** Executors that die under a supervisor's children: what a thread takes with it is restarted by the same rules. */
import t from 'tap';
import { assert, rule } from './world.js';

/** Kills the executor of `b`, where there is one to kill. */
async function kill(world: Parameters<Parameters<typeof rule>[1]>[0]): Promise<number | undefined> {
  if (world.system.executors.length === 1) return undefined;
  const b = await world.kid('b');
  const executor = Number(b.address.split('/')[1]);
  world.system.killExecutor(executor);
  return executor;
}

t.test(
  'one-for-one: the children on an executor that dies come back at their addresses, in lives numbered on',
  rule({ intensity: { maxRestarts: 5 } }, async (world) => {
    const b = await world.kid('b');
    b.cast('crash');
    await world.pass();
    if ((await kill(world)) === undefined) return;
    await world.pass(5_000);
    assert.equal(await world.states(), 'a running, b running, c running');
    assert.equal(await b.call('lives'), 3, 'the count goes on where it was');
  }),
);

t.test(
  'one-for-all: an executor that dies is one failure, and the group begins again in order',
  rule({ strategy: 'one-for-all', intensity: { maxRestarts: 1 } }, async (world) => {
    world.took();
    if ((await kill(world)) === undefined) return;
    await world.pass(5_000);
    assert.equal(await world.states(), 'a running, b running, c running');
    assert.deepEqual(
      world.took().filter((line) => line.endsWith('init')),
      ['a init', 'b init', 'c init'],
    );
  }),
);

t.test(
  'one-for-all: an executor that dies in the middle of a group restart does not stop it',
  rule({ strategy: 'one-for-all', intensity: { maxRestarts: 9 } }, async (world) => {
    (await world.kid('a')).cast('crash');
    await world.system.advance(world.system.random.below(15));
    if ((await kill(world)) === undefined) return;
    await world.pass(20_000);
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'a supervisor that stops while an executor with its children is dead does not wait for them for ever',
  rule({}, async (world) => {
    if ((await kill(world)) === undefined) return;
    world.system.stopActor(world.sup.address);
    await world.pass(10_000);
    assert.ok(world.isOver);
    assert.deepEqual(world.actors, []);
  }),
);
