/** The verdict on a load: which thresholds were kept, and where a rise broke them. */
import t from 'tap';
import type { Totals, Window } from '#cli/load/recorder';
import { BreakpointSearch, judge } from '#cli/load/verdict';

const limits = { p99Ms: 100, errorPercent: 1 };
const latencyMs = { p50: 1, p95: 10, p99: 50, max: 80 };
const totals: Totals = { made: 1_000, acknowledged: 1_000, failed: 0, errors: {}, latencyMs, lagMs: 1 };
const verified = { acknowledged: 1_000, handled: 1_000, unverified: 0, lost: 0 };

function window(change: Partial<Window>): Window {
  return { endMs: 1_000, wanted: 100, made: 100, achieved: 100, failed: 0, latencyMs, lagMs: 1, ...change };
}

t.test('each threshold breaks by itself: latency, errors, effects that are missing, and no reply at all', async (t) => {
  const broken = (change: Partial<Totals>, lost = 0): readonly string[] =>
    judge({ ...totals, ...change }, { ...verified, lost }, limits, undefined)
      .filter(({ kept }) => !kept)
      .map(({ what }) => what);
  t.same(broken({}), []);
  t.same(broken({ latencyMs: { ...latencyMs, p99: 101 } }), ['p99 ms']);
  t.same(broken({ failed: 11, acknowledged: 989 }), ['errors %']);
  t.same(broken({ failed: 10, acknowledged: 990 }), [], 'exactly the limit is kept');
  t.same(broken({}, 1), ['acknowledged calls without effect']);
  t.same(broken({ acknowledged: 0 }), ['errors %'], 'nothing answered is nothing kept');
});

t.test('a rise ends after three bad windows in a row, and held what the last good one achieved', async (t) => {
  const search = new BreakpointSearch(limits);
  const bad = window({ achieved: 500, wanted: 500, latencyMs: { ...latencyMs, p99: 200 } });
  t.notOk(search.take(window({ achieved: 300, wanted: 300 })));
  t.notOk(search.take(bad));
  t.notOk(search.take(bad));
  t.notOk(search.take(window({ achieved: 400, wanted: 400 })), 'a hiccup is forgiven');
  t.same([search.take(bad), search.take(bad), search.take(bad)], [false, false, true]);
  t.same(search.found, { held: 400, why: 'p99 was 200.0 ms' });
});

t.test('a cluster that falls behind, fails, or is called too late is told from one that is slow', async (t) => {
  const why = (change: Partial<Window>): string => {
    const search = new BreakpointSearch(limits);
    for (let count = 0; count < 3; count += 1) search.take(window(change));
    return search.found.why;
  };
  t.equal(why({ achieved: 80 }), '80/s of 100/s were answered');
  t.equal(why({ failed: 5, achieved: 95 }), '5.0 % failed');
  t.equal(why({ achieved: 80, lagMs: 90 }), '80/s of 100/s were answered while the generator itself was 90.0 ms late');
  t.equal(why({}), 'no threshold broke');
});

t.test(
  'a breakpoint is held against the expected rate, not against the thresholds that it breaks by design',
  async (t) => {
    const broken = { ...totals, latencyMs: { ...latencyMs, p99: 5_000 } };
    const found = (held: number): boolean =>
      judge(broken, verified, limits, { breakpoint: { held, why: '' }, expectedRate: 1_000 }).every(({ kept }) => kept);
    t.ok(found(1_000));
    t.notOk(found(999));
  },
);
