/**
 * Numbers between bounds, as bodies of rules. The integers from 7 to 120 are `[7-9] | [1-9] [0-9] | "1" ...`: numbers of
 * one length are split at the first digit where the bounds differ, as in llama.cpp's json-schema-to-grammar. Numbers
 * with a fraction are an integer part that leaves room for any fraction, or a bound alone; of a range that has no
 * integer in it nothing is left, and its schema is refused.
 */
import { literal, oneOf } from './gbnf.js';

/** What an integer may be where its schema does not say: 15 digits are exact as a double. */
const largest = 999_999_999_999_999;
const fraction = '"." [0-9]{1,10}';

/** Bounds of a number; the ones left out are wide. */
export interface Bounds {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Whether the bound itself is outside. */
  readonly lowOpen?: boolean;
  readonly highOpen?: boolean;
}

/** Integers within bounds, or undefined when there are none. */
export function integerBody({ low, high, lowOpen = false, highOpen = false }: Bounds): string | undefined {
  const from = low === undefined ? -largest : lowOpen ? Math.floor(low) + 1 : Math.ceil(low);
  const to = high === undefined ? Math.max(largest, from) : highOpen ? Math.ceil(high) - 1 : Math.floor(high);
  const first = clamp(low === undefined ? Math.min(from, to) : from);
  return integers(first, clamp(to));
}

/** Numbers within bounds, or undefined when none of them can be written so. */
export function numberBody(bounds: Bounds): string | undefined {
  if (bounds.low === undefined && bounds.high === undefined) {
    return `"-"? (${naturals(0, largest)}) (${fraction})? ([eE] [-+]? [0-9]{1,2})?`;
  }
  const low = clamp(bounds.low ?? Math.min(-largest, (bounds.high ?? 0) - 1));
  const high = clamp(bounds.high ?? Math.max(largest, low + 1));
  const parts = [
    ...upward(low, high, bounds.lowOpen ?? false, bounds.highOpen ?? false),
    ...upward(-high, -low, bounds.highOpen ?? false, bounds.lowOpen ?? false).map((part) => `"-" (${part})`),
  ];
  return parts.length === 0 ? undefined : oneOf(parts);
}

/** The numbers of a range from 0 upwards. */
function upward(low: number, high: number, lowOpen: boolean, highOpen: boolean): readonly string[] {
  if (high < 0 || (high === 0 && highOpen)) return [];
  const parts: string[] = [];
  const first = Math.max(0, Math.ceil(low));
  const last = Math.floor(high);
  const firstIsOpen = lowOpen && low === first;
  // The open bound itself is left out, and what follows it before the next integer is not.
  if (firstIsOpen && last > first) parts.push(`${literal(String(first))} "." [0-9]{0,9} [1-9]`);
  const from = firstIsOpen ? first + 1 : first;
  if (last > from) parts.push(`(${naturals(from, last - 1)}) (${fraction})?`);
  if (last >= from && !(highOpen && high === last)) parts.push(literal(String(last)));
  return parts;
}

function integers(low: number, high: number): string | undefined {
  if (low > high) return undefined;
  const parts: string[] = [];
  if (high >= 0) parts.push(naturals(Math.max(0, low), high));
  if (low < 0) parts.push(`"-" (${naturals(Math.max(1, -high), -low)})`);
  return oneOf(parts);
}

/** Integers from `low` (0 or more) to `high`, without leading zeros. */
function naturals(low: number, high: number): string {
  const parts: string[] = [];
  for (let digits = String(low).length; digits <= String(high).length; digits += 1) {
    const from = Math.max(low, digits === 1 ? 0 : 10 ** (digits - 1));
    const to = Math.min(high, 10 ** digits - 1);
    parts.push(sameLength(String(from), String(to)));
  }
  return oneOf(parts);
}

function sameLength(from: string, to: string): string {
  const rest = from.length - 1;
  const [first = '0'] = from;
  const [last = '0'] = to;
  if (rest === 0) return range(Number(first), Number(last));
  if (/^.0*$/.test(from) && /^.9*$/.test(to)) return `${range(Number(first), Number(last))} [0-9]{${rest}}`;
  if (first === last) return `"${first}" (${sameLength(from.slice(1), to.slice(1))})`;
  const parts = [`"${first}" (${sameLength(from.slice(1), '9'.repeat(rest))})`];
  if (Number(last) - Number(first) > 1) parts.push(`${range(Number(first) + 1, Number(last) - 1)} [0-9]{${rest}}`);
  parts.push(`"${last}" (${sameLength('0'.repeat(rest), to.slice(1))})`);
  return oneOf(parts);
}

function range(from: number, to: number): string {
  return from === to ? `"${from}"` : `[${from}-${to}]`;
}

function clamp(value: number): number {
  return Math.min(Math.max(value, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
