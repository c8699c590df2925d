/** What of its work an executor tells, and where; plain data, because it crosses to threads. */
import type { Clock } from '../clock/clock.js';
import { within } from '../clock/within.js';
import type { Logger } from './log.js';
import type { Tracer } from './tracer.js';

/** Telemetry of a node. */
export interface TelemetryOptions {
  /** Where spans are exported. Default: nowhere; trace contexts are passed on all the same. */
  readonly traces?: TraceOptions;
  /** Bytes of payload that each executor keeps of dead letters, for replay; 0 keeps none. Default 1 MiB. */
  readonly deadLetterBytes?: number;
}

/** Export of spans. */
export interface TraceOptions {
  /** Base url of an OTLP/HTTP collector, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** Share of new traces that are kept, 0 to 1. Default 1. */
  readonly sampleRatio?: number;
}

/** Milliseconds that spans which wait have to leave when an executor ends. */
const FLUSH_MS = 3_000;

/** Opens the exporting tracer of an executor; undefined when tracing is off, and then its library is not even loaded. */
export async function openTracer(
  traces: TraceOptions | undefined,
  place: { readonly node: string; readonly incarnation: string; readonly executor: number; readonly log: Logger },
): Promise<Tracer | undefined> {
  if (traces === undefined) return undefined;
  const { otelTracer } = await import('./otel.js');
  return otelTracer({ ...place, endpoint: traces.endpoint, sampleRatio: traces.sampleRatio ?? 1 });
}

/** Sends what waits; a collector that does not answer holds no shutdown up for long. */
export async function closeTracer(tracer: Tracer | undefined, clock: Clock, log: Logger): Promise<void> {
  if (tracer === undefined) return;
  const closing = tracer.shutdown().catch((error: unknown) => log.warn('traces not exported', { error }));
  await within(clock, FLUSH_MS, closing);
}
