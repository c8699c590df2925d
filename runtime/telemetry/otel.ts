/**
 * The OpenTelemetry adapter of the tracer: spans leave in batches as OTLP over HTTP, in JSON, from the thread that made
 * them. This is the one file that knows OpenTelemetry, and it is loaded only where tracing is on.
 */
import {
  context,
  diag,
  DiagLogLevel,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { toWireError } from '#protocols/wire/error';
import { formatTraceparent, parseTraceparent, type Traceparent } from '#protocols/wire/trace-context';
import type { Logger } from './log.js';
import type { SpanKind, SpanStart, Tracer } from './tracer.js';

/** Where the spans of one executor go, and which. */
export interface OtelOptions {
  /** Base url of the collector; `/v1/traces` is appended. */
  readonly endpoint: string;
  /** Share of new traces that are kept, 0 to 1; what has a parent does as the parent did. */
  readonly sampleRatio: number;
  readonly node: string;
  readonly incarnation: string;
  readonly executor: number;
  readonly log: Logger;
}

const kinds: Readonly<Record<SpanKind, OtelKind>> = {
  client: OtelKind.CLIENT,
  server: OtelKind.SERVER,
  consumer: OtelKind.CONSUMER,
  internal: OtelKind.INTERNAL,
};

/** Milliseconds that one export may take, retries included. */
const EXPORT_MS = 2_000;
/** Spans wait this long for others before they are sent. */
const BATCH_MS = 1_000;
/** The first failed exports are logged, then one of so many: a collector that is away may not fill the log. */
const FAILURES_LOGGED = 3;
const FAILURES_PER_LINE = 100;

/** Makes the tracer of a thread. */
export function otelTracer(options: OtelOptions): Tracer {
  logFailures(options.log);
  const exporter = new OTLPTraceExporter({ url: tracesUrl(options.endpoint), timeoutMillis: EXPORT_MS });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'skep',
      'service.instance.id': `${options.node}@${options.incarnation}/${options.executor}`,
      'skep.node': options.node,
      'skep.executor': options.executor,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, { scheduledDelayMillis: BATCH_MS, exportTimeoutMillis: EXPORT_MS }),
    ],
  });
  const tracer = provider.getTracer('skep');
  return {
    start: ({ kind, name, parent, attributes }: SpanStart) => {
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, contextOf(parent));
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        trace: formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }),
        end: (thrown) => {
          if (thrown !== undefined) {
            const { code, message } = toWireError(thrown, 'ACTOR_CRASHED');
            span.setAttribute('error.type', code);
            span.recordException({ code, name: code, message });
            span.setStatus({ code: SpanStatusCode.ERROR, message: `${code}: ${message}` });
          }
          span.end();
        },
      };
    },
    shutdown: () => provider.shutdown(),
  };
}

/** The url of the traces signal below a base url, as the OTLP exporter specification builds it. */
function tracesUrl(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}

const root = context.active();

function contextOf(parent: Traceparent | undefined): typeof root {
  const above = parseTraceparent(parent);
  if (above === undefined) return root;
  const { traceId, spanId, sampled } = above;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(root, { traceId, spanId, traceFlags, isRemote: true });
}

/** OpenTelemetry tells of failed exports by its own logger, one for each thread. */
function logFailures(log: Logger): void {
  let failures = 0;
  const failed = (message: string): void => {
    failures += 1;
    if (failures <= FAILURES_LOGGED || failures % FAILURES_PER_LINE === 0)
      log.warn('traces not exported', { failures, error: new Error(message.slice(0, 500)) });
  };
  const silent = (): void => {};
  diag.setLogger(
    { error: failed, warn: failed, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
