// Raft clusters in the simulator, by seeds: each is another cluster in another world, with all invariants after each step.
import t from 'tap';
import { encodeChecked } from '#runtime/codec/msgpack';
import { openPacket } from '#runtime/simulation/raft/driver';
import { raftModel } from '#runtime/simulation/raft/index';
import { runSeed } from '#runtime/simulation/run';
import { Random } from '#runtime/testing/random';
import { Lab } from './raft-lab.js';

const SEEDS = 60;

t.test('raft simulation: all seeds keep every invariant, and what clients saw is linearizable', async (t) => {
  const met = new Map<string, number>();
  let events = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { failure, sometimes, events: ran } = runSeed(raftModel, seed);
    t.equal(failure, undefined, `seed ${seed} ${failure?.message ?? ''}`);
    events += ran;
    for (const [what, count] of sometimes) met.set(what, (met.get(what) ?? 0) + count);
  }
  t.equal(met.get('history linearizable'), SEEDS);
  t.comment(`${events} events`);
  const never = raftModel.sometimes.filter((what) => !met.has(what));
  t.same(never, [], 'all that a campaign has to meet');
});

t.test('raft simulation: a seed is a run: the same events, twice', async (t) => {
  for (const seed of [3, 14, 15]) {
    const [one, other] = [runSeed(raftModel, seed), runSeed(raftModel, seed)];
    t.equal(one.hash, other.hash);
    t.equal(one.events, other.events);
  }
  t.not(runSeed(raftModel, 3).hash, runSeed(raftModel, 4).hash);
});

t.test('raft simulation: packets that are cut off or are no messages are dropped at the decode', async (t) => {
  const message = { type: 'heartbeat', term: 1, commit: 1, round: 1, sentAt: 1 };
  const packet = encodeChecked(['1', '2', message]);
  t.match(openPacket(packet), { from: '1', to: '2', message });
  for (let length = 0; length < packet.length; length += 1) t.equal(openPacket(packet.slice(0, length)), undefined);
  for (const content of [null, [], ['1', '2'], [1, 2, message], ['1', '2', { ...message, term: -1 }], 'text'])
    t.equal(openPacket(encodeChecked(content)), undefined);
  const random = new Random(5);
  for (let count = 0; count < 2_000; count += 1) {
    const bytes = packet.slice();
    bytes[random.below(bytes.length)] = random.below(256);
    openPacket(bytes);
  }
  const lab = new Lab();
  lab.node(0).receive(Uint8Array.from([0xc1]));
  lab.write(1);
});
