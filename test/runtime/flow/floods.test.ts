/** Producers a hundred times faster than their consumers, on one thread and across two. */
import t from 'tap';
import { deadLetters, threadSystem } from '../support.js';
import { expectedIds, figures, flood, type Place } from './flood.js';

t.setTimeout(120_000);

const COUNT = 15_000;
/** The mailbox of the consumer: 1,000 messages, senders wait above 500; the only sender has a window of 250. */
const CAPACITY = 1_000;
const HIGH_WATER = 500;
const WINDOW = 250;
/** What may wait for credit in one channel. */
const CHANNEL = 10_000;

for (const [where, from, to] of [
  ['on one thread', 1, 1],
  ['across threads', 1, 2],
] as const) {
  t.test(`a flood ${where}`, async (t) => {
    const system = await threadSystem(t, ['flow']);
    const place: Place = { system, systems: [system], producer: { executor: from }, consumer: { executor: to } };

    await t.test(`${where}: of a producer that waits for drained nothing is refused, nothing lost`, async (t) => {
      const seen = await flood(place, COUNT, true);
      t.comment(figures(seen));
      t.same(seen.refused, []);
      t.same(seen.ids, expectedIds(COUNT, []));
      t.ok(seen.mailbox <= HIGH_WATER + WINDOW, `${seen.mailbox} in the mailbox`);
      t.ok(seen.waits > 10, 'it is a flood');
      t.ok(seen.waiting <= 1, `${seen.waiting} waiting for credit`);
      t.ok(seen.heapMiB < 64, `${seen.heapMiB} MiB`);
      t.same(await deadLetters(system), {});
    });

    await t.test(
      `${where}: of a producer that never waits all is handled that was not refused, within bounds`,
      async (t) => {
        const seen = await flood(place, COUNT, false);
        t.comment(figures(seen));
        t.same(seen.ids, expectedIds(COUNT, seen.refused));
        t.ok(seen.refused.length > 0, 'it is a flood');
        t.equal((await deadLetters(system))['mailbox-full'], seen.refused.length, 'each refusal is counted');
        t.ok(seen.mailbox <= CAPACITY + WINDOW, `${seen.mailbox} in the mailbox`);
        t.ok(seen.waiting <= CHANNEL, `${seen.waiting} waiting for credit`);
        t.ok(seen.heapMiB < 64, `${seen.heapMiB} MiB`);
        t.ok(seen.besides <= 2 * 64, `a neighbour waits for two turns of the flood at most: ${seen.besides} messages`);
        t.equal(seen.waited, 0, 'no round trip waits for the flood that was sent before it');
        if (from === to) return;
        t.ok(seen.waiting > CHANNEL / 2);
        t.ok(seen.overtook > 0);
      },
    );
  });
}
