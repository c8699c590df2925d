/** Traces that a command takes part in: one that it is handed, or one that it begins. */
import { randomBytes } from 'node:crypto';
import { Option } from 'commander';
import { SkepError } from '#protocols/wire/error';
import { formatTraceparent, readTraceparent } from '#protocols/wire/trace-context';

/** What {@link traceOptions} set. */
export interface TraceFlags {
  readonly trace?: boolean;
  readonly traceparent?: string;
}

/** The options, for commands that send something. */
export function traceOptions(): readonly Option[] {
  return [
    new Option('--trace', 'begin a trace and tell its id'),
    new Option('--traceparent <header>', 'make it part of this W3C trace').conflicts('trace'),
  ];
}

/** The trace that the options ask for; `note` hears of one that begins. @throws SkepError BAD_USAGE. */
export function traceOf(flags: TraceFlags, note: (text: string) => void): string | undefined {
  if (flags.trace === true) {
    const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    note(`trace ${traceId}`);
    return formatTraceparent({ traceId, spanId, sampled: true });
  }
  if (flags.traceparent === undefined) return undefined;
  const traceparent = readTraceparent(flags.traceparent);
  if (traceparent !== undefined) return traceparent;
  throw new SkepError(
    'BAD_USAGE',
    `--traceparent: "${flags.traceparent}" is none; expected 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, not all zero`,
  );
}
