/**
 * Trace context as the W3C recommendation "Trace Context" (level 1, 2021) writes it in the header `traceparent`:
 *
 *     00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *     version - trace id (16 bytes) - parent span id (8 bytes) - flags (bit 0: sampled)
 *
 * An envelope carries the text as it is, so that what passes through costs no parsing. `tracestate` is not carried.
 */

declare const brand: unique symbol;

/** A checked `traceparent` of version 00. */
export type Traceparent = string & { readonly [brand]: 'Traceparent' };

/** The parts of a trace context. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Section 3.2: version, trace id, parent id, flags; a version above 00 may have more behind another dash. */
const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** A header of a later version may be longer; beyond this it is not worth reading. */
const MAX_LENGTH = 512;
const OURS = /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/;

/** The parts of a `traceparent`; undefined when it is not one, which by section 3.2.4 means: as if there were none. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = pattern.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes a `traceparent`. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): Traceparent {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}` as Traceparent;
}

/** A `traceparent` from outside in the form that envelopes carry; undefined when it is malformed. */
export function readTraceparent(text: unknown): Traceparent | undefined {
  const context = parseTraceparent(text);
  if (context === undefined) return undefined;
  // What comes from our own side is in form already, and there is much of it.
  return OURS.test(text as string) ? (text as Traceparent) : formatTraceparent(context);
}
