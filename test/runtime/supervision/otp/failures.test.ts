/** Answers by class of failure, after Akka's supervisor strategies: restart, resume, stop, escalate. */
import t from 'tap';
import { assert, rule } from './world.js';

t.test(
  'resume: the failed child keeps its state and goes on with the next message, and nothing counts as a restart',
  rule({ onFailure: { budget: 'resume' }, intensity: { maxRestarts: 0 } }, async (world) => {
    const b = await world.kid('b');
    world.took();
    b.cast('bump');
    b.cast('fail', 'budget');
    b.cast('bump');
    assert.equal(await b.call('count'), 2);
    assert.equal(await b.call('lives'), 1);
    assert.deepEqual(world.took(), []);
  }),
);

t.test(
  'each class has its own answer, and a class without one is restarted',
  rule({ onFailure: { budget: 'resume', timeout: 'stop' } }, async (world) => {
    const [a, b, c] = [await world.kid('a'), await world.kid('b'), await world.kid('c')];
    a.cast('fail', 'budget');
    b.cast('fail', 'timeout');
    c.cast('fail', 'overload');
    await world.pass();
    assert.equal(await world.states(), 'a running, b stopped, c running');
    assert.equal(await a.call('lives'), 1);
    assert.equal(await c.call('lives'), 2);
  }),
);

t.test(
  'escalate: the supervisor fails in place of its child, with the same class',
  rule({ onFailure: { refusal: 'escalate' } }, async (world) => {
    const probe = await world.system.probe();
    probe.watch(world.sup.address);
    await world.system.settle();
    (await world.kid('b')).cast('fail', 'refusal');
    const { reason } = await probe.expectDown(world.sup.address, { withinMs: 5_000 });
    assert.equal(reason.class, 'refusal');
    await world.pass();
    assert.deepEqual(world.took().slice(-3), ['b end refusal', 'c end shutdown', 'a end shutdown']);
  }),
);

t.test(
  'a failure that a call caused answers its caller with ACTOR_CRASHED, whatever is done about it',
  rule({ onFailure: { budget: 'resume', timeout: 'stop' } }, async (world) => {
    const [a, b, c] = [await world.kid('a'), await world.kid('b'), await world.kid('c')];
    await world.refused('ACTOR_CRASHED', a.call('failInCall', 'budget'));
    await world.refused('ACTOR_CRASHED', b.call('failInCall', 'timeout'));
    await world.refused('ACTOR_CRASHED', c.call('failInCall', 'crash'));
  }),
);

t.test(
  'one-for-all: a child that is resumed leaves its siblings alone',
  rule({ strategy: 'one-for-all', onFailure: { crash: 'resume' } }, async (world) => {
    const b = await world.kid('b');
    world.took();
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), []);
    assert.equal(await b.call('lives'), 1);
  }),
);

t.test(
  'a restart whose init fails cannot be resumed and is tried again',
  rule({ onFailure: { crash: 'restart', budget: 'resume' }, intensity: { maxRestarts: 5 } }, async (world) => {
    const b = await world.kid('b');
    world.notes.failing.set('b', 1);
    b.cast('crash');
    await world.pass();
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);
