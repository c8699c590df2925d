/**
 * The classes of failures of a provider: what decides whether to try again and what the circuit breaker learns. One
 * table, so that the two can be read beside each other.
 */
import type { BreakerOutcome } from './breaker.js';

/** How an attempt failed. */
export type FailureKind =
  /** The asker gave up, its time was over, or the backend was closed. */
  | 'cancelled'
  | 'deadline'
  | 'closed'
  /** The breaker did not let it out. */
  | 'circuit'
  /** A key or a request that cannot be sent. */
  | 'unsendable'
  /** A kept connection that the server had closed meanwhile; nothing was answered on it. */
  | 'stale'
  /** No connection, or one that was lost before the answer was complete. */
  | 'connection'
  /** Silence: before the first byte, or between two parts. */
  | 'timeout'
  /** 429. */
  | 'limited'
  /** 529 and 503. */
  | 'overloaded'
  /** Another 5xx, 408, and failures that a stream reports after its 200. */
  | 'server'
  /** A refusal of key, rights, content or form: another try would end the same. */
  | 'refused'
  /** Not the protocol: another content type, no JSON, an event without end. */
  | 'garbled'
  /** The protocol was kept and what the model wrote in it is of no use: arguments of a tool that are no object. */
  | 'bad-answer';

/** Whether and how often a failure is tried again, and what it says about the provider. */
export interface FailureClass {
  /** `free` without waiting. */
  readonly retry: 'never' | 'once' | 'free' | 'back-off';
  readonly breaker: BreakerOutcome;
}

export const failureClasses: Readonly<Record<FailureKind, FailureClass>> = {
  cancelled: { retry: 'never', breaker: 'neutral' },
  deadline: { retry: 'never', breaker: 'neutral' },
  closed: { retry: 'never', breaker: 'neutral' },
  circuit: { retry: 'never', breaker: 'neutral' },
  unsendable: { retry: 'never', breaker: 'neutral' },
  stale: { retry: 'free', breaker: 'neutral' },
  connection: { retry: 'back-off', breaker: 'failure' },
  timeout: { retry: 'back-off', breaker: 'failure' },
  // It answers, and says when it will do so again: nothing that a breaker could know better.
  limited: { retry: 'back-off', breaker: 'neutral' },
  overloaded: { retry: 'back-off', breaker: 'failure' },
  server: { retry: 'back-off', breaker: 'failure' },
  refused: { retry: 'never', breaker: 'success' },
  garbled: { retry: 'once', breaker: 'failure' },
  'bad-answer': { retry: 'once', breaker: 'success' },
};
