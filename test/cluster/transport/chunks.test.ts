/** The large lane as scenarios: what is lost is sent again, what is broken is refused, and everything is bounded. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import {
  CHUNK_PAYLOAD_BYTES,
  decodeAck,
  decodeChunk,
  encodeAck,
  encodeChunk,
  type Chunk,
} from '#cluster/transport/chunks';
import { MAX_FRAME_BYTES } from '#cluster/transport/port';
import { bob, digests, Line, sample } from './line.js';

t.test('a chunk with its header is never larger than a frame, and reads back as it was written', async (t) => {
  const chunk: Chunk = {
    from: { node: 'n'.repeat(64), executor: 9_999 },
    session: 1_790_000_000_000,
    base: 3,
    message: 4,
    index: 0,
    count: 2,
    totalBytes: CHUNK_PAYLOAD_BYTES + 1,
    digest: randomBytes(32),
    payload: randomBytes(CHUNK_PAYLOAD_BYTES),
  };
  const bytes = encodeChunk(chunk);
  t.equal(bytes.byteLength, MAX_FRAME_BYTES);
  const read = decodeChunk(bytes);
  t.ok(
    read !== undefined &&
      Buffer.from(read.payload).equals(chunk.payload) &&
      Buffer.from(read.digest).equals(chunk.digest),
  );
  t.match(read, {
    from: chunk.from,
    session: chunk.session,
    base: 3,
    message: 4,
    index: 0,
    count: 2,
    totalBytes: chunk.totalBytes,
  });
  const ack = { from: bob, session: 5, receiver: 6, message: 7, index: 8, verdict: 'refused' } as const;
  t.same(decodeAck(encodeAck(ack)), ack);
});

t.test('messages of every size around a chunk arrive whole', async (t) => {
  const line = new Line();
  const sizes = [0, 1, CHUNK_PAYLOAD_BYTES - 1, CHUNK_PAYLOAD_BYTES, CHUNK_PAYLOAD_BYTES + 1, 3 * CHUNK_PAYLOAD_BYTES];
  const sent = sizes.map((size) => sample(size));
  for (const message of sent) line.offer(message);
  line.settle();
  t.same(digests(line.delivered), digests(sent));
  t.match(line.sender.stats, { delivered: sizes.length, abandoned: 0, resentChunks: 0 });
  t.equal(line.receiver.heldBytes, 0);
  t.notOk(line.sender.busy);
});

t.test('at most a window of unacknowledged bytes is under way, and acknowledgements move it', async (t) => {
  const line = new Line({ windowBytes: 4 * CHUNK_PAYLOAD_BYTES });
  line.offer(sample(10 * CHUNK_PAYLOAD_BYTES));
  t.equal(line.chunks.length, 4);
  line.receiver.receive(line.chunks.shift() ?? new Uint8Array(), 0);
  line.sender.onAck(line.acks.shift() ?? new Uint8Array(), 0);
  t.equal(line.chunks.length, 4, 'one acknowledged, one more sent');
  line.settle();
  t.equal(line.delivered.length, 1);
});

t.test(
  'a lost chunk is sent again after its time-out, which doubles; the message behind it waits its turn',
  async (t) => {
    const line = new Line();
    const [first, second] = [sample(2 * CHUNK_PAYLOAD_BYTES, 1), sample(100, 2)];
    line.offer(first);
    line.offer(second);
    line.chunks.splice(0, 1);
    line.settle();
    t.equal(line.delivered.length, 0, 'the second is complete and waits for the first');
    line.pass(999);
    t.equal(line.chunks.length, 0);
    line.pass(1);
    t.equal(line.chunks.splice(0).length, 1, 'sent again, and lost again');
    line.pass(1_999);
    t.equal(line.chunks.length, 0);
    line.pass(1);
    line.settle();
    t.same(digests(line.delivered), digests([first, second]));
  },
);

t.test('a lost acknowledgement makes a duplicate chunk, which is counted and delivers nothing twice', async (t) => {
  const line = new Line();
  line.offer(sample(100));
  for (const chunk of line.chunks.splice(0)) line.receiver.receive(chunk, 0);
  line.acks.splice(0);
  line.pass(1_000);
  line.settle();
  t.equal(line.delivered.length, 1);
  t.match(line.receiver.stats, { delivered: 1, duplicate: 1 });
  t.match(line.sender.stats, { delivered: 1, resentChunks: 1 });
});

t.test('everything for a receiver that stays silent is given up; a later message begins a new session', async (t) => {
  const line = new Line();
  line.offer(sample(100, 1));
  line.offer(sample(100, 2));
  for (let i = 0; i < 150; i += 1) line.pass(100);
  t.match(line.sender.stats, { abandoned: 2, resentChunks: 6 });
  t.notOk(line.sender.busy);
  line.chunks.splice(0);
  line.offer(sample(100, 3));
  line.settle();
  t.same(digests(line.delivered), digests([sample(100, 3)]));
});

t.test('a receiver that acknowledges anything is never given up, however often one chunk is lost', async (t) => {
  const line = new Line({ windowBytes: 2 * CHUNK_PAYLOAD_BYTES });
  const message = sample(8 * CHUNK_PAYLOAD_BYTES);
  line.offer(message);
  const isFirst = (chunk: Uint8Array): boolean => decodeChunk(chunk)?.index === 0;
  for (let i = 0; i < 7; i += 1) {
    const [carried] = line.chunks.filter((chunk) => !isFirst(chunk));
    line.chunks.splice(0);
    if (carried !== undefined) line.receiver.receive(carried, line.nowMs);
    for (const ack of line.acks.splice(0)) line.sender.onAck(ack, line.nowMs);
    for (let step = 0; step < 10; step += 1) {
      line.pass(1_000);
      line.chunks.splice(1);
    }
  }
  for (let i = 0; i < 10; i += 1) {
    line.settle();
    line.pass(1_000);
  }
  t.same(digests(line.delivered), digests([message]));
  t.match(line.sender.stats, { abandoned: 0, delivered: 1 });
});

t.test('chunks of an earlier session that arrive late are stale', async (t) => {
  const line = new Line();
  line.offer(sample(2 * CHUNK_PAYLOAD_BYTES, 1));
  const late = line.chunks.splice(0);
  for (let i = 0; i < 16; i += 1) line.pass(1_000);
  line.chunks.splice(0);
  line.offer(sample(100, 2));
  line.settle();
  for (const chunk of late) line.receiver.receive(chunk, line.nowMs);
  t.equal(line.delivered.length, 1);
  t.equal(line.receiver.stats.stale, 2);
});

t.test('a receiver that restarts in the middle of a message gets the whole of it', async (t) => {
  const line = new Line();
  const message = sample(4 * CHUNK_PAYLOAD_BYTES);
  line.offer(sample(10));
  line.settle();
  line.offer(message);
  for (const chunk of line.chunks.splice(0, 2)) line.receiver.receive(chunk, 0);
  for (const ack of line.acks.splice(0)) line.sender.onAck(ack, 0);
  line.receiver = line.newReceiver(2);
  line.settle();
  t.same(digests(line.delivered), digests([sample(10), message]));
  t.match(line.sender.stats, { delivered: 2 });
});

t.test(
  'a message over the limit of the receiver is refused at its first chunk, and the next one is delivered',
  async (t) => {
    const line = new Line({}, { maxMessageBytes: 100_000 });
    line.offer(sample(200_000));
    line.offer(sample(300));
    line.settle();
    t.same(digests(line.delivered), digests([sample(300)]));
    t.match(line.sender.stats, { refused: 1, delivered: 1 });
    t.match(line.receiver.stats, { tooLarge: 1 });
    t.equal(line.receiver.heldBytes, 0);
  },
);

t.test('a message that does not match its hash is refused, never delivered', async (t) => {
  const line = new Line();
  line.offer(sample(2 * CHUNK_PAYLOAD_BYTES));
  line.offer(sample(5));
  const spoilt = line.chunks[0];
  if (spoilt !== undefined) spoilt[spoilt.byteLength - 1] = (spoilt[spoilt.byteLength - 1] ?? 0) ^ 1;
  line.settle();
  t.same(digests(line.delivered), digests([sample(5)]));
  t.match(line.sender.stats, { refused: 1 });
  t.match(line.receiver.stats, { mismatched: 1 });
});

t.test('the pieces of a sender that died are forgotten after the time limit', async (t) => {
  const line = new Line();
  line.offer(sample(3 * CHUNK_PAYLOAD_BYTES));
  for (const chunk of line.chunks.splice(0, 2)) line.receiver.receive(chunk, 0);
  t.equal(line.receiver.heldBytes, 2 * CHUNK_PAYLOAD_BYTES);
  line.receiver.tick(29_999);
  t.ok(line.receiver.busy);
  line.receiver.tick(30_000);
  t.match(line.receiver.stats, { expired: 1 });
  t.equal(line.receiver.heldBytes, 0);
  t.notOk(line.receiver.busy);
});

t.test('a receiver takes no more than its bounds: bytes held, messages beyond the missing one, peers', async (t) => {
  const full = new Line({}, { maxHeldBytes: CHUNK_PAYLOAD_BYTES });
  full.offer(sample(3 * CHUNK_PAYLOAD_BYTES));
  full.settle();
  t.equal(full.receiver.heldBytes, CHUNK_PAYLOAD_BYTES);
  t.equal(full.receiver.stats.refused, 2);

  const far = new Line({ maxMessagesUnderWay: 20 });
  for (let i = 0; i < 12; i += 1) far.offer(sample(10, i));
  far.chunks.splice(0, 1);
  far.settle();
  t.equal(far.receiver.stats.refused, 4, 'the missing one and seven beyond are taken of twelve');

  const crowd = new Line();
  for (let i = 0; i < 5; i += 1) {
    const options = {
      from: { node: `n${i}`, executor: 0 },
      emit: (_: unknown, chunk: Uint8Array) => crowd.receiver.receive(chunk, 0),
    };
    new Line(options).offer(sample(2 * CHUNK_PAYLOAD_BYTES));
  }
  t.equal(crowd.receiver.stats.refused, 2, 'both chunks of the fifth peer');
});
