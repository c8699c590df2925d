/** What the works of several peers have in common: sums that prove what arrived, and percentiles of latencies. */

/** Sum of the whole numbers from 0 to below this one. */
export function sumBelow(count) {
  return (count * (count - 1)) / 2;
}

/** @throws Error when what arrived is not what was sent. */
export function expectSum(sum, expected) {
  if (sum !== expected) throw new Error(`what arrived sums up to ${sum}: expected ${expected}`);
}

/**
 * Calls `call(n)` one after another, each of which is to answer n + 1, and gives how long each took.
 * @param {number} count
 * @param {(n: number) => Promise<number>} call
 */
export async function callAll(count, call) {
  const times = new Float64Array(count);
  let beforeMs = performance.now();
  for (let n = 0; n < count; n += 1) {
    if ((await call(n)) !== n + 1) throw new Error(`a wrong answer to call ${n}`);
    const afterMs = performance.now();
    times[n] = afterMs - beforeMs;
    beforeMs = afterMs;
  }
  return latencyOf(times);
}

/** Percentiles, by nearest rank, of times in milliseconds. */
function latencyOf(timesMs) {
  timesMs.sort();
  const at = (share) => 1_000 * timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * share))];
  return { 'p50 us': at(0.5), 'p99 us': at(0.99) };
}
