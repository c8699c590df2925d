/**
 * Hybrid logical clocks: stamps that follow causality like a logical clock and stay near the wall clock (Kulkarni,
 * Demirbas, Madappa, Avva and Leone, "Logical physical clocks", OPODIS 2014, figure 5).
 *
 *     own event    l' = max(l, wall)            c' = l' = l ? c + 1 : 0
 *     heard m      l' = max(l, l.m, wall)       c' = one above the counts of those that have that l', or 0
 *
 * A stamp that is ahead of the wall clock by more than the bound is not followed (section 5 of the paper: such messages
 * are ignored). What it stamps is merged all the same, since replicas could not converge otherwise; the clock just is not
 * dragged along, and it is counted. A register that it stamped can be written over nevertheless, because a write
 * supersedes what the writer has seen, whatever the stamps say. The count needs no limit of 16 bits here: it is a varint.
 */

/** The state of a clock, and a stamp that it gave. */
export interface Clock {
  /** The greatest wall time heard of, in milliseconds. */
  readonly wallMs: number;
  /** Tells events of one wall time apart. */
  readonly count: number;
}

/** A clock that has seen nothing. */
export const clockStart: Clock = { wallMs: 0, count: 0 };

/** The stamp of an own event, which is the next state of the clock as well. */
export function stampEvent(clock: Clock, wallMs: number): Clock {
  return wallMs > clock.wallMs ? { wallMs, count: 0 } : { wallMs: clock.wallMs, count: clock.count + 1 };
}

/** True when the stamp is too far ahead of the wall clock to be followed. */
export function isAhead(stamp: Clock, wallMs: number, maxAheadMs: number): boolean {
  return stamp.wallMs > wallMs + maxAheadMs;
}

/** The clock after a stamp was heard that is not ahead. */
export function hearStamp(clock: Clock, stamp: Clock, wallMs: number): Clock {
  const latest = Math.max(clock.wallMs, stamp.wallMs, wallMs);
  const mine = latest === clock.wallMs ? clock.count + 1 : 0;
  const theirs = latest === stamp.wallMs ? stamp.count + 1 : 0;
  return { wallMs: latest, count: Math.max(mine, theirs) };
}

/** Negative when the first is earlier, 0 when they are equal. */
export function compareClocks(one: Clock, other: Clock): number {
  return one.wallMs - other.wallMs || one.count - other.count;
}
