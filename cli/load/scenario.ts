/**
 * The scenarios of load, with the meanings that k6 gives them: what the rate of arrivals is over time, as stages between
 * whose ends it changes evenly. `rate` is the load that is expected in production; scenarios are shapes around it.
 */
import { unreachable } from '#protocols/wire/error';

export const scenarios = ['smoke', 'load', 'stress', 'spike', 'soak', 'breakpoint'] as const;
export type Scenario = (typeof scenarios)[number];

/** A stretch of time over which the rate goes evenly from one value to another. */
export interface Stage {
  readonly durationMs: number;
  /** Arrivals per second at its beginning and at its end. */
  readonly from: number;
  readonly to: number;
}

/** What each is for, and how long it takes when nobody says. */
export const meanings: Readonly<Record<Scenario, { readonly means: string; readonly durationS: number }>> = {
  smoke: { means: 'a twentieth of the rate, to see that it works at all', durationS: 10 },
  load: { means: 'the expected rate, after a rise and before a fall of a tenth of the time each', durationS: 60 },
  stress: { means: 'the expected rate, then twice and four times as much, a third of the time each', durationS: 120 },
  spike: { means: 'the expected rate with a sudden jump to five times as much for a fifth of the time', durationS: 60 },
  soak: { means: 'the expected rate for long, to see what grows', durationS: 1_800 },
  breakpoint: {
    means: 'a rise from nothing to twenty times the rate that ends where a threshold breaks',
    durationS: 120,
  },
};

/** How far above the expected rate `breakpoint` goes. */
const BREAKPOINT_TIMES = 20;

/** The stages of a scenario. */
export function stagesOf(scenario: Scenario, rate: number, durationMs: number): readonly Stage[] {
  const part = (share: number, from: number, to = from): Stage => {
    return { durationMs: share * durationMs, from: from * rate, to: to * rate };
  };
  switch (scenario) {
    case 'smoke':
      return [part(1, 1 / 20)];
    case 'load':
      return [part(0.1, 0, 1), part(0.8, 1), part(0.1, 1, 0)];
    case 'stress':
      return [
        part(0.1, 0, 1),
        part(0.2, 1),
        part(0.1, 1, 2),
        part(0.2, 2),
        part(0.1, 2, 4),
        part(0.2, 4),
        part(0.1, 4, 0),
      ];
    case 'spike':
      return [part(0.4, 1), part(0.2, 5), part(0.4, 1)];
    case 'soak':
      return [part(1, 1)];
    case 'breakpoint':
      return [part(1, 0, BREAKPOINT_TIMES)];
    default:
      return unreachable(scenario);
  }
}
