/** Restart strategies and types, by OTP's manual: "Restart Strategy", "Child specification". */
import t from 'tap';
import { assert, rule } from './world.js';

t.test(
  'one-for-one: only the child that fails is restarted',
  rule({}, async (world) => {
    const b = await world.kid('b');
    world.took();
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['b end crash', 'b init']);
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'one-for-all: all end, the failed one first and the others newest first, and begin again in the order of their start',
  rule({ strategy: 'one-for-all' }, async (world) => {
    const b = await world.kid('b');
    world.took();
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['b end crash', 'c end shutdown', 'a end shutdown', 'a init', 'b init', 'c init']);
  }),
);

t.test(
  'rest-for-one: those that started after the failed one go with it, those before stay',
  rule({ strategy: 'rest-for-one', children: [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }] }, async (world) => {
    const b = await world.kid('b');
    world.took();
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['b end crash', 'd end shutdown', 'c end shutdown', 'b init', 'c init', 'd init']);
  }),
);

t.test(
  'rest-for-one: the last child has nobody after it',
  rule({ strategy: 'rest-for-one' }, async (world) => {
    const c = await world.kid('c');
    world.took();
    c.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['c end crash', 'c init']);
  }),
);

t.test(
  'a restart is in place: addresses and waiting mail outlive it, for the failed one and its siblings',
  rule({ strategy: 'one-for-all' }, async (world) => {
    const before = await world.children();
    const [a, b] = [await world.kid('a'), await world.kid('b')];
    b.cast('crash');
    b.cast('bump');
    await world.pass();
    assert.deepEqual(
      (await world.children()).map(({ address }) => address),
      before.map(({ address }) => address),
    );
    assert.equal(await b.call('count'), 1, 'what waited behind the crash');
    a.cast('bump');
    assert.equal(await a.call('count'), 1);
    assert.equal(await a.call('lives'), 2, 'a sibling begins a new life');
  }),
);

t.test(
  'one-for-all: temporary siblings end with the group and are not restarted',
  rule(
    { strategy: 'one-for-all', children: [{ id: 'a' }, { id: 'b', restart: 'temporary' }, { id: 'c' }] },
    async (world) => {
      const c = await world.kid('c');
      world.took();
      c.cast('crash');
      await world.pass();
      assert.deepEqual(world.took(), ['c end crash', 'b end shutdown', 'a end shutdown', 'a init', 'c init']);
      assert.equal(await world.states(), 'a running, c running');
    },
  ),
);

t.test(
  'rest-for-one: temporary siblings after the failed one are removed, those before it stay',
  rule(
    {
      strategy: 'rest-for-one',
      children: [{ id: 'a', restart: 'temporary' }, { id: 'b' }, { id: 'c', restart: 'temporary' }, { id: 'd' }],
    },
    async (world) => {
      const b = await world.kid('b');
      world.took();
      b.cast('crash');
      await world.pass();
      assert.deepEqual(world.took(), ['b end crash', 'd end shutdown', 'c end shutdown', 'b init', 'd init']);
      assert.equal(await world.states(), 'a running, b running, d running');
    },
  ),
);

t.test(
  'a temporary child that fails takes nobody with it, whatever the strategy',
  rule({ strategy: 'one-for-all', children: [{ id: 'a' }, { id: 'b', restart: 'temporary' }] }, async (world) => {
    const b = await world.kid('b');
    world.took();
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['b end crash']);
    assert.equal(await world.states(), 'a running');
  }),
);

t.test(
  'one-for-all: a transient child that ended in order is started again with the group',
  rule({ strategy: 'one-for-all', children: [{ id: 'a', restart: 'transient' }, { id: 'b' }] }, async (world) => {
    const [a, b] = [await world.kid('a'), await world.kid('b')];
    a.cast('exit', 'normal');
    await world.pass();
    assert.equal(await world.states(), 'a stopped, b running');
    world.took();
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['b end crash', 'a init', 'b init']);
    assert.equal(await world.states(), 'a running, b running');
  }),
);

t.test(
  'one-for-all: two that fail at once are one restart of the group or two, and all run in the end',
  rule({ strategy: 'one-for-all', intensity: { maxRestarts: 2 } }, async (world) => {
    const [a, c] = [await world.kid('a'), await world.kid('c')];
    a.cast('crash');
    c.cast('crash');
    await world.pass();
    assert.equal(await world.states(), 'a running, b running, c running');
    const lives = new Set([await a.call('lives'), await (await world.kid('b')).call('lives'), await c.call('lives')]);
    assert.equal(lives.size, 1, 'they have gone through the same restarts');
  }),
);

t.test(
  'rest-for-one: an earlier child that fails while the rest restarts takes the rest along once more',
  rule({ strategy: 'rest-for-one', intensity: { maxRestarts: 5 } }, async (world) => {
    const [a, c] = [await world.kid('a'), await world.kid('c')];
    c.cast('crash');
    await world.system.settle();
    a.cast('crash');
    await world.pass();
    assert.equal(await world.states(), 'a running, b running, c running');
    assert.ok((await c.call('lives')) >= 2);
    assert.equal(await a.call('lives'), 2);
  }),
);
