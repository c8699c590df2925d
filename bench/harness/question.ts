/**
 * What a benchmark is: one question, a size of work, and contenders that all do that work, ours first. A contender says
 * how much it completed, and the harness compares that with what the size asks for, so that nobody is fast by not
 * doing the work.
 */

/** How much work one run is, by name, such as `{ actors: 100, messages: 100_000 }`. */
export type Size = Readonly<Record<string, number>>;

/** What one run took: the time, how many operations were completed, and further measures by their name and unit. */
export interface Completed {
  /** Time of the work alone, without starting and preparing. */
  readonly ms: number;
  /** Operations that were seen to be completed, counted where they end. */
  readonly operations: number;
  readonly [measure: string]: number;
}

/** A contender that is ready to work. */
export interface Running {
  /** The version of what is measured, when it is not skep itself. */
  readonly version?: string | undefined;
  /** Does the work once. @throws Error when it does not complete. */
  readonly run: (size: Size) => Promise<Completed>;
  readonly stop: () => Promise<void>;
}

/** How a contender is to be started. */
export interface StartOptions {
  /** Folder for CPU profiles; none are taken without it. */
  readonly profileTo?: string | undefined;
  /** Ends everything that was started, at once. */
  readonly signal: AbortSignal;
}

/** One who answers a question. */
export interface Contender {
  readonly name: string;
  /** Starts it. @throws Absent when this machine does not have it. */
  readonly start: (size: Size, options: StartOptions) => Promise<Running>;
}

/** A contender that cannot take part on this machine; the text says what would bring it. */
export class Absent extends Error {
  override readonly name = 'Absent';
}

/** The figure that ratios are made of. */
export interface Figure {
  /** A measure by its name; `<counts>/s` is derived for every question. */
  readonly measure: string;
  readonly better: 'more' | 'less';
}

/** A ratio that is to be reached: how many times better our first contender is than a peer. */
export interface Goal {
  /** The row of the table of goals that it belongs to. */
  readonly row: string;
  /** Name of the contender that it is measured against. */
  readonly against: string;
  readonly atLeast: number;
  /** Where the row is about another figure than that of the question. */
  readonly figure?: Figure;
}

/** How often a question is measured. */
export interface Plan {
  /** Times that all contenders are started afresh: what a compiler decides once is decided so often. */
  readonly forks: number;
  /** Runs of each contender before those that count, at least. */
  readonly warmups: number;
  /** Time that each contender has worked before its runs count, at least; none without it. */
  readonly warmMs?: number;
  /** Interleaved turns of each contender in a fork, at least. */
  readonly rounds: number;
  /** Further rounds are added until so much time was worked in the fork, unless the ratios are known before. */
  readonly roundsMs?: number;
  /** Standard error, as a share, at which a ratio is known well enough. */
  readonly error?: number;
  /** A turn is as many runs as it takes to last this long, one without it. */
  readonly turnMs?: number;
  /** A process can do the work once only: ours takes its turn before the others, and not after them. */
  readonly once?: true;
}

export const suites = [
  'savina',
  'local',
  'threads',
  'nodes',
  'memory',
  'durability',
  'supervision',
  'start',
  'simulation',
  'jobs',
  'inference',
] as const;
export type Suite = (typeof suites)[number];

/** One question and those who answer it. */
export interface Question {
  /** In lower case with hyphens; the name on the command line. */
  readonly name: string;
  readonly suite: Suite;
  /** What the figures are for, as a question. */
  readonly asks: string;
  /** What one operation is, in the plural: messages, calls, actors. */
  readonly counts: string;
  readonly sizes: { readonly full: Size; readonly quick: Size };
  /** Operations that a run of this size has to complete. */
  readonly completes: (size: Size) => number;
  /** The first is ours, and the base of the ratios. */
  readonly contenders: readonly Contender[];
  /** More `<counts>/s` is better without it. */
  readonly figure?: Figure;
  readonly goals?: readonly Goal[];
  /** In the place of the usual plan, for work that takes long or that a process can do once only. */
  readonly plans?: { readonly full: Plan; readonly quick: Plan };
}
