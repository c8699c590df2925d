/** What the command asks of its threads, and what they answer; all of it survives the way between threads. */
import type { WireError } from '#protocols/wire/error';
import type { Batch } from '#runtime/simulation/campaign';
import type { Outcome, RunPlan } from '#runtime/simulation/run';
import type { Shrunk } from '#runtime/simulation/shrink';

/** Each kind of work: what it takes and what it gives. */
export interface Work {
  /** Seeds in a row, up to the first that fails. */
  readonly batch: {
    readonly ask: { readonly from: number; readonly count: number };
    readonly answer: Batch & { readonly ms: number };
  };
  /** One run, with the last so many lines of its trace. */
  readonly run: {
    readonly ask: { readonly seed: number; readonly plan: RunPlan | undefined; readonly keep: number };
    readonly answer: OneRun;
  };
  /** A failed run made smaller; `hash` is that of the failed run, which has to come out again. */
  readonly shrink: {
    readonly ask: { readonly seed: number; readonly plan: RunPlan; readonly hash: string; readonly runs: number };
    readonly answer: Shrunk | 'another run';
  };
  /** The trace of one run in the form of etcd. */
  readonly etcd: { readonly ask: { readonly seed: number }; readonly answer: readonly string[] };
}

/** What came of one run. */
export interface OneRun extends Omit<Outcome, 'lines'> {
  readonly lines: readonly string[];
  readonly ms: number;
}

export type Kind = keyof Work;

/** Work for a thread. */
export type Request = {
  readonly [K in Kind]: { readonly kind: K; readonly model: string; readonly ask: Work[K]['ask'] };
}[Kind];

/** The end of a piece of work. */
export type Reply =
  | { readonly type: 'done'; readonly answer: Work[Kind]['answer'] }
  | { readonly type: 'failed'; readonly error: WireError };

/** What a thread is started with. */
export interface ThreadData {
  /** Modules with models, beside those that are shipped. */
  readonly modules: readonly string[];
}
