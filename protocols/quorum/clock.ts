/**
 * Vector clocks, and the dots that they cover. A dot names one write: the actor that took it, which is one life of one
 * node's disk, and a number of that actor which is never used twice. A clock covers, for each actor, all dots up to a
 * number. (Fidge 1988, Mattern 1989; dots after Preguiça et al., "Dotted version vectors", 2010.)
 *
 * A clock is a list sorted by actor, so that equal clocks are equal bytes.
 */

/** One write. */
export type Dot = readonly [actor: string, counter: number];
/** All dots of each actor up to its counter; sorted by actor. */
export type Clock = readonly Dot[];

/** The number up to which a clock covers the dots of an actor; 0 when it covers none. */
export function counterOf(clock: Clock, actor: string): number {
  for (const [name, counter] of clock) if (name === actor) return counter;
  return 0;
}

export function covers(clock: Clock, [actor, counter]: Dot): boolean {
  return counterOf(clock, actor) >= counter;
}

/** True when the clock covers all that the other does. */
export function includesClock(clock: Clock, other: Clock): boolean {
  return other.every((dot) => covers(clock, dot));
}

/** The least clock that covers what either does; `one` itself when that is it. */
export function joinClocks(one: Clock, other: Clock): Clock {
  if (includesClock(one, other)) return one;
  if (includesClock(other, one)) return other;
  const joined: Dot[] = [];
  let i = 0;
  let j = 0;
  while (i < one.length || j < other.length) {
    const left = one[i];
    const right = other[j];
    if (right === undefined || (left !== undefined && left[0] < right[0])) {
      joined.push(left as Dot);
      i += 1;
    } else if (left === undefined || right[0] < left[0]) {
      joined.push(right);
      j += 1;
    } else {
      joined.push(left[1] >= right[1] ? left : right);
      i += 1;
      j += 1;
    }
  }
  return joined;
}

/** Before, after or the same: an order of dots, for lists that have to be equal byte by byte. */
export function compareDots(one: Dot, other: Dot): number {
  if (one[0] !== other[0]) return one[0] < other[0] ? -1 : 1;
  return one[1] - other[1];
}
