/** Clocks: the machine's keeps long waits long, the virtual one is the same each time. */
import assert from 'node:assert/strict';
import { systemClock } from '#runtime/clock/clock';
import { within } from '#runtime/clock/within';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import fc from 'fast-check';
import t from 'tap';

t.test('a wait beyond what setTimeout can hold does not fire at once', async (t) => {
  let early = false;
  const timer = systemClock.after(40 * 24 * 3_600 * 1_000, () => {
    early = true;
  });
  // setTimeout would take the long wait for 1 ms and fire it before this one.
  await new Promise<void>((resolve) => systemClock.after(30, resolve));
  timer.cancel();
  t.notOk(early);
});

t.test('a cancelled timer does not fire, and cancelling again does nothing', async (t) => {
  let fired = false;
  const timer = systemClock.after(1, () => {
    fired = true;
  });
  timer.cancel();
  timer.cancel();
  await new Promise<void>((resolve) => systemClock.after(20, resolve));
  t.notOk(fired);
});

t.test('virtual timers fire in order of due time, then of creation', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }), (delays) => {
      const clock = new VirtualClock();
      const fired: (readonly [number, number])[] = [];
      delays.forEach((delay, index) => clock.after(delay, () => fired.push([clock.now(), index])));
      clock.advance(50);
      const expected = delays.map((delay, index) => [delay, index] as const).sort(([a, i], [b, j]) => a - b || i - j);
      assert.deepEqual(fired, expected);
      assert.equal(clock.pending, 0);
    }),
  );
});

t.test('work that hangs is waited for no longer than its limit; work that fails has ended', async (t) => {
  const clock = new VirtualClock();
  const hanging = within(clock, 100, new Promise(() => {}));
  clock.advance(100);
  t.equal(await hanging, false);
  t.equal(await within(clock, 100, Promise.reject(new Error('x'))), true);
  t.equal(await within(clock, 100, Promise.resolve(1)), true);
  t.equal(clock.pending, 0, 'no timer stays behind');
});
