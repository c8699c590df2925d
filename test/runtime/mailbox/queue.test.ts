/** The ring against a plain array, which is slow and obviously right. */
import assert from 'node:assert/strict';
import { Queue } from '#runtime/mailbox/queue';
import fc from 'fast-check';
import t from 'tap';

type Command = { readonly type: 'push'; readonly item: number } | { readonly type: 'shift' | 'drain' | 'look' };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('push'), item: fc.integer() }) },
  { weight: 4, arbitrary: fc.constant<Command>({ type: 'shift' }) },
  { weight: 1, arbitrary: fc.constantFrom<Command>({ type: 'drain' }, { type: 'look' }) },
);

t.test('a queue gives what an array gives, however pushes and shifts interleave', async () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const queue = new Queue<number>();
      let twin: number[] = [];
      for (const next of commands) {
        switch (next.type) {
          case 'push':
            queue.push(next.item);
            twin.push(next.item);
            break;
          case 'shift':
            assert.equal(queue.shift(), twin.shift());
            break;
          case 'drain':
            assert.deepEqual(queue.drain(), twin);
            twin = [];
            break;
          case 'look':
            assert.deepEqual([...queue], twin);
            break;
        }
        assert.equal(queue.size, twin.length);
      }
    }),
    { numRuns: 60 },
  );
});

t.test('undefined is an item like any other when a queue is drained', async (t) => {
  const queue = new Queue<number | undefined>();
  for (const item of [1, undefined, 2]) queue.push(item);
  t.same(queue.drain(), [1, undefined, 2]);
  t.equal(queue.size, 0);
});
