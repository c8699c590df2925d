/** The reading end of a stream, alone: order, credit, and every way to stop. */
import assert from 'node:assert/strict';
import { SkepError } from '#protocols/wire/error';
import { STREAM_WINDOW, StreamReader } from '#runtime/executor/stream';
import fc from 'fast-check';
import t from 'tap';

const error = new SkepError('ACTOR_CRASHED', 'gone');

t.test('items come in order, then the end, however reads and items interleave', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (readsFirst) => {
      const reader = new StreamReader(
        () => {},
        () => {},
      );
      const reads: Promise<IteratorResult<unknown>>[] = [];
      let sent = 0;
      for (const read of readsFirst) {
        if (read) reads.push(reader.next());
        else reader.item(sent++);
      }
      reader.end();
      while (reads.length <= sent) reads.push(reader.next());
      const values = await Promise.all(reads);
      assert.deepEqual(
        values.filter(({ done }) => done !== true).map(({ value }) => value as unknown),
        Array.from({ length: sent }, (_, n) => n),
      );
    }),
    { numRuns: 100 },
  );
});

t.test('credit given back never exceeds what was read', async (t) => {
  let granted = 0;
  const reader = new StreamReader(
    (count) => {
      granted += count;
    },
    () => {},
  );
  for (let round = 1; round <= 10; round += 1) {
    for (let n = 0; n < STREAM_WINDOW / 2; n += 1) reader.item(n);
    for (let n = 0; n < STREAM_WINDOW / 2; n += 1) await reader.next();
    t.equal(granted, (round * STREAM_WINDOW) / 2);
  }
});

t.test('a sender that ignores its credit is cut off: the memory of a reader is bounded', async (t) => {
  let cancelled = 0;
  const reader = new StreamReader(
    () => {},
    () => (cancelled += 1),
  );
  for (let n = 0; n < 10 * STREAM_WINDOW; n += 1) reader.item(n);
  t.equal(cancelled, 1);
  let read = 0;
  await t.rejects(
    (async () => {
      for (let next = await reader.next(); next.done !== true; next = await reader.next()) read += 1;
    })(),
    { code: 'BAD_FRAME' },
  );
  t.equal(read, STREAM_WINDOW);
});

t.test('an error comes after the items before it, once; afterwards the stream is done', async (t) => {
  const reader = new StreamReader(
    () => {},
    () => {},
  );
  reader.item(1);
  reader.fail(error);
  reader.fail(new SkepError('INTERNAL', 'a second one'));
  t.same(await reader.next(), { done: false, value: 1 });
  await t.rejects(reader.next(), error);
  t.same(await reader.next(), { done: true, value: undefined });
});

t.test('of several who wait the first gets the error and the others the end', async (t) => {
  const reader = new StreamReader(
    () => {},
    () => {},
  );
  const [first, second] = [reader.next(), reader.next()];
  reader.fail(error);
  await t.rejects(first, error);
  t.equal((await second).done, true);
  t.equal((await reader.next()).done, true);
});

t.test('a reader that leaves tells the source once and reads no more', async (t) => {
  let cancelled = 0;
  const reader: StreamReader = new StreamReader(
    () => {},
    () => {
      cancelled += 1;
      reader.fail(new SkepError('CALL_CANCELLED', 'cancelled'));
    },
  );
  reader.item(1);
  await reader.return();
  reader.item(2);
  t.equal((await reader.next()).done, true);
  await reader.return();
  t.equal(cancelled, 1);
});
