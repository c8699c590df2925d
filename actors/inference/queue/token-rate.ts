/**
 * How many tokens a model gets through a second, over the time in which it was busy, with newer work counting for more:
 * both sums are multiplied by `exp(-dt / memoryMs)` as time passes, and the rate is their quotient. Idle time says
 * nothing about how quick a model is, so it is not in it. Pure: time comes in.
 */

/** Milliseconds after which what was measured counts for 1/e. */
const MEMORY_MS = 30_000;
/** Busy milliseconds before which a rate means nothing. */
const LEAST_BUSY_MS = 1;

/** A measured rate. */
export class TokenRate {
  #tokens = 0;
  #busyMs = 0;
  /** Until when busy time is counted; undefined while idle. */
  #countedMs: number | undefined;

  /** Whether something is under way from now on. */
  busy(is: boolean, nowMs: number): void {
    this.#count(nowMs);
    this.#countedMs = is ? nowMs : undefined;
  }

  /** So many tokens are done. */
  done(tokens: number, nowMs: number): void {
    this.#count(nowMs);
    this.#tokens += tokens;
  }

  /** Tokens a second; undefined while nothing was measured. */
  perSecond(nowMs: number): number | undefined {
    this.#count(nowMs);
    if (this.#busyMs < LEAST_BUSY_MS || this.#tokens <= 0) return undefined;
    return (this.#tokens / this.#busyMs) * 1_000;
  }

  #count(nowMs: number): void {
    if (this.#countedMs === undefined || nowMs <= this.#countedMs) return;
    const passedMs = nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    const kept = Math.exp(-passedMs / MEMORY_MS);
    this.#tokens *= kept;
    this.#busyMs = this.#busyMs * kept + passedMs;
  }
}
