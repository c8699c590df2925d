/** What a server's headers say about when to come again. */
import { serverWaitMs } from '#actors/inference/providers/server-wait';
import t from 'tap';

const wallMs = Date.UTC(1994, 10, 6, 8, 49, 7);
const wait = (headers: Readonly<Record<string, string>>): number | undefined =>
  serverWaitMs((name) => headers[name], wallMs);

t.test('retry-after in seconds, and in milliseconds, which is exact', async (t) => {
  t.equal(wait({ 'retry-after': '120' }), 120_000);
  t.equal(wait({ 'retry-after': ' 1.5 ' }), 1_500);
  t.equal(wait({ 'retry-after': '2', 'retry-after-ms': '1250' }), 1_250);
});

t.test('retry-after as each of the three forms of an HTTP date', async (t) => {
  for (const date of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) {
    t.equal(wait({ 'retry-after': date }), 30_000, date);
  }
  t.equal(wait({ 'retry-after': 'Sun, 06 Nov 1994 08:00:00 GMT' }), 0, 'a date that is over');
});

t.test('a date counts from the clock of the server, not from ours', async (t) => {
  const headers = { 'retry-after': 'Sun, 06 Nov 1994 12:00:10 GMT', date: 'Sun, 06 Nov 1994 12:00:00 GMT' };
  t.equal(wait(headers), 10_000);
});

t.test('the limit of OpenAI that is used up decides; where none is, the longer one', async (t) => {
  const resets = { 'x-ratelimit-reset-requests': '12ms', 'x-ratelimit-reset-tokens': '6m0s' };
  t.equal(wait(resets), 360_000);
  t.equal(wait({ ...resets, 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-remaining-tokens': '5000' }), 12);
  t.equal(wait({ 'x-ratelimit-reset-tokens': '1h2m3.5s' }), 3_723_500);
  t.equal(wait({ 'x-ratelimit-reset-tokens': '59' }), 59_000, 'seconds, as Azure sends them');
  t.equal(wait({ 'retry-after': '1', ...resets }), 1_000, 'retry-after is said for this request');
});

t.test('what is no time says nothing', async (t) => {
  for (const value of ['', 'soon', '-1', '1e9', 'NaN', '99999999999999999', '5 minutes', 'Mon', '1m2']) {
    t.equal(wait({ 'retry-after': value, 'x-ratelimit-reset-requests': value }), undefined, JSON.stringify(value));
  }
});
