/**
 * Runs a job from outside: spawns a queen, follows her, fetches the outcome and lets her go. The watcher asks and the
 * queen answers, so nothing is lost when a frame is: an unanswered question is asked again. A queen whose node dies is
 * spawned again on another; the job is deterministic, so the outcome is the one the first would have had.
 */
import { type ActorRef, type ActorSystem, SkepError } from '#runtime';
import type { JobEvent, JobProgress } from './messages.js';
import { type JobOutcome, queen, type QueenArgs } from './queen.js';

/** What {@link runJob} takes. */
export interface RunJobOptions extends QueenArgs {
  /** Nodes that may host the queen, in order of preference. */
  readonly homes: () => readonly string[];
  readonly onEvent: (event: JobEvent) => void;
  readonly onProgress: (progress: JobProgress) => void;
  /** Cancels the job. */
  readonly signal: AbortSignal;
}

/** A job's outcome, and how often it had to begin again because its queen was lost. */
export interface JobResult {
  readonly outcome: JobOutcome;
  readonly queensLost: number;
}

const POLL_MS = 40;
const MAX_QUEENS = 4;

/** Runs a job to its end. @throws SkepError JOB_CANCELLED, NODE_DOWN when no node is left, or what the spawn refused. */
export async function runJob(system: ActorSystem, options: RunJobOptions): Promise<JobResult> {
  for (let queensLost = 0; ; queensLost += 1) {
    const home = options.homes()[0];
    if (home === undefined) throw new SkepError('NODE_DOWN', 'no node is left that could run the job');
    try {
      return { outcome: await runOnce(system, home, options), queensLost };
    } catch (error) {
      if (!isLoss(error) || queensLost + 1 >= MAX_QUEENS || options.signal.aborted) throw error;
      await pause(POLL_MS, options.signal);
    }
  }
}

async function runOnce(system: ActorSystem, home: string, options: RunJobOptions): Promise<JobOutcome> {
  const { homes: _h, onEvent, onProgress, signal, ...args } = options;
  const ref = await system.spawn(queen, args, {
    node: home,
    executor: 'system',
    restart: 'temporary',
    timeoutMs: 20_000,
  });
  try {
    await follow(ref, onEvent, onProgress, signal);
    return await ref.call('outcome', undefined, { timeoutMs: 120_000 });
  } finally {
    system.stopActor(ref.address);
  }
}

/** Watches until the job is over. */
async function follow(
  ref: ActorRef<typeof queen>,
  onEvent: RunJobOptions['onEvent'],
  onProgress: RunJobOptions['onProgress'],
  signal: AbortSignal,
): Promise<void> {
  let seen = 0;
  let unanswered = 0;
  for (;;) {
    if (signal.aborted) throw new SkepError('JOB_CANCELLED', 'the job was cancelled');
    try {
      const { events, progress, over } = await ref.call('watch', { after: seen }, { timeoutMs: 5_000, signal });
      unanswered = 0;
      seen += events.length;
      for (const event of events) onEvent(event);
      onProgress(progress);
      if (over) return;
    } catch (error) {
      // A lost frame is no lost queen: she is asked again before she is given up.
      if (!(error instanceof SkepError) || error.code !== 'CALL_TIMEOUT' || (unanswered += 1) >= 3) throw error;
    }
    await pause(POLL_MS, signal);
  }
}

/** Whether an error means that the queen is gone rather than that the job is wrong. */
function isLoss(error: unknown): boolean {
  return (
    error instanceof SkepError &&
    ['NODE_DOWN', 'NO_SUCH_NODE', 'NO_SUCH_ACTOR', 'CALL_TIMEOUT', 'EXECUTOR_DOWN'].includes(error.code)
  );
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
  });
}
