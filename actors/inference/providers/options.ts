/** What a provider's client may be told beside its entry; tests shorten the times, nobody else needs to. */
import { type Clock, systemClock } from '#runtime/clock/clock';
import type { Random } from '#runtime/clock/random';
import { type BreakerOptions, defaultBreaker } from './breaker.js';
import { type RetryPolicy, defaultRetry } from './retry.js';

export interface ProviderOptions {
  readonly clock: Clock;
  /** Spreads back-offs. */
  readonly random: Random;
  readonly retry: RetryPolicy;
  readonly breaker: BreakerOptions;
  /** Milliseconds until there is a connection, with its name looked up and its encryption agreed. Default 10,000. */
  readonly connectMs: number;
}

export const providerOptions: ProviderOptions = {
  clock: systemClock,
  random: { next: () => Math.random() },
  retry: defaultRetry,
  breaker: defaultBreaker,
  connectMs: 10_000,
};
