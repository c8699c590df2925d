/** Elections, terms and votes: scenarios 1 to 7 and 16 to 20 of `docs/scenarios/raft.md`. */
import t from 'tap';
import { newConfig } from '#protocols/raft/config';
import type { RaftMessage } from '#protocols/raft/message';
import { raftSettings } from '#protocols/raft/settings';
import { startRaft } from '#protocols/raft/start';
import { stepRaft } from '#protocols/raft/step';
import { Cluster } from './cluster.js';
import { append, heartbeat, makeLeader, messages, nodeWith, step, tell } from './node.js';

const vote = (term: number, index: number, logTerm: number, transfer = false) =>
  ({ type: 'vote', term, index, logTerm, transfer }) as const;
const preVote = (term: number, index: number, logTerm: number) => ({ type: 'pre-vote', term, index, logTerm }) as const;

/** Ticks all nodes, and delivers, until there is a leader; gives the ticks that took. */
function untilLeader(cluster: Cluster, most: number): number {
  for (let ticks = 1; ticks <= most; ticks += 1) {
    for (const id of cluster.ids) cluster.tick(id);
    cluster.deliver();
    if (cluster.leader !== undefined) return ticks;
  }
  return Number.POSITIVE_INFINITY;
}

t.test('single node elects and commits', (t) => {
  const cluster = new Cluster(1);
  cluster.tick('n1', 20);
  t.equal(cluster.state('n1').role, 'leader');
  cluster.propose('n1', 'x');
  t.same(cluster.machine('n1'), ['x']);
  t.end();
});

t.test('3/5/7 nodes elect within 10 election timeouts', (t) => {
  for (const size of [3, 5, 7])
    for (let round = 0; round < 20; round += 1) {
      const cluster = new Cluster(size);
      // Another beginning for each round, so that other nodes are first.
      for (const id of cluster.ids) cluster.tick(id, (round * (id.charCodeAt(1) % 5)) % 10);
      const ticks = untilLeader(cluster, 100);
      if (ticks > 100) t.fail(`${size} nodes have no leader after 100 ticks`);
      const { term } = cluster.state(cluster.leader ?? '');
      t.ok(
        cluster.ids.every((id) => cluster.state(id).leader === cluster.leader && cluster.state(id).term === term),
        `${size} nodes agree on their leader after ${ticks} ticks`,
      );
    }
  t.end();
});

t.test('randomized timeouts; split vote resolves', (t) => {
  const timeouts = new Map<number, number>();
  const state = nodeWith({ preVote: false });
  for (let round = 0; round < 2_000; round += 1) {
    timeouts.set(state.randomizedElectionTimeout, (timeouts.get(state.randomizedElectionTimeout) ?? 0) + 1);
    tell(state, 'n2', heartbeat(state.term + 1));
  }
  const drawn = [...timeouts.keys()].toSorted((one, other) => one - other);
  t.same(drawn, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19], 'from n to 2n - 1 ticks, each of them');
  t.ok(Math.min(...timeouts.values()) > 120, 'and none seldom');

  // Four nodes, so that two candidates can have two votes each.
  const cluster = new Cluster(4, { preVote: false });
  for (const id of ['n1', 'n2']) cluster.step(id, { type: 'campaign' });
  cluster.partition(['n1', 'n3'], ['n2', 'n4']);
  cluster.deliver();
  t.same(
    ['n1', 'n2', 'n3', 'n4'].map((id) => cluster.state(id).vote),
    ['n1', 'n2', 'n1', 'n2'],
  );
  t.equal(cluster.leader, undefined, 'nobody has won');
  cluster.heal();
  t.ok(untilLeader(cluster, 100) <= 100, 'and somebody wins');
  t.end();
});

t.test('vote denied to a stale log (term, then index)', (t) => {
  const cases: readonly { index: number; logTerm: number; granted: boolean; why: string }[] = [
    { index: 9, logTerm: 2, granted: false, why: 'a longer log of an earlier term' },
    { index: 3, logTerm: 3, granted: false, why: 'a shorter log of the same term' },
    { index: 4, logTerm: 3, granted: true, why: 'the same log' },
    { index: 5, logTerm: 3, granted: true, why: 'a longer log of the same term' },
    { index: 2, logTerm: 4, granted: true, why: 'a shorter log of a later term' },
  ];
  for (const { index, logTerm, granted, why } of cases)
    for (const message of [vote(5, index, logTerm), preVote(5, index, logTerm)]) {
      const state = nodeWith({ log: [2, 3, 3], term: 4 });
      const [answer] = tell(state, 'n2', message);
      t.match(answer, { type: `${message.type}-response`, reject: !granted }, `${message.type}: ${why}`);
      t.equal(state.vote, granted && message.type === 'vote' ? 'n2' : undefined);
      t.equal(state.term, message.type === 'vote' ? 5 : 4, 'a pre-vote raises no term');
    }
  t.end();
});

t.test('one vote per term, also after crash between persist and reply', (t) => {
  const state = nodeWith({ term: 4 });
  t.match(tell(state, 'n2', vote(5, 1, 1)), [{ reject: false }]);
  t.match(tell(state, 'n3', vote(5, 9, 4)), [{ reject: true }], 'however good its log');
  t.match(tell(state, 'n2', vote(5, 1, 1)), [{ reject: false }], 'the same answer to the same candidate');

  const cluster = new Cluster(3, { preVote: false });
  cluster.hold('n3');
  cluster.step('n1', { type: 'campaign' });
  cluster.deliver(({ to }) => to === 'n3');
  t.notOk(
    cluster.flights.some(({ from }) => from === 'n3'),
    'no reply before the vote is durable',
  );
  // The vote becomes durable, and the node dies before its reply is heard.
  cluster.release('n3');
  cluster.crash('n3');
  cluster.lose();
  cluster.start('n3');
  cluster.isolate('n1');
  cluster.step('n2', { type: 'campaign' });
  cluster.deliver();
  t.equal(cluster.state('n3').vote, 'n1');
  t.equal(cluster.state('n2').term, cluster.state('n3').term);
  t.not(cluster.state('n2').role, 'leader', 'n2 has one vote, its own');
  t.end();
});

t.test('a vote is asked for once term and own vote are durable, and the own vote counts then', (t) => {
  const state = nodeWith({ preVote: false, voters: ['n1'] });
  const { effects } = stepRaft(state, { type: 'campaign' });
  t.same(
    effects.map(({ type }) => type),
    ['persist', 'role'],
  );
  t.equal(state.role, 'candidate', 'a lone voter has not won yet');
  stepRaft(state, { type: 'persisted', term: 1, index: 1, logTerm: 1 });
  t.equal(state.role, 'candidate', 'what was written in the term before is not its vote');
  stepRaft(state, { type: 'persisted', term: 2, index: 1, logTerm: 1 });
  t.equal(state.role, 'leader');

  const three = stepRaft(nodeWith({ preVote: false }), { type: 'campaign' }).effects;
  t.same(
    three.map((effect) => (effect.type === 'send' ? `${effect.message.type} ${effect.early}` : effect.type)),
    ['persist', 'vote false', 'vote false', 'role'],
  );
  t.end();
});

t.test('stale-term message rejected; higher term → step down', (t) => {
  const state = nodeWith({ log: [2], term: 5 });
  const before = JSON.stringify(state);
  t.match(tell(state, 'n2', append(4, 2, 2, [], 2)), [{ type: 'append-response', term: 5 }], 'the old leader is told');
  t.same(tell(state, 'n2', vote(4, 9, 4)), []);
  t.match(tell(state, 'n2', preVote(5, 9, 4)), [{ type: 'pre-vote-response', reject: false }]);
  t.match(tell(state, 'n2', preVote(4, 9, 4)), [{ type: 'pre-vote-response', term: 5, reject: true }]);
  t.equal(JSON.stringify(state), before, 'nothing has changed');

  const higher: readonly RaftMessage[] = [
    { type: 'append-response', term: 9, index: 0, reject: false, rejectHint: 0, logTerm: 0, damaged: false },
    { type: 'vote-response', term: 9, reject: true },
    { type: 'pre-vote-response', term: 9, reject: true },
    heartbeat(9),
  ];
  for (const message of higher) {
    const leader = makeLeader(nodeWith({ log: [2] }));
    tell(leader, 'n2', message);
    t.same([leader.role, leader.term], ['follower', 9], `${message.type} of a higher term`);
    t.equal(leader.leader, message.type === 'heartbeat' ? 'n2' : undefined);
  }
  t.end();
});

t.test('candidate yields to leader of equal term', (t) => {
  for (const message of [heartbeat(2), append(2, 1, 1)]) {
    const state = nodeWith({ preVote: false });
    step(state, { type: 'campaign' });
    t.same([state.role, state.term], ['candidate', 2]);
    tell(state, 'n2', message);
    t.same([state.role, state.term, state.leader], ['follower', 2, 'n2'], message.type);
    t.equal(state.vote, 'n1', 'its vote stands');
  }
  t.end();
});

t.test('a candidate that a majority refuses follows again, and counts each voter once', (t) => {
  const state = nodeWith({ preVote: false, voters: ['n1', 'n2', 'n3', 'n4', 'n5'] });
  step(state, { type: 'campaign' });
  const refuse = { type: 'vote-response', term: 2, reject: true } as const;
  for (let again = 0; again < 3; again += 1) tell(state, 'n2', refuse);
  tell(state, 'n9', refuse);
  t.equal(state.role, 'candidate', 'one voter, and one who is none');
  tell(state, 'n3', refuse);
  tell(state, 'n4', refuse);
  t.same([state.role, state.term], ['follower', 2]);
  t.end();
});

t.test('pre-vote: lagging/partitioned node cannot raise terms on return', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  const { term } = cluster.state('n1');
  cluster.isolate('n3');
  cluster.propose('n1', 'x');
  cluster.deliver();
  cluster.tick('n3', 500);
  cluster.deliver();
  t.equal(cluster.state('n3').term, term, 'alone it raises nothing');
  cluster.heal();
  cluster.tick('n3', 40);
  cluster.deliver();
  t.same(
    cluster.ids.map((id) => cluster.state(id).term),
    [term, term, term],
  );
  t.equal(cluster.leader, 'n1');
  t.end();
});

t.test('pre-vote with split vote; mixed (migration) cluster still elects', (t) => {
  const split = new Cluster(3);
  for (const id of ['n1', 'n2']) split.step(id, { type: 'campaign' });
  split.deliver(({ message }) => message.type === 'pre-vote' || message.type === 'pre-vote-response');
  t.same([split.state('n1').role, split.state('n2').role], ['candidate', 'candidate'], 'asking binds nobody');
  split.isolate('n3');
  split.deliver();
  t.equal(split.leader, undefined, 'each has its own vote only');
  split.heal();
  t.ok(untilLeader(split, 100) <= 100);

  // One that does not know pre-votes is ahead in terms and behind in its log; without an answer to a pre-vote of a lower
  // term the others would wait for ever.
  const mixed = new Cluster(3);
  mixed.elect('n1');
  mixed.isolate('n3');
  mixed.propose('n1', 'x');
  mixed.deliver();
  mixed.crash('n3');
  mixed.start('n3', mixed.restart('n3'), { preVote: false, checkQuorum: false });
  mixed.tick('n3', 100);
  mixed.deliver();
  t.ok(mixed.state('n3').term > mixed.state('n1').term);
  mixed.crash('n1');
  mixed.heal();
  t.ok(untilLeader(mixed, 200) <= 200);
  t.equal(mixed.leader, 'n2', 'the only one that may');
  t.end();
});

t.test('check-quorum: isolated leader steps down in one election timeout', (t) => {
  const cluster = new Cluster(5);
  cluster.elect('n1');
  cluster.tick('n1', 10);
  cluster.deliver();
  cluster.partition(['n1', 'n2'], ['n3', 'n4', 'n5']);
  let ticks = 0;
  for (; cluster.state('n1').role === 'leader' && ticks < 100; ticks += 1) {
    cluster.tick('n1');
    cluster.deliver();
  }
  t.ok(ticks <= 20, `after ${ticks} ticks: one election timeout in which no majority answered`);
  t.equal(cluster.state('n1').leader, undefined);

  const heard = new Cluster(5);
  heard.elect('n1');
  heard.partition(['n1', 'n2', 'n3'], ['n4', 'n5']);
  for (let tick = 0; tick < 100; tick += 1) {
    heard.tick('n1');
    heard.deliver();
  }
  t.equal(heard.state('n1').role, 'leader', 'with a majority it stays');
  t.end();
});

t.test('votes refused within leader lease', (t) => {
  for (const message of [vote(9, 9, 8), preVote(9, 9, 8)]) {
    const state = nodeWith({ log: [2] });
    tell(state, 'n2', heartbeat(2));
    step(state, { type: 'tick', count: 9 });
    t.same(tell(state, 'n3', message), [], `${message.type}: not even answered`);
    t.equal(state.term, 2);
    if (message.type === 'vote')
      t.match(
        tell(nodeWith({ log: [2] }), 'n3', { ...message, transfer: true }),
        [{ reject: false }],
        'but for a transfer',
      );
    step(state, { type: 'tick' });
    t.match(tell(state, 'n3', message), [{ reject: false }], 'ten ticks after the last word of the leader');
  }
  const without = nodeWith({ log: [2], checkQuorum: false });
  tell(without, 'n2', heartbeat(2));
  t.match(tell(without, 'n3', vote(9, 9, 8)), [{ reject: false }], 'without check-quorum nobody stands by a leader');
  t.end();
});

t.test('disruptive removed server ignored', (t) => {
  const cluster = new Cluster(4, { preVote: false });
  cluster.elect('n1');
  cluster.isolate('n4');
  cluster.step('n1', {
    type: 'change',
    id: 'c',
    change: { transition: 'auto', changes: [{ type: 'remove', node: 'n4' }] },
  });
  cluster.deliver();
  const { term } = cluster.state('n1');
  t.same(cluster.state('n1').config.voters, ['n1', 'n2', 'n3']);
  cluster.heal();
  // It knows of nothing, and campaigns again and again.
  for (let tick = 0; tick < 200; tick += 1) {
    for (const id of cluster.ids) cluster.tick(id);
    cluster.deliver();
  }
  t.ok(cluster.state('n4').term > term, 'it tried');
  t.same(
    ['n1', 'n2', 'n3'].map((id) => [cluster.state(id).term, cluster.state(id).leader]),
    [
      [term, 'n1'],
      [term, 'n1'],
      [term, 'n1'],
    ],
  );
  t.end();
});

t.test('asymmetric partition (can send, not receive); bridge partition (one node sees both halves)', (t) => {
  // A leader that is heard and hears nothing steps down, and what it still says stops nobody for long.
  const deaf = new Cluster(3);
  deaf.elect('n1');
  deaf.cuts.add('n2>n1').add('n3>n1');
  for (let tick = 0; tick < 200; tick += 1) {
    for (const id of deaf.ids) deaf.tick(id);
    deaf.deliver();
  }
  t.ok(deaf.leader === 'n2' || deaf.leader === 'n3', 'another leads');
  deaf.propose(deaf.leader ?? '', 'x');
  deaf.deliver();
  t.same(deaf.machine(deaf.leader ?? ''), ['x']);

  // n3 hears both halves of five.
  const bridge = new Cluster(5);
  bridge.elect('n1');
  bridge.partition(['n1', 'n2'], ['n4', 'n5']);
  const { term } = bridge.state('n1');
  for (let tick = 0; tick < 200; tick += 1) {
    for (const id of bridge.ids) bridge.tick(id);
    bridge.deliver();
  }
  t.equal(bridge.leader, 'n1');
  t.equal(bridge.state('n3').term, term, 'who hears the leader lets nobody depose it');
  bridge.propose('n1', 'x');
  bridge.deliver();
  t.same(bridge.machine('n3'), ['x'], 'and it has a majority');
  t.end();
});

t.test('settings that contradict each other are refused', (t) => {
  t.throws(() => raftSettings('n1', { reads: 'lease', checkQuorum: false }), { code: 'BAD_CONFIG' });
  t.throws(() => raftSettings('n1', { electionTicks: 1 }), { code: 'BAD_CONFIG' });
  t.throws(() => raftSettings('', {}), { code: 'BAD_CONFIG' });
  t.throws(() => raftSettings('n1', { clockDrift: 1 }), { code: 'BAD_CONFIG' });
  t.throws(() => raftSettings('n1', { maxInflight: 0 }), { code: 'BAD_CONFIG' });
  t.end();
});

t.test('the same seed and inputs give the same chances, another seed others', (t) => {
  const timeouts = (seed: number): readonly number[] => {
    const { state } = startRaft(raftSettings('n1'), seed, { type: 'bootstrap', config: newConfig(['n1', 'n2']) });
    return Array.from({ length: 50 }, () => {
      messages(step(state, { type: 'receive', from: 'n2', message: heartbeat(state.term + 1) }));
      return state.randomizedElectionTimeout;
    });
  };
  t.same(timeouts(1), timeouts(1));
  t.notSame(timeouts(1), timeouts(2));
  t.end();
});
