/**
 * Whether a failed attempt is made again, and when: a pure decision. Back-off is exponential with full jitter (Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): a uniform draw from 0 to min(cap, base * 2^n), so that
 * those who failed together do not come back together. What a server says about when to come is the least that is
 * waited; where it says more than the cap, holding a place in the queue would help nobody, and the asker is told when.
 */
import { failureClasses, type FailureKind } from './failure-kind.js';

/** How often and how long. */
export interface RetryPolicy {
  /** Attempts after the first, at most. Default 3. */
  readonly retries: number;
  /** Milliseconds of the first back-off at most. Default 1,000. */
  readonly baseMs: number;
  /** Milliseconds of any back-off at most. Default 30,000. */
  readonly capMs: number;
}

export const defaultRetry: RetryPolicy = { retries: 3, baseMs: 1_000, capMs: 30_000 };

/** An attempt that failed, and those before it. */
export interface FailedAttempt {
  readonly kind: FailureKind;
  /** Retries that were made before this failure. */
  readonly retries: number;
  /** Whether one of them was for a failure of a class that is retried once. */
  readonly usedOnce: boolean;
  /** Whether the reader has a part of the answer: it cannot be taken back. */
  readonly delivered: boolean;
  /** Milliseconds until the deadline; may be infinite. */
  readonly timeLeftMs: number;
  /** Milliseconds that the server asks to wait, where it does. */
  readonly serverWaitMs: number | undefined;
  /** A draw, at least 0 and below 1. */
  readonly chance: number;
}

export type RetryDecision =
  | { readonly type: 'retry'; readonly delayMs: number }
  | {
      readonly type: 'give-up';
      readonly why: 'final' | 'delivered' | 'spent' | 'wait-too-long' | 'deadline';
    };

/** What to do about a failed attempt. */
export function decideRetry(attempt: FailedAttempt, policy: RetryPolicy = defaultRetry): RetryDecision {
  const { retry } = failureClasses[attempt.kind];
  if (retry === 'never') return { type: 'give-up', why: 'final' };
  if (attempt.delivered) return { type: 'give-up', why: 'delivered' };
  if (attempt.retries >= policy.retries || (retry === 'once' && attempt.usedOnce)) {
    return { type: 'give-up', why: 'spent' };
  }
  const serverWaitMs = attempt.serverWaitMs ?? 0;
  if (serverWaitMs > policy.capMs) return { type: 'give-up', why: 'wait-too-long' };
  const backOffMs =
    retry === 'free' ? 0 : attempt.chance * Math.min(policy.capMs, policy.baseMs * 2 ** attempt.retries);
  const delayMs = Math.max(serverWaitMs, backOffMs);
  if (delayMs >= attempt.timeLeftMs) return { type: 'give-up', why: 'deadline' };
  return { type: 'retry', delayMs };
}
