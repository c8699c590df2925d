/** Maximum restart intensity, failed restarts and escalation, by OTP's manual: "Maximum Restart Intensity". */
import t from 'tap';
import { assert, rule } from './world.js';

t.test(
  'more restarts than maxRestarts in withinMs end all children and then the supervisor',
  rule({ intensity: { maxRestarts: 2, withinMs: 10_000 } }, async (world) => {
    const b = await world.kid('b');
    for (let crash = 0; crash < 3; crash += 1) {
      b.cast('crash');
      await world.pass(1_000);
    }
    assert.ok(world.isOver);
    assert.deepEqual(world.took().slice(-3), ['b end crash', 'c end shutdown', 'a end shutdown']);
  }),
);

t.test(
  'as many restarts as maxRestarts are allowed, and in the next period as many again',
  rule({ intensity: { maxRestarts: 2, withinMs: 10_000 } }, async (world) => {
    const b = await world.kid('b');
    for (let crash = 0; crash < 6; crash += 1) {
      b.cast('crash');
      await world.pass(5_001);
    }
    assert.ok(!world.isOver);
    assert.equal(await b.call('lives'), 7);
  }),
);

t.test(
  'maxRestarts 0: the first failure ends the supervisor',
  rule({ intensity: { maxRestarts: 0 } }, async (world) => {
    (await world.kid('a')).cast('crash');
    await world.pass();
    assert.ok(world.isOver);
  }),
);

t.test(
  'the restarts of all children count together',
  rule({ intensity: { maxRestarts: 2, withinMs: 10_000 } }, async (world) => {
    for (const id of ['a', 'b', 'c']) {
      (await world.kid(id)).cast('crash');
      await world.pass(100);
    }
    assert.ok(world.isOver);
  }),
);

t.test(
  'a group that restarts counts as one restart',
  rule({ strategy: 'one-for-all', intensity: { maxRestarts: 2, withinMs: 10_000 } }, async (world) => {
    for (const id of ['a', 'b']) {
      (await world.kid(id)).cast('crash');
      await world.pass(1_000);
    }
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'ends that need no restart do not count',
  rule(
    {
      intensity: { maxRestarts: 0 },
      children: [
        { id: 'a', restart: 'transient' },
        { id: 'b', restart: 'temporary' },
      ],
    },
    async (world) => {
      const [a, b] = [await world.kid('a'), await world.kid('b')];
      a.cast('exit', 'normal');
      b.cast('crash');
      await world.pass();
      assert.equal(await world.states(), 'a stopped');
    },
  ),
);

t.test(
  'one-for-one: a restart whose init fails is tried again, and each try counts',
  rule({ intensity: { maxRestarts: 5 } }, async (world) => {
    const b = await world.kid('b');
    world.took();
    world.notes.failing.set('b', 2);
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['b end crash', 'b fails to start', 'b fails to start', 'b init']);
  }),
);

t.test(
  'one-for-one: a restart that never succeeds ends the supervisor by its intensity',
  rule({ intensity: { maxRestarts: 3, withinMs: 10_000 } }, async (world) => {
    const b = await world.kid('b');
    world.took();
    world.notes.failing.set('b', 99);
    b.cast('crash');
    await world.pass(5_000);
    assert.ok(world.isOver);
    assert.equal(world.took().filter((line) => line === 'b fails to start').length, 3);
  }),
);

t.test(
  'one-for-all: a member whose restart fails takes those that run already down again before the next try',
  rule({ strategy: 'one-for-all', intensity: { maxRestarts: 5 } }, async (world) => {
    const a = await world.kid('a');
    world.took();
    world.notes.failing.set('b', 1);
    a.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), [
      'a end crash',
      'c end shutdown',
      'b end shutdown',
      'a init',
      'b fails to start',
      'a end shutdown',
      'a init',
      'b init',
      'c init',
    ]);
  }),
);

t.test(
  'rest-for-one: after a failed restart only that member and those after it are tried again',
  rule({ strategy: 'rest-for-one', intensity: { maxRestarts: 5 } }, async (world) => {
    const a = await world.kid('a');
    world.took();
    world.notes.failing.set('b', 1);
    a.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), [
      'a end crash',
      'c end shutdown',
      'b end shutdown',
      'a init',
      'b fails to start',
      'b init',
      'c init',
    ]);
  }),
);

t.test(
  'one-for-all: failed restarts of the group count against the intensity',
  rule({ strategy: 'one-for-all', intensity: { maxRestarts: 2, withinMs: 10_000 } }, async (world) => {
    const a = await world.kid('a');
    world.notes.failing.set('b', 99);
    a.cast('crash');
    await world.pass(5_000);
    assert.ok(world.isOver);
    assert.equal(world.took().filter((line) => line === 'b fails to start').length, 2);
  }),
);
