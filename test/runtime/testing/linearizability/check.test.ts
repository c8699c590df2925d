// The linearizability checker on histories of textbooks, on histories made by an atomic map, and beside its dumb twin.
import fc from 'fast-check';
import t from 'tap';
import {
  checkLinearizable,
  describeAccount,
  mapOf,
  type MapInput,
  type Operation,
  registerOf,
  type RegisterInput,
  type RegisterOutput,
} from '#runtime/testing/linearizability/index';
import { Random } from '#runtime/testing/random';
import { atomicHistory, type Made } from './atomic.js';
import { bruteForce } from './brute.js';

type Short = Operation<RegisterInput, RegisterOutput>;

const unknown = Symbol('unknown');

function write(client: number, value: number, callAt: number, replyAt?: number): Short {
  const reply = replyAt === undefined ? undefined : { at: replyAt, output: null };
  return { client, input: { type: 'write', value }, callAt, reply };
}

function read(client: number, value: number | null, callAt: number, replyAt: number): Short {
  return { client, input: { type: 'read' }, callAt, reply: { at: replyAt, output: value } };
}

function cas(
  client: number,
  [from, to]: readonly [number | null, number],
  output: boolean | typeof unknown,
  callAt: number,
  replyAt = 0,
): Short {
  const reply = output === unknown ? undefined : { at: replyAt, output };
  return { client, input: { type: 'cas', from, to }, callAt, reply };
}

const textbook: readonly (readonly [string, boolean, readonly Short[]])[] = [
  ['no operation at all', true, []],
  ['a read of the value at the start', true, [read(1, null, 1, 2)]],
  ['a read of a value that nobody wrote', false, [read(1, 7, 1, 2)]],
  ['a read after a write', true, [write(1, 1, 1, 2), read(2, 1, 3, 4)]],
  ['a stale read after a write', false, [write(1, 1, 1, 2), read(2, null, 3, 4)]],
  ['a read beside a write, of the old value', true, [write(1, 1, 1, 4), read(2, null, 2, 3)]],
  ['a read beside a write, of the new value', true, [write(1, 1, 1, 4), read(2, 1, 2, 3)]],
  [
    'two reads beside a write, first the new and then the old value',
    false,
    [write(1, 1, 1, 8), read(2, 1, 2, 3), read(2, null, 4, 5)],
  ],
  [
    'Herlihy and Wing, figure 1: overlapping writes seen in one order by all',
    true,
    [write(1, 1, 1, 4), write(2, 2, 2, 5), read(3, 1, 6, 7), read(3, 1, 8, 9)],
  ],
  [
    'overlapping writes seen in two orders',
    false,
    [write(1, 1, 1, 4), write(2, 2, 2, 5), read(3, 1, 6, 7), read(4, 2, 8, 9), read(3, 1, 10, 11)],
  ],
  ['a write without a reply that is seen later', true, [write(1, 1, 1), read(2, null, 2, 3), read(2, 1, 4, 5)]],
  ['a write without a reply that is never seen', true, [write(1, 1, 1), read(2, null, 2, 3), read(2, null, 4, 5)]],
  [
    'a write without a reply that is seen and then is not',
    false,
    [write(1, 1, 1), read(2, 1, 2, 3), read(2, null, 4, 5)],
  ],
  ['a write without a reply that is seen before its call', false, [read(2, 1, 1, 2), write(1, 1, 3)]],
  ['two compare and set, one of which wins', true, [cas(1, [null, 1], true, 1, 4), cas(2, [null, 2], false, 2, 5)]],
  ['two compare and set that both win', false, [cas(1, [null, 1], true, 1, 4), cas(2, [null, 2], true, 2, 5)]],
  [
    'a compare and set without a reply that lets another win',
    true,
    [cas(1, [null, 1], unknown, 1), cas(2, [1, 2], true, 2, 5)],
  ],
  ['two operations that touch at one moment overlap', true, [write(1, 1, 1, 2), read(2, null, 2, 3)]],
];

t.test('linearizability checker: the textbook histories of a register', async (t) => {
  for (const [name, linearizable, history] of textbook) {
    const { verdict } = checkLinearizable(registerOf(), history);
    t.equal(verdict, linearizable ? 'linearizable' : 'refused', name);
    t.equal(bruteForce(registerOf(), history), linearizable, `${name}, by the twin`);
  }
});

t.test('linearizability checker: a history of an atomic map is accepted, whatever the interleaving', async () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.record({
        clients: fc.integer({ min: 1, max: 6 }),
        operations: fc.integer({ min: 1, max: 60 }),
        keys: fc.integer({ min: 1, max: 3 }),
        lost: fc.constantFrom(0, 0.1, 0.4),
      }),
      (seed, making) => {
        const history = atomicHistory(seed, making).map(({ operation }) => operation);
        return checkLinearizable(mapOf(), history).verdict === 'linearizable';
      },
    ),
    { numRuns: 300 },
  );
});

t.test('linearizability checker: one planted stale read is refused', async (t) => {
  let planted = 0;
  for (let seed = 1; seed <= 300; seed += 1) {
    const made = atomicHistory(seed, { clients: 4, operations: 40, keys: 2, lost: 0.1 });
    const history = plantStaleRead(made, new Random(seed, 78));
    if (history === undefined) continue;
    planted += 1;
    const verdict = checkLinearizable(mapOf(), history);
    t.equal(verdict.verdict, 'refused', `seed ${seed}`);
    if (verdict.verdict === 'refused')
      t.ok(describeAccount(verdict.account).some((line) => line.includes('cannot follow')));
  }
  t.ok(planted > 100, `${planted} histories with a stale read`);
});

/** Adds a read, after all is over, of a value that was overwritten before it began by a write that all know of. */
function plantStaleRead(
  made: readonly Made[],
  random: Random,
): readonly Operation<MapInput, RegisterOutput>[] | undefined {
  const history = made.map(({ operation }) => operation);
  const writes = history.filter(({ input, reply }) => input.type === 'write' && reply !== undefined);
  if (writes.length === 0) return undefined;
  const old = random.pick(writes);
  if (old.input.type !== 'write') return undefined;
  const { key, value } = old.input;
  const end = Math.max(...history.map(({ callAt, reply }) => Math.max(callAt, reply?.at ?? 0)));
  // Values are unique, so one write after it, of which the reply came, hides it for good, unless a cas brings it back.
  const hidden = writes.some(({ input, callAt }) => input.key === key && callAt > (old.reply?.at ?? 0));
  const back = history.some(({ input }) => input.type === 'cas' && input.to === value);
  if (!hidden || back) return undefined;
  return [...history, { client: 9, input: { type: 'read', key }, callAt: end + 1, reply: { at: end + 2, output: value } }];
}

t.test('linearizability checker: says what a brute-force twin says of small histories', async (t) => {
  const seen = { linearizable: 0, refused: 0 };
  const value = fc.integer({ min: 0, max: 2 });
  const operation = fc
    .record({
      client: fc.integer({ min: 1, max: 3 }),
      input: fc.oneof(
        fc.constant({ type: 'read' as const }),
        fc.record({ type: fc.constant('write' as const), value }),
        fc.record({ type: fc.constant('cas' as const), from: value, to: value }),
      ),
      callAt: fc.integer({ min: 0, max: 20 }),
      takes: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 4, nil: undefined }),
      number: value,
      yes: fc.boolean(),
    })
    .map(({ client, input, callAt, takes, number, yes }): Short => {
      const output = input.type === 'read' ? number : input.type === 'cas' ? yes : null;
      return { client, input, callAt, reply: takes === undefined ? undefined : { at: callAt + takes, output } };
    });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 7 }), (history) => {
      const { verdict } = checkLinearizable(registerOf(0), history);
      if (verdict !== 'unknown') seen[verdict] += 1;
      return verdict === (bruteForce(registerOf(0), history) ? 'linearizable' : 'refused');
    }),
    { numRuns: 2_000 },
  );
  t.ok(seen.linearizable > 200 && seen.refused > 200, `${seen.linearizable} are linearizable, ${seen.refused} are not`);
});

t.test('linearizability checker: parts checked apart give the verdict of the whole (P-compositionality)', async (t) => {
  const { part: _, ...whole } = mapOf();
  for (let seed = 1; seed <= 60; seed += 1) {
    const made = atomicHistory(seed, { clients: 3, operations: 14, keys: 2, lost: 0.1 });
    const history = plantStaleRead(made, new Random(seed, 79)) ?? made.map(({ operation }) => operation);
    t.equal(checkLinearizable(mapOf(), history).verdict, checkLinearizable(whole, history).verdict, `seed ${seed}`);
  }
});

t.test('linearizability checker: a failure is told by the longest prefix and what cannot follow it', async (t) => {
  const verdict = checkLinearizable(registerOf(), [
    write(1, 1, 1, 2),
    write(2, 2, 3, 4),
    write(4, 4, 5),
    read(3, 1, 6, 7),
  ]);
  t.equal(verdict.verdict, 'refused');
  if (verdict.verdict !== 'refused') return;
  t.strictSame(describeAccount(verdict.account), [
    '    client 1 {"type":"write","value":1} 1..2 => null',
    '    client 2 {"type":"write","value":2} 3..4 => null',
    '    client 4 {"type":"write","value":4} 5..? no reply',
    '  ! client 3 {"type":"read"} 6..7 => 1 cannot follow, in this or any other order',
  ]);
});

t.test('linearizability checker: a search beyond its budget is unknown, never accepted', async (t) => {
  // Ten writes at once, and reads that see them in an order which no order of the writes explains.
  const writes = Array.from({ length: 10 }, (_, number) => write(number, number, 1, 100));
  const reads = [3, 1, 3].map((value, number) => read(20, value, 10 + 2 * number, 11 + 2 * number));
  t.equal(checkLinearizable(registerOf(), [...writes, ...reads], { budget: 20 }).verdict, 'unknown');
  t.equal(checkLinearizable(registerOf(), [...writes, ...reads]).verdict, 'refused');
});

t.test('linearizability checker: thirty lost replies on one key do not make the search explode', async (t) => {
  const lost = Array.from({ length: 30 }, (_, number) => write(number, number + 100, number));
  const seen = [write(50, 1, 40, 41), read(51, 1, 42, 43), read(51, 117, 44, 45), read(51, 105, 46, 47)];
  const verdict = checkLinearizable(registerOf(), [...lost, ...seen]);
  t.equal(verdict.verdict, 'linearizable');
  t.ok(verdict.work < 10_000, `${verdict.work} configurations`);
});

t.test('linearizability checker: an operation answered before its call is an error of the caller', async (t) => {
  t.throws(() => checkLinearizable(registerOf(), [write(1, 1, 5, 4)]), RangeError);
});
