/** The large lane against a line that does its worst: properties over random mishaps. */
import fc from 'fast-check';
import t from 'tap';
import { CHUNK_PAYLOAD_BYTES } from '#cluster/transport/chunks';
import { digests, Line, sample } from './line.js';

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
