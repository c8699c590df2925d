/** Dead letters under a flood: all are counted, few are kept, and their payloads within a bound. */
import { formatAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { DeadLetters, payloadOf } from '#runtime/telemetry/dead-letters';
import { type LogFacts, type Logger, silentLogger } from '#runtime/telemetry/log';
import t from 'tap';

const to = formatAddress({ node: 'a', incarnation: 'i1', executor: 0, serial: 17 });
const cast = (name: string, message: unknown = name): Envelope => ({ kind: 'cast', to, from: to, name, message });

t.test('a flood of dead letters is counted in full and kept in part, the latest last', async (t) => {
  const letters = new DeadLetters({ prefix: 'a@i1/0' });
  for (let n = 0; n < 1_000; n += 1) letters.add('mailbox-full', cast(`m${n}`));
  letters.add('no-route', cast('last'));
  const { counts, latest } = letters.report();
  t.same(counts, { 'mailbox-full': 1_000, 'no-route': 1 });
  t.equal(latest.length, 100);
  t.match(latest.at(-1), { id: 'a@i1/0#1001', name: 'last', kind: 'cast', to, from: to, replayed: false });
  t.equal(letters.kept().length, 1_000, 'a listing reaches further back than a report');
  t.equal(letters.counted('late-reply'), 0);
});

t.test('payloads of dead casts never take more than their bound, and the oldest give way', async (t) => {
  const letters = new DeadLetters({ keepBytes: 4_096 });
  for (let n = 0; n < 50; n += 1) letters.add('no-such-actor', cast('n', { n, filler: 'x'.repeat(500) }));
  const kept = letters.kept().filter(({ payload }) => payload !== undefined);
  const bytes = kept.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0);
  t.ok(kept.length >= 2 && bytes <= 4_096, `${kept.length} payloads of ${bytes} bytes`);
  t.same(
    kept.map((one) => (payloadOf(one) as { readonly n: number }).n),
    Array.from({ length: kept.length }, (_, index) => 49 - index),
    'the newest',
  );
  t.ok(letters.kept().every(({ letter, payload }) => letter.bytes === payload?.length));
  letters.add('no-such-actor', cast('large', 'x'.repeat(5_000)));
  t.equal(letters.kept()[0]?.payload, undefined, 'one that exceeds the bound alone is not kept');
  t.equal(letters.kept().filter(({ payload }) => payload !== undefined).length, kept.length, 'nor costs the others');
});

t.test('what is no cast or no plain data is listed without a payload, and a bound of 0 keeps none', async (t) => {
  const letters = new DeadLetters();
  letters.add(
    'unencodable',
    cast('f', () => 1),
  );
  letters.add('late-reply', { kind: 'reply', to, id: 1, value: 'secret' });
  letters.add('bad-frame');
  t.ok(letters.kept().every(({ payload }) => payload === undefined));
  t.same(
    letters.kept().map(({ letter }) => letter.kind),
    ['frame', 'reply', 'cast'],
  );
  const none = new DeadLetters({ keepBytes: 0 });
  none.add('no-route', cast('n'));
  t.equal(none.kept()[0]?.payload, undefined);
});

t.test('a flood of dead letters logs a sample, and never a payload', async (t) => {
  const lines: LogFacts[] = [];
  const log: Logger = { ...silentLogger, info: (_event, facts = {}) => void lines.push(facts) };
  const letters = new DeadLetters({ log });
  for (let n = 0; n < 5_000; n += 1) letters.add('mailbox-full', cast('n', 'a secret'));
  letters.add('expired', cast('n', 'a secret'));
  t.equal(lines.length, 10 + 5 + 1, 'ten of the first, one of a thousand, and the first of the other reason');
  t.same(lines.at(-2), { reason: 'mailbox-full', to, name: 'n', count: 5_000 });
  t.notMatch(JSON.stringify(lines), /secret/);
});
