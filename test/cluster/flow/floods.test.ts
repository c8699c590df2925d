/** Producers a hundred times faster than their consumers on another node, over a real nats-server. */
import { withNats } from '#test/support/nats';
import t from 'tap';
import { expectedIds, figures, flood, type Place } from '../../runtime/flow/flood.js';
import { deadLetters } from '../../runtime/support.js';
import { twoNodes } from './support.js';

t.setTimeout(120_000);

const COUNT = 12_000;
/** The mailbox of the consumer: 1,000 messages, senders wait above 500; the only sender has a window of 250. */
const CAPACITY = 1_000;
const HIGH_WATER = 500;
const WINDOW = 250;
const CHANNEL = 10_000;

t.test('a flood across two nodes', async (t) => {
  const { url } = await withNats(t);
  const { a, b } = await twoNodes(t, url);
  const place: Place = {
    system: a.system,
    systems: [a.system, b.system],
    producer: { executor: 1 },
    consumer: { node: 'b', executor: 1 },
  };

  await t.test('across nodes: of a producer that waits for drained nothing is refused, nothing lost', async (t) => {
    const seen = await flood(place, COUNT, true);
    t.comment(figures(seen));
    t.same(seen.refused, []);
    t.same(seen.ids, expectedIds(COUNT, []));
    t.ok(seen.waits > 100, 'it is a flood');
    t.ok(seen.mailbox <= HIGH_WATER + WINDOW, `${seen.mailbox} in the mailbox`);
    t.ok(seen.waiting <= 1, `${seen.waiting} waiting for credit`);
    t.ok(seen.heapMiB < 64, `${seen.heapMiB} MiB`);
    t.same([await deadLetters(a.system), await deadLetters(b.system)], [{}, {}]);
  });

  await t.test(
    'across nodes: of a producer that never waits all is handled that was not refused, within bounds',
    async (t) => {
      const seen = await flood(place, COUNT, false);
      t.comment(figures(seen));
      t.same(seen.ids, expectedIds(COUNT, seen.refused));
      t.ok(seen.refused.length > 0, 'it is a flood');
      t.equal((await deadLetters(a.system))['mailbox-full'], seen.refused.length, 'each refusal is counted');
      t.ok(seen.mailbox <= CAPACITY + WINDOW, `${seen.mailbox} in the mailbox`);
      t.ok(seen.waiting > CHANNEL / 2 && seen.waiting <= CHANNEL, `${seen.waiting} waiting for credit`);
      t.ok(seen.heapMiB < 64, `${seen.heapMiB} MiB`);
      t.ok(seen.besides <= 2 * 64, `a neighbour waits for two turns of the flood at most: ${seen.besides} messages`);
      t.ok(seen.overtook > 0);
      t.equal(seen.waited, 0, 'no round trip waits for the flood that was sent before it');
    },
  );
});
