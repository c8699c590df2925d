/** Deadlines against a dumb twin: one timer each. */
import fc from 'fast-check';
import t from 'tap';
import { Deadlines } from '#runtime/clock/deadlines';
import { VirtualClock } from '#runtime/testing/virtual-clock';

t.test('many deadlines of few lengths, some taken back: each that is left expires once, when it is due', async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('set' as const), delayMs: fc.constantFrom(0, 1, 5, 5, 5, 40) }),
    fc.record({ type: fc.constant('cancel' as const), index: fc.nat(50) }),
    fc.record({ type: fc.constant('advance' as const), byMs: fc.integer({ min: 0, max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const clock = new VirtualClock();
      const deadlines = new Deadlines(clock);
      const fired: [number, number][] = [];
      const expected: [number, number][] = [];
      const set: { dueMs: number; cancel: () => void; cancelled: boolean }[] = [];
      for (const each of steps) {
        if (each.type === 'set') {
          const index = set.length;
          const { cancel } = bound(deadlines.after(each.delayMs, () => fired.push([index, clock.now()])));
          set.push({ dueMs: clock.now() + each.delayMs, cancel, cancelled: false });
        } else if (each.type === 'cancel') {
          const chosen = set[each.index];
          if (chosen === undefined) continue;
          chosen.cancel();
          if (chosen.dueMs > clock.now() || !fired.some(([index]) => index === each.index)) chosen.cancelled = true;
        } else clock.advance(each.byMs);
      }
      clock.advance(1_000);
      for (const [index, { dueMs, cancelled }] of set.entries()) if (!cancelled) expected.push([index, dueMs]);
      const order = (a: [number, number], b: [number, number]): number => a[0] - b[0];
      return JSON.stringify(fired.sort(order)) === JSON.stringify(expected.sort(order)) && clock.pending === 0;
    }),
  );
});

t.test('a thousand deadlines of one length hold one timer, and none once they are taken back', async (t) => {
  const clock = new VirtualClock();
  const deadlines = new Deadlines(clock);
  const timers = Array.from({ length: 1_000 }, () => deadlines.after(5_000, () => t.fail('it was taken back')));
  t.equal(clock.pending, 1);
  for (const timer of timers) timer.cancel();
  t.equal(clock.pending, 0);
  clock.advance(10_000);
});

/** A clock that says when the event loop has come round. */
class LoopClock extends VirtualClock {
  #soon: (() => void)[] = [];

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  comeRound(): void {
    for (const callback of this.#soon.splice(0)) callback();
  }
}

t.test(
  'one deadline set and taken back after another keeps its timer within a pass of the event loop, and no longer',
  async (t) => {
    const clock = new LoopClock();
    const deadlines = new Deadlines(clock);
    let timers = 0;
    const { after } = clock;
    clock.after = (...timer) => {
      timers += 1;
      return after.apply(clock, timer);
    };
    for (let n = 0; n < 1_000; n += 1) deadlines.after(5_000, () => t.fail('it was taken back')).cancel();
    t.equal(timers, 1);
    t.equal(clock.pending, 1, 'it may be wanted again');
    clock.comeRound();
    t.equal(clock.pending, 0, 'it was not');

    deadlines.after(5_000, () => t.fail('it was taken back')).cancel();
    clock.advance(3_000);
    let reachedMs = 0;
    deadlines.after(5_000, () => {
      reachedMs = clock.now();
    });
    clock.comeRound();
    clock.advance(10_000);
    t.equal(reachedMs, 8_000, 'the timer of the one before does not end the one after');
    t.equal(clock.pending, 0);
  },
);

function bound(timer: { cancel(): void }): { cancel: () => void } {
  return { cancel: () => timer.cancel() };
}
