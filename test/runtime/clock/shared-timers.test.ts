/** Timers that share: when each fires, and what a cancel takes away. */
import { SharedTimers } from '#runtime/clock/shared-timers';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t from 'tap';

t.test('waits that end in the same millisecond share one timer and fire in their order', async (t) => {
  const clock = new VirtualClock();
  const timers = new SharedTimers(clock);
  const fired: string[] = [];
  for (const name of ['a', 'b', 'c']) timers.after(9.5, () => fired.push(name));
  timers.after(20, () => fired.push('later'));
  t.equal(clock.pending, 2);
  clock.advance(9);
  t.same(fired, [], 'none is early');
  clock.advance(1);
  t.same(fired, ['a', 'b', 'c']);
  clock.advance(10);
  t.same(fired, ['a', 'b', 'c', 'later']);
  t.equal(clock.pending, 0);
});

t.test('a cancelled wait is not heard of, and the last one takes the timer with it', async (t) => {
  const clock = new VirtualClock();
  const timers = new SharedTimers(clock);
  const fired: number[] = [];
  const note = (): void => void fired.push(1);
  const [first, second] = [timers.after(5, note), timers.after(5, note)];
  first.cancel();
  first.cancel();
  t.equal(clock.pending, 1);
  second.cancel();
  t.equal(clock.pending, 0);
  timers.after(5, note);
  clock.advance(5);
  second.cancel();
  t.same(fired, [1]);
});

t.test(
  'one that is cancelled by another of the same moment does not fire, one that is set then waits its time',
  async (t) => {
    const clock = new VirtualClock();
    const timers = new SharedTimers(clock);
    const fired: string[] = [];
    const waits = [
      timers.after(5, () => {
        fired.push('first');
        waits[1]?.cancel();
        timers.after(5, () => fired.push('third'));
      }),
      timers.after(5, () => fired.push('second')),
    ];
    clock.advance(5);
    t.same(fired, ['first']);
    clock.advance(5);
    t.same(fired, ['first', 'third']);
  },
);
