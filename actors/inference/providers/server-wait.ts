/**
 * How long a server asks to be left alone, from the headers of its refusal: `retry-after` in seconds or as an HTTP date
 * (RFC 9110, sections 10.2.3 and 5.6.7), `retry-after-ms`, which OpenAI and Azure send, and OpenAI's `x-ratelimit-reset-*`
 * in the durations of Go ("6m0s", "12ms") or, at Azure, in plain seconds.
 */

/** A header by its name in lower case. */
export type HeaderOf = (name: string) => string | undefined;

/** Milliseconds to wait; undefined where the headers do not say. `wallMs` is the time of day. */
export function serverWaitMs(header: HeaderOf, wallMs: number): number | undefined {
  const exact = decimal(header('retry-after-ms'));
  if (exact !== undefined) return exact;
  return retryAfterMs(header('retry-after'), header('date'), wallMs) ?? resetMs(header);
}

function retryAfterMs(value: string | undefined, sentAt: string | undefined, wallMs: number): number | undefined {
  const seconds = decimal(value);
  if (seconds !== undefined) return seconds * 1_000;
  const until = httpDateMs(value);
  if (until === undefined) return undefined;
  // Against the clock of the server where it shows it: ours may be off by more than the wait.
  return Math.max(0, until - (httpDateMs(sentAt) ?? wallMs));
}

/** The limit that is used up decides; where none is marked as used up, the longer of the two is the safe one. */
function resetMs(header: HeaderOf): number | undefined {
  const limits = ['requests', 'tokens'].flatMap((unit) => {
    const resets = durationMs(header(`x-ratelimit-reset-${unit}`));
    return resets === undefined ? [] : [{ resets, left: decimal(header(`x-ratelimit-remaining-${unit}`)) }];
  });
  const usedUp = limits.filter(({ left }) => left === 0);
  const deciding = usedUp.length > 0 ? usedUp : limits;
  return deciding.length === 0 ? undefined : Math.max(...deciding.map(({ resets }) => resets));
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of a duration as Go prints it, or of plain seconds. */
function durationMs(value: string | undefined): number | undefined {
  const seconds = decimal(value);
  if (seconds !== undefined) return seconds * 1_000;
  const text = value?.trim() ?? '';
  if (!/^(\d+(\.\d+)?(ms|[hms]))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
}

function decimal(value: string | undefined): number | undefined {
  const text = value?.trim() ?? '';
  return /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

/** The three forms of an HTTP date; the third has no zone and means GMT. */
function httpDateMs(value: string | undefined): number | undefined {
  const text = value?.trim() ?? '';
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
