/** The watchdog under a clock of its own: whom it ends, and whom it leaves alone because it was itself not awake. */
import { Watchdog } from '#runtime/executor/watchdog';
import type { Clock, Timer } from '#runtime/clock/clock';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import t from 'tap';

const STALL_MS = 800;
const PERIOD_MS = STALL_MS / 8;

/** A clock whose timers fire late while the thread that owns it is held up. */
class HeldClock implements Clock {
  readonly #inner = new VirtualClock();
  #heldMs = 0;

  now(): number {
    return this.#inner.now() + this.#heldMs;
  }

  wall(): number {
    return this.#inner.wall() + this.#heldMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#inner.after(delayMs, callback);
  }

  /** Time passes and timers fire. */
  advance(ms: number): void {
    this.#inner.advance(ms);
  }

  /** Time passes and nothing of this process runs. */
  hold(ms: number): void {
    this.#heldMs += ms;
  }
}

/** A watchdog and one thread, whose beats a test gives. */
function watched() {
  const clock = new HeldClock();
  const dog = new Watchdog(clock, STALL_MS);
  let beats = 1;
  let cpuWaitMs = 0;
  const stalls: number[] = [];
  dog.watch(1, { beats: () => beats, cpuWaitMs: () => cpuWaitMs, onStalled: (stuckMs) => stalls.push(stuckMs) });
  return { clock, dog, stalls, beat: () => (beats += 1), starve: (ms: number) => (cpuWaitMs += ms) };
}

t.test('a thread that does not beat for the time it has is stalled, once, and not before', async (t) => {
  const { clock, stalls } = watched();
  clock.advance(STALL_MS - PERIOD_MS);
  t.same(stalls, []);
  clock.advance(PERIOD_MS);
  t.same(stalls, [STALL_MS]);
  clock.advance(10 * STALL_MS);
  t.same(stalls, [STALL_MS]);
});

t.test('a thread that beats now and then is left alone', async (t) => {
  const { clock, stalls, beat } = watched();
  for (let n = 0; n < 20; n += 1) {
    clock.advance(STALL_MS - PERIOD_MS);
    beat();
  }
  t.same(stalls, []);
});

t.test('a process that was stopped and goes on finds no thread stalled, however long it stood', async (t) => {
  const { clock, stalls, beat } = watched();
  clock.advance(STALL_MS - PERIOD_MS);
  clock.hold(3_600_000);
  clock.advance(PERIOD_MS);
  t.same(stalls, [], 'the look after the pause judges nobody');
  beat();
  clock.advance(STALL_MS - PERIOD_MS);
  t.same(stalls, [], 'and what was counted before is forgotten with the first beat');
});

t.test('a main thread that is always late finds a stalled thread all the same, on at least as much time', async (t) => {
  const { clock, stalls } = watched();
  const beganMs = clock.now();
  for (let n = 0; n < 50 && stalls.length === 0; n += 1) {
    clock.hold(6 * PERIOD_MS);
    clock.advance(PERIOD_MS);
  }
  t.same(stalls, [STALL_MS]);
  t.ok(clock.now() - beganMs >= STALL_MS);
});

t.test('a main thread that is always late leaves a thread alone that beats between its looks', async (t) => {
  const { clock, stalls, beat } = watched();
  for (let n = 0; n < 100; n += 1) {
    clock.hold(6 * PERIOD_MS);
    beat();
    clock.advance(PERIOD_MS);
  }
  t.same(stalls, []);
});

t.test(
  'a thread that wants a core and gets none has the time for which it had one, and no other, counted',
  async (t) => {
    const { clock, stalls, starve } = watched();
    for (let looks = 0; looks < 31; looks += 1) {
      starve((3 / 4) * PERIOD_MS);
      clock.advance(PERIOD_MS);
    }
    t.same(stalls, [], 'it has had a quarter of its time');
    starve((3 / 4) * PERIOD_MS);
    clock.advance(PERIOD_MS);
    t.same(stalls, [STALL_MS]);
  },
);

t.test('a thread that has not begun, or is watched no more, is not judged', async (t) => {
  const clock = new HeldClock();
  const dog = new Watchdog(clock, STALL_MS);
  const stalls: number[] = [];
  const cpuWaitMs = (): number => 0;
  dog.watch(1, { beats: () => 0, cpuWaitMs, onStalled: () => stalls.push(1) });
  dog.watch(2, { beats: () => 7, cpuWaitMs, onStalled: () => stalls.push(2) });
  dog.unwatch(2);
  clock.advance(10 * STALL_MS);
  t.same(stalls, []);
  dog.watch(3, { beats: () => 7, cpuWaitMs, onStalled: () => stalls.push(3) });
  dog.close();
  clock.advance(10 * STALL_MS);
  t.same(stalls, []);
});
