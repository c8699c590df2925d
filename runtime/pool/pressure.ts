/**
 * When a pool grows and shrinks, as one pure step: the rules of Akka's DefaultResizer, and on top of them hysteresis, so
 * that one odd sample changes nothing. A routee is busy when more waits for it than the threshold.
 *
 *     all busy,                  `samples` times in a row  ->  grow by rampupRate, at least by one
 *     fewer than backoffThreshold of them busy, as often   ->  shrink by backoffRate, at least by one
 */
import { SkepError } from '#protocols/wire/error';

/** How a pool follows the pressure of its mailboxes. */
export interface PressureOptions {
  /** Routees at least, 1 or more. */
  readonly min: number;
  /** Routees at most. */
  readonly max: number;
  /** Messages, the one in hand among them, above which a routee is busy. Default 1. */
  readonly pressureThreshold?: number;
  /** Share of the size by which a pool grows. Default 0.2. */
  readonly rampupRate?: number;
  /** Share of busy routees below which a pool shrinks. Default 0.3. */
  readonly backoffThreshold?: number;
  /** Share of the size by which a pool shrinks. Default 0.1. */
  readonly backoffRate?: number;
  /** Samples in a row that must agree. Default 3. */
  readonly samples?: number;
  /** Milliseconds between samples. Default 500. */
  readonly periodMs?: number;
}

/** Samples in a row that agree. */
export interface PressureState {
  readonly busy: number;
  readonly calm: number;
}

/** No sample yet. */
export const NO_PRESSURE: PressureState = { busy: 0, calm: 0 };

const defaults = { pressureThreshold: 1, rampupRate: 0.2, backoffThreshold: 0.3, backoffRate: 0.1, samples: 3 };

/** The next state, and by how many routees to change the pool. `loads` has one number for each routee. */
export function stepPressure(
  state: PressureState,
  loads: readonly number[],
  options: PressureOptions,
): { readonly state: PressureState; readonly delta: number } {
  const { pressureThreshold, rampupRate, backoffThreshold, backoffRate, samples } = { ...defaults, ...options };
  const size = loads.length;
  const busy = loads.filter((load) => load > pressureThreshold).length;
  const next: PressureState = {
    busy: size > 0 && busy === size ? state.busy + 1 : 0,
    calm: size > 0 && busy / size < backoffThreshold ? state.calm + 1 : 0,
  };
  const clamp = (wanted: number): number => Math.max(options.min, Math.min(options.max, wanted)) - size;
  const outside = clamp(size);
  if (outside !== 0) return { state: NO_PRESSURE, delta: outside };
  if (next.busy >= samples) return { state: NO_PRESSURE, delta: clamp(size + Math.ceil(rampupRate * size)) };
  if (next.calm >= samples) return { state: NO_PRESSURE, delta: clamp(size + Math.floor(-backoffRate * size)) };
  return { state: next, delta: 0 };
}

/** @throws SkepError BAD_CONFIG naming the field. */
export function checkPressure(options: PressureOptions): void {
  const check = (field: keyof PressureOptions, ok: boolean, expected: string): void => {
    if (ok) return;
    const text = `pool: resize.${field} is ${options[field]}: expected ${expected}`;
    throw new SkepError('BAD_CONFIG', text, { field: `resize.${field}` });
  };
  const { min, max, pressureThreshold = 1, rampupRate = 1, backoffThreshold = 0, backoffRate = 0 } = options;
  check('min', Number.isInteger(min) && min >= 1, 'a whole number from 1');
  check('max', Number.isInteger(max) && max >= min, `a whole number from ${min}`);
  check('pressureThreshold', pressureThreshold >= 0, 'a number from 0');
  check('rampupRate', rampupRate > 0, 'a number above 0');
  check('backoffThreshold', backoffThreshold >= 0 && backoffThreshold < 1, 'a number from 0 and below 1');
  check('backoffRate', backoffRate >= 0 && backoffRate <= 1, 'a number from 0 to 1');
  check('samples', Number.isInteger(options.samples ?? 1) && (options.samples ?? 1) >= 1, 'a whole number from 1');
  check('periodMs', (options.periodMs ?? 1) >= 1, 'milliseconds from 1');
}
