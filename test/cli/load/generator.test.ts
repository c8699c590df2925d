/** The generator on a virtual clock: an open model, and latencies that a stall cannot hide. */
import t from 'tap';
import type { Clock } from '#runtime/clock/clock';
import { SkepError } from '#protocols/wire/error';
import { VirtualClock } from '#runtime/testing/virtual-clock';
import { Arrivals } from '#cli/load/arrivals';
import { generate, type Generated, NOT_MADE } from '#cli/load/generator';

const options = { maxOutstanding: 1_000, windowMs: 100, onWindow: () => false, settleMs: 1_000 };

function constant(rate: number, durationMs: number): Arrivals {
  return new Arrivals([{ durationMs, from: rate, to: rate }]);
}

/** Lets time pass, and what is promised happen, until the load is over. */
async function finish(clock: VirtualClock, load: Promise<Generated>, stepMs = 1): Promise<Generated> {
  let done: Generated | undefined;
  void load.then((generated) => (done = generated));
  for (let step = 0; done === undefined && step < 100_000; step += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(stepMs);
  }
  if (done === undefined) throw new Error('the load does not end');
  return done;
}

t.test('calls are made at their times although no reply comes: an open model', async (t) => {
  const clock = new VirtualClock();
  const made: number[] = [];
  const call = (): Promise<void> => {
    made.push(clock.now());
    return new Promise(() => {});
  };
  const load = generate({
    ...options,
    arrivals: constant(100, 500),
    clock,
    call,
    signal: new AbortController().signal,
  });
  const { recorder, outstanding, wanted } = await finish(clock, load);
  t.equal(made.length, 50);
  t.same(made.slice(0, 4), [0, 10, 20, 30]);
  t.equal(wanted, 50);
  t.equal(outstanding, 50, 'what has no reply is told');
  t.equal(recorder.totals().acknowledged, 0);
});

t.test('a generator that stalls counts the stall in the latency of every call that it held up', async (t) => {
  const inner = new VirtualClock();
  let stalledMs = 0;
  const clock: Clock = {
    now: () => inner.now() + stalledMs,
    wall: () => inner.wall(),
    after: (delayMs, callback) => inner.after(delayMs, callback),
  };
  // The tenth call takes the process away for half a second; every reply is there at once.
  const call = async (index: number): Promise<void> => {
    if (index === 9) stalledMs = 500;
  };
  const signal = new AbortController().signal;
  const { recorder } = await finish(
    inner,
    generate({ ...options, arrivals: constant(100, 1_000), clock, call, signal }),
  );
  const { acknowledged, latencyMs, lagMs } = recorder.totals();
  t.equal(acknowledged, 100, 'what was due meanwhile is made afterwards');
  t.ok(latencyMs.max >= 490 && latencyMs.max <= 510, `max ${latencyMs.max}`);
  // Fifty of a hundred were held up by 0 to 500 ms; a generator that measures from the sending would see one.
  t.ok(latencyMs.p95 > 400, `p95 ${latencyMs.p95}`);
  t.ok(lagMs > 400, `the lag is told apart: ${lagMs}`);
});

t.test('failures count by their code, and what exceeds the outstanding limit is not made and counts too', async (t) => {
  const clock = new VirtualClock();
  const call = (index: number): Promise<void> =>
    index < 5 ? Promise.reject(new SkepError('NODE_DOWN', 'gone')) : new Promise(() => {});
  const load = generate({
    ...options,
    maxOutstanding: 10,
    arrivals: constant(100, 300),
    clock,
    call,
    signal: new AbortController().signal,
  });
  const { recorder, outstanding } = await finish(clock, load);
  t.same(recorder.totals().errors, { [NOT_MADE]: 15, NODE_DOWN: 5 });
  t.equal(outstanding, 10);
});

t.test('an interruption makes no further calls, and keeps what was measured', async (t) => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  let made = 0;
  const call = async (): Promise<void> => {
    made += 1;
    if (made === 20) controller.abort();
  };
  const load = generate({ ...options, arrivals: constant(100, 10_000), clock, call, signal: controller.signal });
  const { recorder, activeMs, wanted } = await finish(clock, load);
  t.equal(made, 20);
  t.equal(recorder.totals().acknowledged, 20);
  t.ok(activeMs < 1_000);
  t.ok(wanted <= 21, 'what was wanted is what belonged into the time that passed');
});

t.test('windows add up to the whole, and one that says so ends the load', async (t) => {
  const clock = new VirtualClock();
  const call = async (): Promise<void> => {};
  const whole = generate({
    ...options,
    arrivals: constant(200, 1_000),
    clock,
    call,
    signal: new AbortController().signal,
  });
  const { recorder } = await finish(clock, whole);
  const replies = recorder.windows.map(({ achieved }, index, all) => {
    return (achieved * ((all[index]?.endMs ?? 0) - (all[index - 1]?.endMs ?? 0))) / 1_000;
  });
  t.equal(Math.round(replies.reduce((sum, count) => sum + count, 0)), 200);
  let windows = 0;
  const ended = generate({
    ...options,
    arrivals: constant(200, 10_000),
    clock,
    call,
    onWindow: () => (windows += 1) === 3,
    signal: new AbortController().signal,
  });
  const { activeMs } = await finish(clock, ended);
  t.equal(windows, 3);
  t.ok(activeMs < 400);
});
