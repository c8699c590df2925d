/**
 * The in-memory twin of the OpenTelemetry adapter: it keeps what ended and numbers its ids, so that a test reads the
 * same trace in each run. It samples as its parent did, and everything without a parent.
 */
import { parseTraceparent, formatTraceparent, type TraceContext } from '#protocols/wire/trace-context';
import { type ErrorCode, toWireError } from '#protocols/wire/error';
import type { Span, SpanStart, Tracer } from './tracer.js';

/** A span that has ended. */
export interface FinishedSpan extends Omit<SpanStart, 'parent'> {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the first of a trace. */
  readonly parentSpanId: string | undefined;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** A tracer that keeps its spans. */
export class MemoryTracer implements Tracer {
  readonly #finished: FinishedSpan[] = [];
  #nextId = 1;
  #closed = false;

  /** Spans in the order in which they ended. */
  get finished(): readonly FinishedSpan[] {
    return this.#finished;
  }

  start({ parent, ...span }: SpanStart): Span {
    const above = parseTraceparent(parent);
    const context: TraceContext = {
      traceId: above?.traceId ?? this.#id(32),
      spanId: this.#id(16),
      sampled: above?.sampled ?? true,
    };
    const { traceId, spanId, sampled } = context;
    return {
      trace: formatTraceparent(context),
      end: (thrown) => {
        if (!sampled || this.#closed) return;
        const failed = thrown === undefined ? {} : { error: toWireError(thrown, 'ACTOR_CRASHED') };
        this.#finished.push({ ...span, traceId, spanId, parentSpanId: above?.spanId, ...failed });
      },
    };
  }

  shutdown(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #id(digits: number): string {
    const id = this.#nextId.toString(16).padStart(digits, '0');
    this.#nextId += 1;
    return id;
  }
}
