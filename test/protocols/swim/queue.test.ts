/** What is told to everybody: its order, its limits, and what becomes of older words about the same member. */
import { enqueue, newQueue, retransmitLimit, takeBroadcasts } from '#protocols/swim/queue';
import fc from 'fast-check';
import t from 'tap';
import { Group, suspect } from './group.js';

const bytes = (length: number): Uint8Array => new Uint8Array(length);
const ignore = (): void => undefined;

t.test('retransmit cap λ·log(N+1): the table of memberlist', (t) => {
  t.same(
    [0, 1, 2, 9, 10, 99, 100, 999].map((n) => retransmitLimit(4, n)),
    [0, 4, 4, 4, 8, 8, 12, 12],
  );
  t.end();
});

t.test('retransmit cap: a message is taken so often and no more, and its end is told once', (t) => {
  const queue = newQueue();
  enqueue(queue, 'm', bytes(10));
  const finished: string[] = [];
  let taken = 0;
  for (let round = 0; round < 20; round += 1)
    taken += takeBroadcasts(queue, 1_000, 8, (about) => finished.push(about)).length;
  t.equal(taken, 8);
  t.same(finished, ['m']);
  t.equal(queue.byMember.size, 0);
  t.end();
});

t.test('retransmit cap: when the group has shrunk meanwhile nothing is sent beyond the new one', (t) => {
  const queue = newQueue();
  enqueue(queue, 'm', bytes(10));
  for (let round = 0; round < 6; round += 1) takeBroadcasts(queue, 1_000, 8, ignore);
  t.same(takeBroadcasts(queue, 1_000, 4, ignore), []);
  t.equal(queue.byMember.size, 0);
  t.end();
});

t.test('sent least goes first, then the largest, then the youngest, and whatever still fits is taken', (t) => {
  const queue = newQueue();
  const messages = { old: bytes(50), large: bytes(90), small: bytes(20), young: bytes(50) };
  for (const [about, message] of Object.entries(messages)) enqueue(queue, about, message);
  const names = (taken: readonly Uint8Array[]): readonly string[] =>
    taken.map((message) => Object.entries(messages).find(([, one]) => one === message)?.[0] ?? '?');
  t.same(names(takeBroadcasts(queue, 120, 4, ignore)), ['large', 'small'], 'a length is a byte more each');
  t.same(names(takeBroadcasts(queue, 1_000, 4, ignore)), ['young', 'old', 'large', 'small']);
  t.end();
});

t.test('a newer message about a member invalidates the older one, and is as good as never sent', (t) => {
  const queue = newQueue();
  enqueue(queue, 'm', bytes(10));
  takeBroadcasts(queue, 1_000, 4, ignore);
  const newer = bytes(11);
  enqueue(queue, 'm', newer);
  t.same(
    [...queue.byMember.values()].map(({ encoded, transmits }) => [encoded, transmits]),
    [[newer, 0]],
  );
  t.end();
});

t.test('never more bytes than there is room for, and never a message twice in one packet', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 40 }), fc.nat(1_500), (sizes, room) => {
      const queue = newQueue();
      for (const [index, size] of sizes.entries()) enqueue(queue, `m${index}`, bytes(size));
      for (let round = 0; round < 4; round += 1) {
        const taken = takeBroadcasts(queue, room, 3, ignore);
        const used = taken.reduce((sum, { length }) => sum + length + (length < 128 ? 1 : 2), 0);
        if (used > room || new Set(taken).size !== taken.length) return false;
      }
      return true;
    }),
  );
  t.end();
});

t.test('gossip falls silent: after one change each node has sent it so often at most, and then only pings', (t) => {
  const group = new Group();
  const names = Array.from({ length: 12 }, (_, index) => `n${index + 1}`);
  group.together(...names);
  group.run(10_000);
  group.forget();
  group.receive('@n1', suspect('n1', 1, 'n2'));
  group.run(15_000);
  for (const name of names) {
    const told = group.sent
      .filter(({ from, stream }) => from === `@${name}` && !stream)
      .flatMap(({ messages }) => messages.filter(({ type }) => type === 'alive'));
    t.ok(told.length <= retransmitLimit(4, 12), `${name} told it ${told.length} times`);
  }
  t.end();
});
