/** What happens above a supervisor that gives up, and how long restarts wait, by OTP's manual and ours of back-off. */
import t from 'tap';
import { assert, rule } from './world.js';

t.test(
  'a permanent supervisor that exceeds its intensity is restarted by its own, and starts all its children anew',
  rule({ restart: 'permanent', intensity: { maxRestarts: 0 } }, async (world) => {
    const b = await world.kid('b');
    world.took();
    b.cast('crash');
    await world.pass();
    assert.deepEqual(world.took(), ['b end crash', 'c end shutdown', 'a end shutdown', 'a init', 'b init', 'c init']);
    assert.equal(await world.states(), 'a running, b running, c running');
  }),
);

t.test(
  'a transient supervisor that exceeds its intensity ends with reason shutdown, and stays ended',
  rule({ restart: 'transient', intensity: { maxRestarts: 0 } }, async (world) => {
    const probe = await world.system.probe();
    probe.watch(world.sup.address);
    await world.system.settle();
    (await world.kid('b')).cast('crash');
    const down = await probe.expectDown(world.sup.address, { withinMs: 5_000 });
    assert.equal(down.reason.class, 'shutdown');
    await world.pass();
    assert.ok(world.isOver);
  }),
);

t.test(
  'under stop-child a child that fails too often is given up and its siblings run on',
  rule({ whenExceeded: 'stop-child', intensity: { maxRestarts: 1, withinMs: 10_000 } }, async (world) => {
    const b = await world.kid('b');
    for (let crash = 0; crash < 2; crash += 1) {
      b.cast('crash');
      await world.pass(1_000);
    }
    assert.equal(await world.states(), 'a running, b stopped, c running');
  }),
);

for (const jitter of ['none', 'full', 'decorrelated'] as const) {
  t.test(
    `with jitter ${jitter} a child is back after the longest back-off`,
    rule(
      { backoff: { firstMs: 100, maxMs: 400, jitter }, intensity: { maxRestarts: 9, withinMs: 60_000 } },
      async (world) => {
        const b = await world.kid('b');
        for (let crash = 1; crash <= 4; crash += 1) {
          b.cast('crash');
          await world.pass(400);
          assert.equal(await b.call('lives'), crash + 1);
        }
      },
    ),
  );
}
