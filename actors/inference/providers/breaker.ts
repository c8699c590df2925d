/**
 * A circuit breaker (Nygard, "Release It!", 2007) as a pure state machine: a provider that failed several times in a row
 * is left alone for a while, then tried with few requests until it has shown that it answers.
 *
 *               `failures` in a row                      `openMs` later, at the next request
 *     closed ------------------------> open ------------------------------------> half-open
 *        ^                              ^                                          |     |
 *        |                              +------------------- a failure ------------+     |
 *        +------------------------------------ `successes` in a row ---------------------+
 *
 * A request holds a ticket of the generation in which it was admitted; each change of state begins a new one. So a slow
 * request from before a change says nothing about the time after it, as in Sony's gobreaker. Half-open admits `probes`
 * at a time, so that a crowd that waited does not knock over what has just come back.
 */

/** When it opens and closes. */
export interface BreakerOptions {
  /** Failures in a row that open it. Default 5. */
  readonly failures: number;
  /** Milliseconds that it stays open. Default 60,000. */
  readonly openMs: number;
  /** Successes in a row that close it again. Default 5. */
  readonly successes: number;
  /** Requests at the same time while it is half open. Default 1. */
  readonly probes: number;
  /** Milliseconds after which to ask again when all probes are out. Default 1,000. */
  readonly probeWaitMs: number;
}

export const defaultBreaker: BreakerOptions = {
  failures: 5,
  openMs: 60_000,
  successes: 5,
  probes: 1,
  probeWaitMs: 1_000,
};

export type BreakerState =
  | { readonly type: 'closed'; readonly generation: number; readonly failures: number }
  | { readonly type: 'open'; readonly generation: number; readonly untilMs: number }
  | { readonly type: 'half-open'; readonly generation: number; readonly successes: number; readonly probing: number };

/** What a request told of the provider; `neutral` nothing, such as one that was cancelled. */
export type BreakerOutcome = 'success' | 'failure' | 'neutral';

/** Leave to send one request; it is settled exactly once. */
export interface BreakerTicket {
  readonly generation: number;
}

export type Admission =
  | { readonly type: 'admitted'; readonly state: BreakerState; readonly ticket: BreakerTicket }
  | { readonly type: 'rejected'; readonly state: BreakerState; readonly retryAfterMs: number };

/** Where each breaker begins. */
export const closedBreaker: BreakerState = { type: 'closed', generation: 0, failures: 0 };

/** Whether a request may be sent at `nowMs` of a monotonic clock. */
export function admit(state: BreakerState, options: BreakerOptions, nowMs: number): Admission {
  if (state.type === 'closed') return { type: 'admitted', state, ticket: { generation: state.generation } };
  if (state.type === 'open') {
    if (nowMs < state.untilMs) return { type: 'rejected', state, retryAfterMs: Math.ceil(state.untilMs - nowMs) };
    return admitProbe({ type: 'half-open', generation: state.generation + 1, successes: 0, probing: 0 });
  }
  if (state.probing >= options.probes) return { type: 'rejected', state, retryAfterMs: options.probeWaitMs };
  return admitProbe(state);
}

function admitProbe(state: Extract<BreakerState, { type: 'half-open' }>): Admission {
  const probing = { ...state, probing: state.probing + 1 };
  return { type: 'admitted', state: probing, ticket: { generation: state.generation } };
}

/** The state after a request that was admitted has ended at `nowMs`. */
export function settle(
  state: BreakerState,
  options: BreakerOptions,
  ticket: BreakerTicket,
  outcome: BreakerOutcome,
  nowMs: number,
): BreakerState {
  if (ticket.generation !== state.generation || state.type === 'open') return state;
  const generation = state.generation + 1;
  const opened: BreakerState = { type: 'open', generation, untilMs: nowMs + options.openMs };
  if (state.type === 'closed') {
    if (outcome === 'success') return { ...state, failures: 0 };
    if (outcome === 'neutral') return state;
    return state.failures + 1 >= options.failures ? opened : { ...state, failures: state.failures + 1 };
  }
  if (outcome === 'failure') return opened;
  const successes = state.successes + (outcome === 'success' ? 1 : 0);
  if (successes >= options.successes) return { type: 'closed', generation, failures: 0 };
  return { ...state, successes, probing: state.probing - 1 };
}
