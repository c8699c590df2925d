/** start_child, terminate_child, restart_child, delete_child and the rest, by OTP's manual of each function. */
import t from 'tap';
import { assert, rule } from './world.js';

t.test(
  'start: children start in the order in which they are listed',
  rule({ later: true }, async (world) => {
    await world.begin();
    assert.deepEqual(world.took(), ['a init', 'b init', 'c init']);
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'start: a child that does not start fails the start, and those before it end in reverse order',
  rule({ later: true }, async (world) => {
    world.notes.failing.set('c', 1);
    await world.refused('INIT_FAILED', world.begin());
    await world.system.settle();
    assert.deepEqual(world.took(), ['a init', 'b init', 'c fails to start', 'b end shutdown', 'a end shutdown']);
    assert.deepEqual(world.actors, []);
  }),
);

t.test(
  'startChild adds a child at the end, which is restarted as the others are',
  rule({ strategy: 'rest-for-one' }, async (world) => {
    await world.sup.call('startChild', world.spec('d'));
    assert.equal(await world.states(), 'a running, b running, c running, d running');
    const c = await world.kid('c');
    world.took();
    c.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['c end crash', 'd end shutdown', 'c init', 'd init']);
  }),
);

t.test(
  'startChild of an id that runs is refused as started already, and that of an ended one as present already',
  rule({}, async (world) => {
    await world.refused('CHILD_ALREADY_STARTED', world.sup.call('startChild', world.spec('b')));
    await world.sup.call('terminateChild', { id: 'b' });
    await world.refused('CHILD_ALREADY_PRESENT', world.sup.call('startChild', world.spec('b')));
  }),
);

t.test(
  'startChild that fails leaves no spec behind, and its supervisor as it was',
  rule({}, async (world) => {
    world.notes.failing.set('d', 1);
    await world.refused('INIT_FAILED', world.sup.call('startChild', world.spec('d')));
    assert.equal(await world.states(), 'a running, b running, c running');
    await world.sup.call('startChild', world.spec('d'));
    assert.equal(await world.states(), 'a running, b running, c running, d running');
  }),
);

t.test(
  'terminateChild ends a child and keeps its spec, and no strategy restarts it',
  rule({ strategy: 'one-for-one' }, async (world) => {
    world.took();
    await world.sup.call('terminateChild', { id: 'b' });
    await world.pass();
    assert.deepEqual(world.took(), ['b end shutdown']);
    assert.equal(await world.states(), 'a running, b stopped, c running');
    await world.sup.call('terminateChild', { id: 'b' });
  }),
);

t.test(
  'terminateChild of a temporary child removes its spec as well',
  rule({ children: [{ id: 'a', restart: 'temporary' }, { id: 'b' }] }, async (world) => {
    await world.sup.call('terminateChild', { id: 'a' });
    assert.equal(await world.states(), 'b running');
    await world.refused('NO_SUCH_CHILD', world.sup.call('getChildSpec', { id: 'a' }));
  }),
);

t.test(
  'terminateChild of a child that is being restarted cancels the restart',
  rule({ backoff: { firstMs: 500, maxMs: 500 } }, async (world) => {
    (await world.kid('b')).cast('crash');
    await world.system.settle();
    assert.equal(await world.states(), 'a running, b restarting, c running');
    await world.sup.call('terminateChild', { id: 'b' });
    world.took();
    await world.pass();
    assert.deepEqual(world.took(), []);
    assert.equal(await world.states(), 'a running, b stopped, c running');
  }),
);

t.test(
  'restartChild starts an ended child at its address, in its place',
  rule({}, async (world) => {
    const b = await world.kid('b');
    await world.sup.call('terminateChild', { id: 'b' });
    assert.equal(await world.sup.call('restartChild', { id: 'b' }), b.address);
    assert.equal(await b.call('lives'), 2);
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'restartChild of a child that runs, or is about to, or is not there is refused with what it is',
  rule({ backoff: { firstMs: 500, maxMs: 500 } }, async (world) => {
    await world.refused('CHILD_RUNNING', world.sup.call('restartChild', { id: 'a' }));
    await world.refused('NO_SUCH_CHILD', world.sup.call('restartChild', { id: 'z' }));
    (await world.kid('b')).cast('crash');
    await world.system.settle();
    await world.refused('CHILD_RESTARTING', world.sup.call('restartChild', { id: 'b' }));
  }),
);

t.test(
  'restartChild that fails says why, counts nothing, and leaves the child ended',
  rule({ intensity: { maxRestarts: 0 } }, async (world) => {
    await world.sup.call('terminateChild', { id: 'b' });
    world.notes.failing.set('b', 1);
    await world.refused('INIT_FAILED', world.sup.call('restartChild', { id: 'b' }));
    assert.equal(await world.states(), 'a running, b stopped, c running');
    await world.sup.call('restartChild', { id: 'b' });
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'deleteChild forgets an ended child, whose id is free again',
  rule({}, async (world) => {
    await world.sup.call('terminateChild', { id: 'b' });
    await world.sup.call('deleteChild', { id: 'b' });
    assert.equal(await world.states(), 'a running, c running');
    await world.refused('NO_SUCH_CHILD', world.sup.call('restartChild', { id: 'b' }));
    await world.sup.call('startChild', world.spec('b'));
    assert.equal(await world.states(), 'a running, c running, b running');
  }),
);

t.test(
  'deleteChild of a child that runs, or is about to, or is not there is refused with what it is',
  rule({ backoff: { firstMs: 500, maxMs: 500 } }, async (world) => {
    await world.refused('CHILD_RUNNING', world.sup.call('deleteChild', { id: 'a' }));
    await world.refused('NO_SUCH_CHILD', world.sup.call('deleteChild', { id: 'z' }));
    (await world.kid('b')).cast('crash');
    await world.system.settle();
    await world.refused('CHILD_RESTARTING', world.sup.call('deleteChild', { id: 'b' }));
  }),
);

t.test(
  'countChildren counts specs, living children, supervisors and workers',
  rule({ children: [{ id: 'a' }, { id: 'b', type: 'supervisor' }, { id: 'c' }] }, async (world) => {
    await world.sup.call('terminateChild', { id: 'c' });
    assert.deepEqual(await world.sup.call('countChildren'), { specs: 3, active: 2, supervisors: 1, workers: 2 });
  }),
);

t.test(
  'getChildSpec gives the spec with its defaults, for a child that runs and one that ended',
  rule({ children: [{ id: 'a', shutdown: 50, restart: 'transient' }] }, async (world) => {
    const expected = { id: 'a', definition: 'worker', restart: 'transient', shutdown: 50, type: 'worker' };
    for (let look = 0; look < 2; look += 1) {
      assert.deepEqual(
        { ...(await world.sup.call('getChildSpec', { id: 'a' })), ...expected },
        {
          ...(await world.sup.call('getChildSpec', { id: 'a' })),
        },
      );
      if (look === 0) await world.sup.call('terminateChild', { id: 'a' });
    }
    await world.refused('NO_SUCH_CHILD', world.sup.call('getChildSpec', { id: 'z' }));
  }),
);

t.test(
  'a malformed spec is refused with its field, and nothing starts',
  rule({}, async (world) => {
    await world.refused(
      'BAD_CHILD_SPEC',
      world.sup.call('startChild', { ...world.spec('d'), restart: 'always' as 'permanent' }),
    );
    await world.refused('BAD_CHILD_SPEC', world.sup.call('startChild', { ...world.spec('d'), shutdown: -1 }));
    await world.refused('UNKNOWN_DEFINITION', world.sup.call('startChild', world.spec('d', { definition: 'nobody' })));
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);
