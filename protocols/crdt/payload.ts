/**
 * What a dot carries, by the kind of leaf: nothing for members of sets and flags, a total for counters, a value for
 * registers. Payloads are never changed.
 */
import { unreachable } from '../wire/error.js';
import type { Clock } from './hlc.js';

/** Being there is all that it says. */
export interface Unit {
  readonly type: 'unit';
}

/** All that one replica added to a counter and took from it, as two growing totals. */
export interface Total {
  readonly type: 'total';
  readonly added: number;
  readonly taken: number;
}

/** A value that competes with concurrent ones by its time. */
export interface Stamped {
  readonly type: 'stamped';
  readonly stamp: Clock;
  readonly value: Uint8Array;
}

/** A value that stands beside concurrent ones. */
export interface Plain {
  readonly type: 'plain';
  readonly value: Uint8Array;
}

export type Payload = Unit | Total | Stamped | Plain;

/** The one payload that says nothing. */
export const unit: Unit = { type: 'unit' };

/** A total order. 0 for payloads that are equal. */
export function comparePayloads(one: Payload, other: Payload): number {
  if (one === other) return 0;
  if (one.type !== other.type) return one.type < other.type ? -1 : 1;
  switch (one.type) {
    case 'unit':
      return 0;
    case 'total': {
      const { added, taken } = other as Total;
      return one.added - added || one.taken - taken;
    }
    case 'stamped': {
      const { stamp, value } = other as Stamped;
      return one.stamp.wallMs - stamp.wallMs || one.stamp.count - stamp.count || compareBytes(one.value, value);
    }
    case 'plain':
      return compareBytes(one.value, (other as Plain).value);
    default:
      return unreachable(one);
  }
}

/** Byte by byte; of two that begin alike the shorter goes first. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) {
    const apart = (one[at] as number) - (other[at] as number);
    if (apart !== 0) return apart;
  }
  return one.length - other.length;
}
