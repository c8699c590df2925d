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

t.test('a virtual clock with many timers, most of them cancelled, fires the others as one without would', async () => {
  const timers = fc.array(fc.record({ delayMs: fc.integer({ min: 0, max: 40 }), cancelled: fc.boolean() }), {
    minLength: 60,
    maxLength: 300,
  });
  fc.assert(
    fc.property(timers, fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 5 }), (wanted, advances) => {
      const clock = new VirtualClock();
      const fired: number[] = [];
      const made = wanted.map(({ delayMs }, index) => clock.after(delayMs, () => fired.push(index)));
      wanted.forEach(({ cancelled }, index) => cancelled && made[index]?.cancel());
      for (const deltaMs of [0, ...advances]) clock.advance(deltaMs);
      const kept = wanted.map(({ delayMs, cancelled }, index) => ({ delayMs, cancelled, index }));
      const due = kept.filter(({ delayMs, cancelled }) => !cancelled && delayMs <= clock.now());
      assert.deepEqual(
        fired,
        due.sort((a, b) => a.delayMs - b.delayMs || a.index - b.index).map(({ index }) => index),
      );
      const left = kept.filter(({ delayMs, cancelled }) => !cancelled && delayMs > clock.now());
      assert.equal(clock.pending, left.length);
      assert.equal(clock.nextDueMs, left.length === 0 ? undefined : Math.min(...left.map(({ delayMs }) => delayMs)));
    }),
  );
});
