/** A bounded mailbox against its rule written out over an array: no policy loses a message without handing it back. */
import assert from 'node:assert/strict';
import { Mailbox, type OverflowPolicy } from '#runtime/mailbox/mailbox';
import fc from 'fast-check';
import t from 'tap';

const policies: readonly OverflowPolicy[] = ['reject', 'drop-newest', 'drop-oldest'];

t.test('a mailbox keeps its bound and hands back whatever gives way, for every policy', async () => {
  const options = fc.record({
    capacity: fc.integer({ min: 1, max: 8 }),
    policy: fc.constantFrom(...policies),
    highWater: fc.integer({ min: 0, max: 8 }),
    lowWater: fc.integer({ min: 0, max: 8 }),
  });
  const commands = fc.array(fc.option(fc.integer(), { nil: undefined }), { maxLength: 60 });
  fc.assert(
    fc.property(options, commands, (given, pushesAndShifts) => {
      const mailbox = new Mailbox<number>(given);
      const twin: number[] = [];
      const lowWater = Math.min(given.lowWater, given.highWater);
      let congested = false;
      for (const item of pushesAndShifts) {
        if (item === undefined) {
          assert.equal(mailbox.shift(), twin.shift());
        } else if (twin.length < given.capacity) {
          assert.deepEqual(mailbox.push(item), { accepted: true });
          twin.push(item);
        } else if (given.policy === 'drop-oldest') {
          assert.deepEqual(mailbox.push(item), { accepted: true, displaced: twin.shift() });
          twin.push(item);
        } else {
          assert.deepEqual(mailbox.push(item), { accepted: false, notify: given.policy === 'reject' });
        }
        assert.ok(mailbox.size <= given.capacity);
        assert.deepEqual([...mailbox], twin);
        if (twin.length > given.highWater) congested = true;
        else if (twin.length <= lowWater) congested = false;
        assert.equal(mailbox.congested, congested);
      }
      assert.deepEqual(mailbox.drain(), twin);
    }),
    { numRuns: 100 },
  );
});

t.test('without options: 10,000 messages, and senders wait above half of them', async (t) => {
  const mailbox = new Mailbox<number>();
  for (let item = 0; item < 5_000; item += 1) mailbox.push(item);
  t.notOk(mailbox.congested);
  mailbox.push(5_000);
  t.ok(mailbox.congested);
  for (let item = 5_001; item < 10_000; item += 1) mailbox.push(item);
  t.same(mailbox.push(10_000), { accepted: false, notify: true });
});
