/** What the queue knows of a request: whose it is, how urgent, and how many tokens it will take. Plain data. */

/** Priority bands: 0 goes first. */
export const BANDS = 5;

/** A request that waits. */
export interface Queued {
  /** Names it among all that wait. */
  readonly id: string;
  /** Whose share of the model it is. */
  readonly agent: string;
  /** 0 to {@link BANDS} - 1. */
  readonly band: number;
  readonly arrivedMs: number;
  /** On the clock of `arrivedMs`; Infinity without one. */
  readonly deadlineMs: number;
  /** Tokens that it may take at most, prompt and answer: what the bounds of the queue count. */
  readonly weight: number;
  /** Tokens that it will probably take: what its agent is charged until the real number is known. */
  readonly cost: number;
}
