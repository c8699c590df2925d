/** What a peer sends is looked at before it is believed. */
import fc from 'fast-check';
import t from 'tap';
import { newConfig } from '#protocols/raft/config';
import { asMessage, type RaftMessage } from '#protocols/raft/message';
import { decode, encode } from '#runtime/codec/msgpack';
import { stepRaft } from '#protocols/raft/step';
import { ack, append, entry, heartbeat, makeLeader, nodeWith } from './node.js';

const snapshot = { index: 5, term: 2, config: newConfig(['n1', 'n2'], ['n3']) };
const change = { transition: 'auto', changes: [{ type: 'add-voter', node: 'n4' }] } as const;

/** One of each type. */
const samples: readonly RaftMessage[] = [
  append(
    3,
    1,
    1,
    [entry(2, 2), { type: 'noop', term: 3, index: 3 }, { type: 'config', term: 3, index: 4, id: 'c', change }],
    2,
  ),
  ack(3, 4),
  heartbeat(3, 2),
  { type: 'heartbeat-response', term: 3, round: 1, sentAt: 4, damaged: false },
  { type: 'vote', term: 3, index: 4, logTerm: 2, transfer: false },
  { type: 'pre-vote', term: 3, index: 4, logTerm: 2 },
  { type: 'vote-response', term: 3, reject: false },
  { type: 'pre-vote-response', term: 3, reject: true },
  { type: 'snapshot', term: 3, snapshot, offset: 0, data: new Uint8Array([1, 2]), done: false },
  { type: 'snapshot-response', term: 3, index: 5, offset: 2 },
  { type: 'timeout-now', term: 3 },
  { type: 'read-request', term: 3, id: 'r' },
  { type: 'read-response', term: 3, id: 'r', index: 4 },
];

t.test('a message of each type passes the codec and the check', (t) => {
  for (const message of samples) {
    const arrived = asMessage(decode(encode(message)));
    t.equal(arrived?.type, message.type);
    t.same(encode(arrived), encode(message), `${message.type} is as it was sent`);
  }
  t.end();
});

t.test('a message without one of its fields, or with another kind of value there, is none', (t) => {
  const wrong: readonly unknown[] = [undefined, null, -1, 1.5, Number.NaN, 2 ** 60, 'x', [], {}];
  let tried = 0;
  for (const message of samples)
    for (const field of Object.keys(message)) {
      const { [field]: _, ...rest } = message as unknown as Record<string, unknown>;
      t.equal(asMessage(rest), undefined, `${message.type} without ${field}`);
      for (const value of wrong) {
        const isText = field === 'id' && value === 'x';
        const isNoEntries = field === 'entries' && Array.isArray(value);
        if (isText || isNoEntries) continue;
        tried += 1;
        if (asMessage({ ...message, [field]: value }) !== undefined)
          t.fail(`${message.type} with ${field} ${String(value)}`);
      }
    }
  t.ok(tried > 400, `${tried} wrong values`);
  t.end();
});

t.test('entries with a hole, of a falling or a future term, or a list of nodes out of order are refused', (t) => {
  t.equal(asMessage(append(3, 1, 1, [entry(2, 3)])), undefined, 'a hole');
  t.equal(asMessage(append(3, 1, 1, [entry(3, 2), entry(2, 3)])), undefined, 'falling');
  t.equal(asMessage(append(3, 1, 2, [entry(1, 2)])), undefined, 'older than the entry before');
  t.equal(asMessage(append(3, 1, 1, [entry(4, 2)])), undefined, 'of the future');
  const config = { ...snapshot.config, voters: ['n2', 'n1'] };
  const chunk = {
    type: 'snapshot',
    term: 3,
    snapshot: { ...snapshot, config },
    offset: 0,
    data: new Uint8Array(1),
    done: true,
  };
  t.equal(asMessage(chunk), undefined);
  t.equal(asMessage({ type: 'toString', term: 1 }), undefined, 'not a property of every object');
  t.end();
});

t.test(
  'truncated and flipped packets never become something else than a message or nothing, and break no node',
  (t) => {
    const follower = nodeWith({ log: [1, 2], term: 2 });
    const leader = makeLeader(nodeWith({ log: [1, 2] }));
    let passed = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.nat({ max: 200 }),
        fc.nat({ max: 255 }),
        fc.boolean(),
        (message, at, byte, cut) => {
          const bytes = encode(message);
          if (!cut) bytes[at % bytes.length] = byte;
          let value: unknown;
          try {
            value = decode(cut ? bytes.subarray(0, at % bytes.length) : bytes);
          } catch {
            return true;
          }
          const arrived = asMessage(value);
          if (arrived === undefined) return true;
          passed += 1;
          for (const state of [follower, leader])
            for (const effect of stepRaft(state, { type: 'receive', from: 'n2', message: arrived }).effects)
              if (effect.type === 'send' && asMessage(decode(encode(effect.message))) === undefined) return false;
          return true;
        },
      ),
      { numRuns: 5_000 },
    );
    t.ok(passed > 20, `${passed} were messages nevertheless`);
    t.end();
  },
);

t.test('what makes no sense is ignored and counted', (t) => {
  const leader = makeLeader(nodeWith());
  const before = JSON.stringify([...leader.progress]);
  stepRaft(leader, { type: 'receive', from: 'n2', message: ack(leader.term, 99) });
  stepRaft(leader, {
    type: 'receive',
    from: 'n2',
    message: { type: 'heartbeat-response', term: leader.term, round: 99, sentAt: 0, damaged: false },
  });
  stepRaft(leader, { type: 'receive', from: 'n1', message: heartbeat(leader.term) });
  stepRaft(leader, { type: 'receive', from: 'n2', message: append(leader.term, 1, 1) });
  t.equal(leader.ignored, 4);
  t.equal(JSON.stringify([...leader.progress]), before);
  t.end();
});
