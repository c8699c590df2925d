/** Restart types, by OTP's manual: which ends bring a child back. */
import t from 'tap';
import { assert, rule } from './world.js';

const endings = [
  ['permanent', 'crash', 'running'],
  ['permanent', 'normal', 'running'],
  ['permanent', 'shutdown', 'running'],
  ['transient', 'crash', 'running'],
  ['transient', 'normal', 'stopped'],
  ['transient', 'shutdown', 'stopped'],
  ['temporary', 'crash', 'gone'],
  ['temporary', 'normal', 'gone'],
  ['temporary', 'shutdown', 'gone'],
] as const;
for (const [restart, reason, outcome] of endings) {
  t.test(
    `a ${restart} child that ends with reason ${reason} is ${outcome} afterwards`,
    rule({ children: [{ id: 'a', restart }] }, async (world) => {
      const a = await world.kid('a');
      a.cast('exit', reason);
      await world.pass();
      const [child] = await world.children();
      assert.equal(child?.status ?? 'gone', outcome);
    }),
  );
}
