/**
 * The large lane without a network: sender and receiver face each other over a list of bytes under way, which the tests
 * lose, repeat, reorder and spoil at will. Time is a number.
 */
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { ChunkReceiver, type ChunkReceiverOptions } from '#cluster/transport/chunk-receiver';
import { ChunkSender, type ChunkSenderOptions } from '#cluster/transport/chunk-sender';
import {
  CHUNK_PAYLOAD_BYTES,
  decodeAck,
  decodeChunk,
  encodeAck,
  encodeChunk,
  type Chunk,
} from '#cluster/transport/chunks';
import { MAX_FRAME_BYTES } from '#cluster/transport/port';

const alice = { node: 'alice', executor: 1 };
const bob = { node: 'bob', executor: 2 };

/** A sender, a receiver, and what is under way between them. */
class Line {
  readonly chunks: Uint8Array[] = [];
  readonly acks: Uint8Array[] = [];
  readonly delivered: Uint8Array[] = [];
  nowMs = 0;
  readonly sender: ChunkSender;
  receiver: ChunkReceiver;
  readonly #receiverOptions: Partial<ChunkReceiverOptions>;

  constructor(sender: Partial<ChunkSenderOptions> = {}, receiver: Partial<ChunkReceiverOptions> = {}) {
    this.#receiverOptions = receiver;
    this.sender = new ChunkSender({
      from: alice,
      life: 1,
      windowBytes: 1024 * 1024,
      maxMessagesUnderWay: 8,
      queueLimitBytes: 1e9,
      resendAfterMs: 1_000,
      giveUpAfterMs: 15_000,
      emit: (_, chunk) => this.chunks.push(chunk),
      ...sender,
    });
    this.receiver = this.newReceiver(1);
  }

  newReceiver(life: number): ChunkReceiver {
    return new ChunkReceiver({
      from: bob,
      life,
      maxMessageBytes: 64 * 1024 * 1024,
      maxAssembliesPerPeer: 8,
      maxHeldBytes: 1e9,
      maxPeers: 4,
      assemblyTimeoutMs: 30_000,
      deliver: (message) => this.delivered.push(message),
      acknowledge: (_, ack) => this.acks.push(encodeAck(ack)),
      ...this.#receiverOptions,
    });
  }

  offer(bytes: Uint8Array): boolean {
    return this.sender.offer(bob, bytes, this.nowMs);
  }

  /** Carries everything over until nothing is under way. */
  settle(): void {
    while (this.chunks.length + this.acks.length > 0) {
      for (const chunk of this.chunks.splice(0)) this.receiver.receive(chunk, this.nowMs);
      for (const ack of this.acks.splice(0)) this.sender.onAck(ack, this.nowMs);
    }
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.sender.tick(this.nowMs);
    this.receiver.tick(this.nowMs);
  }
}

function sample(bytes: number, seed = 1): Uint8Array {
  return new Uint8Array(bytes).map((_, i) => (i * 7 + seed * 13 + (i >> 8)) & 0xff);
}

function digests(messages: readonly Uint8Array[]): readonly string[] {
  return messages.map((message) => createHash('sha256').update(message).digest('hex'));
}

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

t.test(
  'whatever is lost, repeated or reordered: once the line is sound, all messages arrive once and in order',
  async (t) => {
    const fate = fc.constantFrom('carry', 'lose', 'repeat', 'hold');
    const script = fc.record({
      sizes: fc.array(fc.integer({ min: 0, max: 4 * CHUNK_PAYLOAD_BYTES }), { minLength: 1, maxLength: 12 }),
      steps: fc.array(
        fc.record({ fate, place: fc.nat(1_000), ack: fc.boolean(), ms: fc.constantFrom(0, 0, 300, 2_000) }),
        { maxLength: 120 },
      ),
    });
    fc.assert(
      fc.property(script, ({ sizes, steps }) => {
        const line = new Line(
          { giveUpAfterMs: 1e12, windowBytes: 5 * CHUNK_PAYLOAD_BYTES },
          { assemblyTimeoutMs: 1e12 },
        );
        const sent = sizes.map((size, i) => sample(size, i));
        for (const message of sent) line.offer(message);
        for (const step of steps) misbehave(line, step);
        for (let i = 0; i < 400 && line.sender.busy; i += 1) {
          line.settle();
          line.pass(8_000);
        }
        const [got, expected] = [digests(line.delivered), digests(sent)];
        return (
          got.length === expected.length &&
          got.every((digest, i) => digest === expected[i]) &&
          line.receiver.heldBytes === 0
        );
      }),
      { numRuns: 150 },
    );
    t.pass('150 runs');
  },
);

t.test('spoilt bytes and garbage never make the receiver throw or deliver what was not sent', async (t) => {
  const spoil = fc.record({
    chunk: fc.nat(50),
    at: fc.nat(60_000),
    flip: fc.integer({ min: 1, max: 255 }),
    cut: fc.boolean(),
  });
  let rejected = 0;
  fc.assert(
    fc.property(
      fc.array(spoil, { maxLength: 30 }),
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }),
      (spoils, garbage) => {
        const line = new Line();
        const sent = [sample(3 * CHUNK_PAYLOAD_BYTES, 1), sample(70, 2), sample(CHUNK_PAYLOAD_BYTES + 9, 3)];
        for (const message of sent) line.offer(message);
        for (const { chunk, at, flip, cut } of spoils) {
          const bytes = line.chunks[chunk % line.chunks.length] ?? new Uint8Array();
          // Half of the time within the header, where it hurts most.
          const place = at % (flip % 2 === 0 ? 80 : bytes.byteLength);
          bytes[place] = (bytes[place] ?? 0) ^ flip;
          if (cut) line.chunks[chunk % line.chunks.length] = bytes.subarray(0, place);
        }
        for (const bytes of garbage) {
          line.chunks.push(bytes);
          line.acks.push(bytes);
        }
        line.settle();
        line.pass(40_000);
        const known = new Set(digests(sent));
        const { malformed, mismatched, stale, expired, refused, tooLarge } = line.receiver.stats;
        rejected += malformed + mismatched + stale + expired + refused + tooLarge;
        return digests(line.delivered).every((digest) => known.has(digest));
      },
    ),
    { numRuns: 300 },
  );
  t.ok(rejected > 100, 'the spoilt ones were seen and counted');
});

interface Misbehaviour {
  readonly fate: 'carry' | 'lose' | 'repeat' | 'hold';
  readonly place: number;
  readonly ack: boolean;
  readonly ms: number;
}

/** Does one thing to one of the chunks or acknowledgements under way, then lets time pass. */
function misbehave(line: Line, step: Misbehaviour): void {
  const list = step.ack ? line.acks : line.chunks;
  const place = list.length === 0 ? 0 : step.place % list.length;
  const bytes = step.fate === 'repeat' || step.fate === 'hold' ? list[place] : list.splice(place, 1)[0];
  if (bytes !== undefined && (step.fate === 'carry' || step.fate === 'repeat')) {
    if (step.ack) line.sender.onAck(bytes, line.nowMs);
    else line.receiver.receive(bytes, line.nowMs);
  }
  line.pass(step.ms);
}
