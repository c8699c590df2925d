/**
 * The narrative of an audit: by a model where one answers in the form that was asked for, else from the counts; bounded
 * whatever the repository holds; and the result and its digest as they were.
 */
import fc from 'fast-check';
import t from 'tap';
import { narrativeFromCounts } from '#actors/audit/narrative/from-counts';
import { type AskNarrator, narrate } from '#actors/audit/narrative/narrate';
import { narrativeSchema, narrativeText } from '#actors/audit/narrative/narrative';
import { promptData, promptSizes } from '#actors/audit/narrative/prompt';
import { htmlReport } from '#actors/audit/report/html/page';
import { markdownReport } from '#actors/audit/report/markdown';
import { summarize } from '#actors/audit/report/summary';
import { SkepError } from '#protocols/wire/error';
import { account, describeRule, emptyResult, finding, hostilePaths } from '../report/sample.js';

const findings = [finding(), finding({ path: 'src/b.ts' }), finding({ rule: 'complexity/cognitive', severity: 'low' })];
const input = { result: { ...emptyResult, findings, files: 7 }, describeRule };
const usage = { input: 100, cached: 0, output: 20 };
const words = { headline: 'Two keys are public.', risks: [{ title: 'Keys', why: 'They open.' }], next: ['Revoke.'] };
const never = new AbortController().signal;
const answering =
  (text: string): AskNarrator =>
  () =>
    Promise.resolve({ model: 'tiny', text, usage });

/** Narrates, and gathers what was told of failures. */
async function narrated(ask: AskNarrator, more: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}) {
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  const narrative = await narrate(input, ask, { timeoutMs: 5_000, signal: never, onFailure, ...more });
  return { narrative, failures };
}

t.test('a model that answers in the form writes it, and its tokens are told', async (t) => {
  const { narrative, failures } = await narrated(answering(JSON.stringify(words)));
  t.match(narrative, { ...words, source: { type: 'model', model: 'tiny', usage } });
  t.same(failures, []);
});

t.test('what it is asked has the schema and a bound, and no tokens without end', async (t) => {
  const requests: Parameters<AskNarrator>[0][] = [];
  await narrated((request) => {
    requests.push(request);
    return answering(JSON.stringify(words))(request, never);
  });
  t.equal(requests.length, 1);
  t.match(requests[0], {
    schema: narrativeSchema,
    temperature: 0,
    maxTokens: Number,
    messages: [{ role: 'system' }, { role: 'user' }],
  });
});

const failing: readonly (readonly [what: string, ask: AskNarrator, reason: RegExp])[] = [
  ['no JSON', answering('Dear owner,'), /^BAD_ANSWER/],
  ['JSON of another form', answering('{"headline":"x"}'), /^BAD_ANSWER/],
  ['an empty headline', answering(JSON.stringify({ ...words, headline: ' ' })), /^BAD_ANSWER/],
  [
    'too many risks',
    answering(JSON.stringify({ ...words, risks: Array.from({ length: 9 }, () => words.risks[0]) })),
    /^BAD_ANSWER/,
  ],
  [
    'an error of the model',
    () => Promise.reject(new SkepError('MODEL_FAILED', '/home/me/x.gguf died')),
    /^MODEL_FAILED/,
  ],
  ['an error without a code', () => Promise.reject(new Error('/home/me')), /^INTERNAL/],
];
for (const [what, ask, reason] of failing) {
  t.test(`${what}: the counts speak, the report says why, and no path of this machine is in it`, async (t) => {
    const { narrative, failures } = await narrated(ask);
    t.equal(failures.length, 1, 'the person is told in full');
    t.match(narrative.source, { type: 'counts', reason });
    t.notMatch(JSON.stringify(narrative), '/home/me');
    t.match(narrative.headline, '3 findings in 7 files: 2 high, 0 medium, 1 low.');
  });
}

t.test('a model that is silent is left after the time; an interruption does not wait for it', async (t) => {
  const silent: AskNarrator = (_request, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new SkepError('CALL_CANCELLED', 'gone')), { once: true });
    });
  t.match((await narrated(silent, { timeoutMs: 20 })).narrative.source, {
    type: 'counts',
    reason: /no answer within 20 ms/,
  });
  const person = new AbortController();
  const interrupted = narrated(silent, { signal: person.signal });
  person.abort();
  const { narrative, failures } = await interrupted;
  t.match(narrative.source, { type: 'counts', reason: /interrupted/ });
  t.same(failures, [], 'nothing failed');
});

t.test('a context that is too small is given less, and at last the counts speak', async (t) => {
  const sizes: number[] = [];
  const small =
    (fits: number): AskNarrator =>
    (request, signal) => {
      const length = JSON.stringify(request.messages).length;
      sizes.push(length);
      return length > fits
        ? Promise.reject(new SkepError('CONTEXT_OVERFLOW', 'too long'))
        : answering(JSON.stringify(words))(request, signal);
    };
  await narrated(small(0));
  t.equal(sizes.length, promptSizes.length);
  t.ok(
    sizes.every((size, index) => index === 0 || size <= (sizes[index - 1] ?? 0)),
    sizes.join(' '),
  );
  const [, , least = 0] = sizes;
  t.match((await narrated(small(least))).narrative.source, { type: 'model' });
});

t.test('the prompt is bounded and printable, whatever the repository is called', async (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 500 }), fc.constantFrom(...hostilePaths));
  fc.assert(
    fc.property(fc.array(fc.record({ path: text, message: text, rule: text }), { maxLength: 200 }), (many) => {
      const result = { ...emptyResult, findings: many.map((one) => finding(one)) };
      for (const size of promptSizes) {
        const data = promptData({ result, describeRule: (id) => ({ ...describeRule(id), title: 'A title' }) }, size);
        t.ok(data.length < 40_000, `${data.length}`);
      }
      const { headline, risks, next } = narrativeFromCounts({ result, describeRule }, 'x');
      t.ok(narrativeText.safeParse({ headline, risks, next }).success, 'the counts keep to the form of a model');
    }),
    { numRuns: 30 },
  );
});

t.test('every report shows it escaped and says who wrote it; digest and findings are as without', async (t) => {
  const hostile = '<script>alert(1)</script> **bold** \u202e';
  const base = { ...input, account, repository: 'r', version: '1.0.0' };
  const source = { type: 'model', model: 'tiny', usage, durationMs: 1_200 } as const;
  const narrative = { headline: hostile, risks: [{ title: hostile, why: hostile }], next: [hostile], source };
  const [with_, without] = [{ ...base, narrative }, base].map((report) => ({
    html: htmlReport(report),
    markdown: markdownReport(report),
    summary: summarize(report),
  }));
  t.notMatch(with_?.html, '<script>alert');
  t.notMatch(with_?.markdown, /<script>|\*\*bold\*\*|\u202e/);
  for (const text of [with_?.html, with_?.markdown])
    t.match(text, /Written by the model tiny \\?\(100 tokens in, 20 out/);
  t.match(with_?.summary.narrative, { source: { usage } });
  t.equal(with_?.summary.digest, without?.summary.digest);
  t.same(with_?.summary.counts, without?.summary.counts);
  t.notMatch(without?.markdown, '## Summary');
  const counted = markdownReport({ ...base, narrative: narrativeFromCounts(input, 'no model was named') });
  t.match(counted, /Made from the counts \\\(no model was named\\\)/);
});
