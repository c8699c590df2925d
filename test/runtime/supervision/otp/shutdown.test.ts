/** How children are ended, by OTP's manual: `shutdown` of a child specification, and the order of termination. */
import t from 'tap';
import { assert, rule } from './world.js';

t.test(
  'a supervisor that stops ends its children in reverse order, each before the next',
  rule({}, async (world) => {
    world.took();
    world.system.stopActor(world.sup.address);
    await world.system.settle();
    assert.deepEqual(world.took(), ['c end shutdown', 'b end shutdown', 'a end shutdown']);
    assert.ok(world.isOver);
  }),
);

t.test(
  'a brutal child is taken out without terminate',
  rule({ children: [{ id: 'a' }, { id: 'b', shutdown: 'brutal' }] }, async (world) => {
    const b = await world.kid('b');
    world.took();
    await world.sup.call('terminateChild', { id: 'b' });
    assert.deepEqual(world.took(), []);
    assert.ok(!world.lives(b.address));
    assert.equal(await world.states(), 'a running, b stopped');
  }),
);

t.test(
  'a brutal child that hangs does not delay the end of its supervisor',
  rule({ children: [{ id: 'a', shutdown: 'brutal' }] }, async (world) => {
    const a = await world.kid('a');
    a.cast('hang');
    await world.system.settle();
    world.system.stopActor(world.sup.address);
    await world.system.settle();
    assert.ok(world.isOver);
    assert.ok(!world.lives(a.address));
  }),
);

t.test(
  'a child has its own shutdown time, and is taken out after it',
  rule({ children: [{ id: 'a' }, { id: 'slow', shutdown: 300 }] }, async (world) => {
    const slow = await world.kid('slow');
    world.notes.stubborn.add('slow');
    world.took();
    world.system.stopActor(world.sup.address);
    await world.pass(299);
    assert.ok(world.lives(slow.address), 'it has its time');
    assert.deepEqual(world.took(), ['slow end shutdown'], 'and its siblings wait');
    await world.pass(1);
    await world.system.settle();
    assert.deepEqual(world.took(), ['a end shutdown']);
    assert.ok(!world.lives(slow.address));
    assert.ok(world.isOver);
  }),
);

t.test(
  'a child with shutdown infinity is waited for however long it takes',
  rule({ children: [{ id: 'a', shutdown: 'infinity' }] }, async (world) => {
    const a = await world.kid('a');
    world.notes.stubborn.add('a');
    world.system.stopActor(world.sup.address);
    await world.pass(100_000);
    assert.ok(world.lives(a.address));
    assert.ok(!world.isOver);
  }),
);

t.test(
  'terminateChild of a child that ignores it returns after the shutdown time of the child',
  rule({ children: [{ id: 'slow', shutdown: 300 }] }, async (world) => {
    const slow = await world.kid('slow');
    slow.cast('hang');
    await world.system.settle();
    const before = world.system.clock.now();
    await world.sup.call('terminateChild', { id: 'slow' });
    assert.equal(world.system.clock.now() - before, 300);
    await world.system.settle();
    assert.ok(!world.lives(slow.address));
    assert.equal(await world.states(), 'slow stopped');
  }),
);

t.test(
  'one-for-all: a sibling that ignores its end is halted by force after its time, and begins again with the others',
  rule({ strategy: 'one-for-all', children: [{ id: 'a' }, { id: 'slow', shutdown: 300 }] }, async (world) => {
    const [a, slow] = [await world.kid('a'), await world.kid('slow')];
    slow.cast('hang');
    await world.system.settle();
    world.took();
    a.cast('crash');
    await world.pass(299);
    assert.deepEqual(world.took(), ['a end crash']);
    await world.pass(500);
    assert.equal(await world.states(), 'a running, slow running');
    assert.equal(await slow.call('lives'), 2);
    assert.equal(await slow.call('count'), 0);
  }),
);

t.test(
  'a supervisor that stops while a group restarts ends every child, and starts none',
  rule({ strategy: 'one-for-all', backoff: { firstMs: 100, maxMs: 100 } }, async (world) => {
    (await world.kid('b')).cast('crash');
    await world.system.settle();
    world.took();
    world.system.stopActor(world.sup.address);
    await world.pass();
    assert.deepEqual(world.took(), []);
    assert.ok(world.isOver);
    assert.deepEqual(world.actors, []);
  }),
);

t.test(
  'a child that somebody else stops: a permanent one is restarted, as OTP restarts it whatever its reason',
  rule({}, async (world) => {
    const b = await world.kid('b');
    world.system.stopActor(b.address);
    await world.pass();
    assert.equal(await world.states(), 'a running, b running, c running');
    assert.equal(await b.call('lives'), 2);
  }),
);
