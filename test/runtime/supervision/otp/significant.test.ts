/** Automatic shutdown, by OTP's manual: "Automatic Shutdown" (since OTP 24). */
import { defineSupervisor } from '#runtime';
import t from 'tap';
import { assert, rule } from './world.js';

const two = [
  { id: 'a', restart: 'transient', significant: true },
  { id: 'b', restart: 'transient', significant: true },
  { id: 'c' },
] as const;

t.test(
  'any-significant: the supervisor ends as soon as one significant child ends in order',
  rule({ autoShutdown: 'any-significant', children: two }, async (world) => {
    const a = await world.kid('a');
    world.took();
    a.cast('exit', 'normal');
    await world.pass();
    assert.ok(world.isOver);
    assert.deepEqual(world.took(), ['a end normal', 'c end shutdown', 'b end shutdown']);
  }),
);

t.test(
  'all-significant: the supervisor ends when the last significant child has ended',
  rule({ autoShutdown: 'all-significant', children: two }, async (world) => {
    const [a, b] = [await world.kid('a'), await world.kid('b')];
    a.cast('exit', 'normal');
    await world.pass();
    assert.equal(await world.states(), 'a stopped, b running, c running');
    b.cast('exit', 'shutdown');
    await world.pass();
    assert.ok(world.isOver);
  }),
);

t.test(
  'a significant transient child that fails is restarted and ends nothing',
  rule({ autoShutdown: 'any-significant', children: two }, async (world) => {
    (await world.kid('a')).cast('crash');
    await world.pass();
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'a significant temporary child that fails ends the supervisor',
  rule(
    { autoShutdown: 'any-significant', children: [{ id: 'a', restart: 'temporary', significant: true }, { id: 'b' }] },
    async (world) => {
      (await world.kid('a')).cast('crash');
      await world.pass();
      assert.ok(world.isOver);
    },
  ),
);

t.test(
  'children that are not significant end nothing',
  rule(
    { autoShutdown: 'any-significant', children: [{ id: 'a', restart: 'transient' }, { id: 'b' }] },
    async (world) => {
      (await world.kid('a')).cast('exit', 'normal');
      await world.pass();
      assert.equal(await world.states(), 'a stopped, b running');
    },
  ),
);

t.test(
  'a significant child that its supervisor ends does not end the supervisor',
  rule({ autoShutdown: 'any-significant', children: two }, async (world) => {
    await world.sup.call('terminateChild', { id: 'a' });
    await world.pass();
    assert.equal(await world.states(), 'a stopped, b running, c running');
  }),
);

t.test(
  'a significant temporary sibling that ends with its group does not end the supervisor',
  rule(
    {
      strategy: 'one-for-all',
      autoShutdown: 'any-significant',
      children: [{ id: 'a' }, { id: 'b', restart: 'temporary', significant: true }],
    },
    async (world) => {
      (await world.kid('a')).cast('crash');
      await world.pass();
      assert.equal(await world.states(), 'a running');
    },
  ),
);

t.test(
  'a permanent child may not be significant, nor any child of a supervisor that never ends with one',
  async (t) => {
    const child = { id: 'a', definition: 'worker', significant: true } as const;
    const define = (autoShutdown: 'never' | 'any-significant', restart: 'permanent' | 'transient' | 'temporary') =>
      defineSupervisor({ name: 'top', autoShutdown, children: [{ ...child, restart }] });
    t.throws(() => define('any-significant', 'permanent'), { code: 'BAD_CHILD_SPEC', message: /permanent child/ });
    t.throws(() => define('never', 'permanent'), { code: 'BAD_CHILD_SPEC' });
    t.throws(() => define('never', 'transient'), { code: 'BAD_CHILD_SPEC', message: /autoShutdown is never/ });
    t.throws(() => define('never', 'temporary'), { code: 'BAD_CHILD_SPEC' });
    t.ok(define('any-significant', 'transient'));
    t.ok(define('any-significant', 'temporary'));
  },
);

t.test(
  'startChild of a significant child is held to the same rules',
  rule({}, async (world) => {
    const spec = world.spec('d', { restart: 'transient', significant: true });
    await world.refused('BAD_CHILD_SPEC', world.sup.call('startChild', spec));
  }),
);
