/**
 * The section that says what a node tells of its work: `telemetry`.
 */
import * as z from 'zod';
import { option, whole } from '../option.js';

/** Most bytes of dead letters that one executor may keep: a quarter of a heap of ordinary size. */
const MAX_DEAD_LETTER_BYTES = 1_073_741_824;

function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.search === '' && url.hash === '';
}

export const telemetry = z.strictObject({
  traces: option(z.enum(['off', 'otlp']), {
    text: 'Whether spans of calls, casts and spawns are exported, as OTLP over HTTP. `off` costs nothing; trace contexts are passed on all the same.',
    default: 'off',
  }),
  endpoint: option(z.string().max(2048).refine(isHttpUrl), {
    text: 'Collector that the spans are sent to; `/v1/traces` is appended. Each executor sends its own.',
    form: 'a URL such as http://host:4318',
    default: 'http://127.0.0.1:4318',
    alias: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    secret: 'url',
  }),
  sampleRatio: option(z.number().min(0).max(1), {
    text: 'Share of new traces that are kept. What arrives with a trace context does as its sender did.',
    form: 'a number from 0 to 1, such as 0.1',
    default: 1,
  }),
  deadLetterBytes: option(whole(0, MAX_DEAD_LETTER_BYTES), {
    text: 'Payload of dead letters that each executor keeps for `skep dead-letters replay`; the oldest give way. 0 keeps none.',
    unit: 'bytes',
    default: 1_048_576,
  }),
});
