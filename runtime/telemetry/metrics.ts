/**
 * Metrics of actors: what a definition counts beside what the runtime counts of every actor. A definition says how they
 * are read from a state (`metrics`), and they are read when somebody asks for a report. So there is nothing to register
 * and nothing to forget: what an actor counted goes when the actor goes.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { AnyDefinition } from '../actor/definition.js';

/** One number. Labels tell samples of one metric apart; `actor` is added by the runtime. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a histogram: which of its series this is. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** A metric with its samples, in the words of Prometheus. Plain data, because it crosses threads and nodes. */
export interface Metric {
  /** Letters, digits, `_` and `:`; others are left out of the exposition. A counter ends in `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One line. */
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/** An actor that may have metrics. */
interface Measured {
  readonly address: ActorAddress;
  readonly definition: AnyDefinition;
  readonly running: boolean;
  readonly state: unknown;
}

/** A metric while it is gathered. */
interface Gathered extends Metric {
  readonly samples: MetricSample[];
}

/** Samples of one report: a definition with a million actors is not for metrics of each. */
const MOST_SAMPLES = 10_000;

/** The metrics of all actors that have some, by name; `failed` hears of a `metrics` that threw. */
export function metricsOf(
  actors: Iterable<Measured>,
  failed: (actor: ActorAddress, error: unknown) => void,
): readonly Metric[] {
  const byName = new Map<string, Gathered>();
  let left = MOST_SAMPLES;
  for (const { address, definition, running, state } of actors) {
    if (definition.metrics === undefined || !running || left <= 0) continue;
    try {
      for (const { name, type, help, samples } of definition.metrics(state)) {
        const metric: Gathered = byName.get(name) ?? { name, type, help, samples: [] };
        byName.set(name, metric);
        const taken = samples.slice(0, left);
        left -= taken.length;
        metric.samples.push(...taken.map((one) => ({ ...one, labels: { ...one.labels, actor: address } })));
      }
    } catch (error) {
      failed(address, error);
    }
  }
  return [...byName.values()];
}
