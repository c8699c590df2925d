/**
 * A campaign over threads: seeds are handed out in batches, in their order. After a failure no more are handed out, and
 * of those under way the one with the lowest seed counts, so that the same campaign finds the same failure whatever the
 * number of threads.
 */
import { addTallies, type FailedRun, noRuns, type Tally } from '#runtime/simulation/campaign';
import type { Threads } from './threads.js';

/** Seeds of one model. */
export interface Campaign {
  readonly model: string;
  readonly from: number;
  readonly seeds: number;
  readonly jobs: number;
}

/** What came of it. */
export interface CampaignResult {
  readonly tally: Tally;
  /** The failure with the lowest seed. */
  readonly failed?: FailedRun;
  /** Real time of the whole, and the time that threads spent on runs. */
  readonly ms: number;
  readonly busyMs: number;
  readonly interrupted: boolean;
}

/** What is known while it goes on. */
export interface CampaignProgress {
  readonly model: string;
  readonly seeds: number;
  readonly tally: Tally;
  readonly ms: number;
}

/** A batch takes about so long: short enough for the progress to move, long enough to cost nothing. */
const BATCH_MS = 250;
const FIRST_BATCH = 2;
const MOST_BATCH = 1_000;

/** Runs a campaign; an interruption ends it with what was summed up so far. */
export async function runCampaign(
  { model, from, seeds, jobs }: Campaign,
  threads: Threads,
  signal: AbortSignal,
  onProgress: (progress: CampaignProgress) => void,
): Promise<CampaignResult> {
  const startMs = performance.now();
  const end = from + seeds;
  let next = from;
  let size = FIRST_BATCH;
  let busyMs = 0;
  let tally = noRuns;
  let failed: FailedRun | undefined;
  const lane = async (): Promise<void> => {
    while (next < end && failed === undefined && !signal.aborted) {
      const count = Math.min(size, Math.max(1, Math.ceil((end - next) / jobs)));
      const ask = { from: next, count };
      next += count;
      // oxlint-disable-next-line no-await-in-loop -- a lane is one batch at a time
      const batch = await threads.ask('batch', model, ask);
      busyMs += batch.ms;
      tally = addTallies(tally, batch.tally);
      failed = earlier(failed, batch.failed);
      size = Math.min(MOST_BATCH, Math.max(1, Math.round((count * BATCH_MS) / Math.max(1, batch.ms))));
      onProgress({ model, seeds, tally, ms: performance.now() - startMs });
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: jobs }, lane));
  const broken = lanes.find((each) => each.status === 'rejected');
  if (broken !== undefined && !signal.aborted) throw broken.reason;
  const ms = performance.now() - startMs;
  return { tally, ms, busyMs, interrupted: signal.aborted, ...(failed === undefined ? {} : { failed }) };
}

function earlier(one: FailedRun | undefined, other: FailedRun | undefined): FailedRun | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.seed < other.seed ? one : other;
}
