/**
 * Spans as a port: what the runtime tells of its work when tracing is on. `otel.ts` is the adapter that exports them,
 * `memory-tracer.ts` the twin that keeps them for tests. Where there is no tracer nothing of this runs.
 */
import type { Traceparent } from '#protocols/wire/trace-context';

/** Kinds of spans, as OpenTelemetry has them. */
export type SpanKind = 'client' | 'server' | 'consumer' | 'internal';

/** Facts of a span. Never a payload: payloads may be secret. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** How a span begins. */
export interface SpanStart {
  readonly kind: SpanKind;
  readonly name: string;
  /** Absent: a new trace begins, if the sampling says so. */
  readonly parent: Traceparent | undefined;
  readonly attributes: SpanAttributes;
}

/** Work under way. */
export interface Span {
  /** What is done within the span has this as its parent. */
  readonly trace: Traceparent;
  /** The work is done; with what was thrown when it failed. Called once. */
  end(error?: unknown): void;
}

/** Where spans go. */
export interface Tracer {
  start(span: SpanStart): Span;
  /** Sends what waits, and takes no more. */
  shutdown(): Promise<void>;
}

/** Ends a span with the work that a promise stands for. */
export function endWith(span: Span, work: Promise<unknown>): void {
  work.then(
    () => span.end(),
    (error: unknown) => span.end(error),
  );
}
