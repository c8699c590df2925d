/** A queue with levels against a plain array that is sorted anew each time. */
import assert from 'node:assert/strict';
import { priorityNumber, ruledPriority } from '#runtime/mailbox/priority';
import { PriorityQueue } from '#runtime/mailbox/priority-queue';
import fc from 'fast-check';
import t from 'tap';

interface Item {
  readonly n: number;
  readonly priority: number;
}

t.test('higher priorities go first, each in the order of arrival, however pushes and shifts interleave', async () => {
  const command = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(-2, -1, 0, 0, 1, 7) },
    { weight: 3, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constant('spare' as const) },
    { weight: 1, arbitrary: fc.constant('drain' as const) },
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const queue = new PriorityQueue<Item>();
      let twin: Item[] = [];
      let n = 0;
      for (const next of commands) {
        if (next === 'shift') assert.equal(queue.shift(), twin.shift());
        else if (next === 'spare') {
          const lowest = Math.min(...twin.map(({ priority }) => priority));
          const oldest = twin.find(({ priority }) => priority === lowest);
          assert.equal(queue.shiftLowest(), oldest);
          twin = twin.filter((item) => item !== oldest);
        } else if (next === 'drain') {
          assert.deepEqual(queue.drain(), twin);
          twin = [];
        } else {
          const item = { n: n++, priority: next };
          queue.push(item, next);
          twin = [...twin, item].sort((a, b) => b.priority - a.priority || a.n - b.n);
        }
        assert.equal(queue.size, twin.length);
        assert.deepEqual([...queue], twin);
      }
    }),
    { numRuns: 200 },
  );
});

t.test('priorities have names and bounds, and a rule that gives none makes a message normal', async (t) => {
  t.same(['low', 'normal', 'high', -100, 100].map(priorityNumber as (value: unknown) => number), [-1, 0, 1, -100, 100]);
  for (const bad of ['urgent', 'constructor', 101, 0.5, Number.NaN] as never[])
    t.throws(() => priorityNumber(bad), { code: 'BAD_USAGE', message: /expected low, normal, high/ });
  t.equal(
    ruledPriority((name) => (name === 'n' ? 3 : 0), 'n', null),
    3,
  );
  t.equal(
    ruledPriority(() => Number.NaN, 'n', null),
    0,
  );
  t.equal(
    ruledPriority(
      () => {
        throw new Error('a rule of a user');
      },
      'n',
      null,
    ),
    0,
  );
});
