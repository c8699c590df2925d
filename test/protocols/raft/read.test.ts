/** Linearizable reads: scenarios 21 to 24 of `docs/scenarios/raft.md`. */
import t from 'tap';
import type { RaftMessage } from '#protocols/raft/message';
import { raftSettings } from '#protocols/raft/settings';
import { stepRaft } from '#protocols/raft/step';
import { Cluster } from './cluster.js';
import { ack, heartbeat, makeLeader, messages, nodeWith, refusals, step, tell } from './node.js';

const alive = (term: number, round: number, sentAt = 0): RaftMessage => ({
  type: 'heartbeat-response',
  term,
  round,
  sentAt,
  damaged: false,
});

function reads(effects: ReturnType<typeof step>): readonly string[] {
  return effects.flatMap((effect) => (effect.type === 'read' ? [`${effect.id}@${effect.index}`] : []));
}

t.test('ReadIndex: heartbeat quorum before answer', (t) => {
  const state = makeLeader(nodeWith({ voters: ['n1', 'n2', 'n3', 'n4', 'n5'] }));
  const { term } = state;
  for (const voter of ['n2', 'n3']) tell(state, voter, ack(term, 2));
  t.equal(state.commit, 2);
  const asked = step(state, { type: 'read', id: 'r' });
  t.same(reads(asked), []);
  const round = messages(asked).flatMap((message) => (message.type === 'heartbeat' ? [message.round] : []))[0] ?? 0;
  t.same(reads(step(state, { type: 'receive', from: 'n2', message: alive(term, round - 1) })), [], 'of a round before');
  t.same(reads(step(state, { type: 'receive', from: 'n2', message: alive(term, round) })), []);
  t.same(reads(step(state, { type: 'receive', from: 'n2', message: alive(term, round) })), [], 'twice by one is one');
  t.same(reads(step(state, { type: 'receive', from: 'n9', message: alive(term, round) })), [], 'nobody');
  t.same(reads(step(state, { type: 'receive', from: 'n3', message: alive(term, round) })), ['r@2'], 'three of five');
  t.same(reads(step(state, { type: 'receive', from: 'n4', message: alive(term, round) })), [], 'once');
  t.end();
});

t.test('a read is answered once what was committed when it was asked is applied', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  cluster.hold('n2');
  cluster.propose('n1', 'x');
  cluster.deliver();
  cluster.tick('n1');
  cluster.deliver();
  t.same(cluster.machine('n1'), ['x']);
  cluster.takeEvents();
  cluster.step('n2', { type: 'read', id: 'r' });
  cluster.deliver();
  t.same([cluster.machine('n2'), cluster.takeEvents()], [[], []], 'this follower has not written it yet');
  cluster.release('n2');
  t.same(
    cluster.takeEvents().map((event) => event.replace(/ "x"$/, '')),
    [`n2 apply ${cluster.state('n1').term}/3`, 'n2 reads r at 3'],
  );
  t.end();
});

t.test('ReadIndex refused/queued until current-term commit', (t) => {
  const state = makeLeader(nodeWith({ log: [1], term: 1 }));
  const { term } = state;
  t.same(messages(step(state, { type: 'read', id: 'r' })), [], 'nobody is asked');
  // All answer heartbeats, which does not say what is committed.
  for (const voter of ['n2', 'n3'])
    t.same(reads(step(state, { type: 'receive', from: voter, message: alive(term, 1) })), []);
  tell(state, 'n2', ack(term, 2));
  t.equal(state.commit, 1);
  const committed = step(state, { type: 'receive', from: 'n2', message: ack(term, 3) });
  t.same(reads(committed), []);
  const round = messages(committed).flatMap((message) => (message.type === 'heartbeat' ? [message.round] : []))[0] ?? 0;
  t.same(reads(step(state, { type: 'receive', from: 'n3', message: alive(term, round) })), ['r@3']);
  t.end();
});

t.test('a lone voter too reads nothing before it has committed in its term', (t) => {
  const state = nodeWith({ voters: ['n1'], log: [1, 1], commit: 1, preVote: false });
  stepRaft(state, { type: 'campaign' });
  stepRaft(state, { type: 'persisted', term: 2, index: 3, logTerm: 1 });
  t.equal(state.role, 'leader');
  t.same(reads(step(state, { type: 'read', id: 'r' })), [], 'what it had committed before it crashed it does not know');
  stepRaft(state, { type: 'persisted', term: 2, index: 4, logTerm: 2 });
  t.same(reads(step(state, { type: 'applied', index: 4 })), ['r@4']);
  t.end();
});

t.test('ReadIndex at deposed leader fails', (t) => {
  // Without check-quorum, so that it does not notice by itself.
  const cluster = new Cluster(3, { checkQuorum: false });
  cluster.elect('n1');
  cluster.isolate('n1');
  cluster.step('n1', { type: 'read', id: 'r' });
  cluster.deliver();
  cluster.tick('n2', 20);
  cluster.deliver();
  cluster.propose('n2', 'new');
  cluster.deliver();
  t.same([cluster.leader, cluster.machine('n2')], ['n2', ['new']]);
  cluster.takeEvents();
  cluster.heal();
  cluster.tick('n2');
  cluster.deliver();
  const events = cluster.takeEvents();
  t.ok(events.includes('n1 refuses read r: lost-leadership leader=n2'), events.join('; '));
  t.notOk(events.some((event) => event.includes('reads r')));
  t.end();
});

t.test('a follower asks its leader which index to wait for, and gives up when that is silent', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  cluster.takeEvents();
  cluster.step('n3', { type: 'read', id: 'r1' });
  cluster.deliver();
  t.same(cluster.takeEvents(), ['n3 reads r1 at 2']);
  cluster.isolate('n3');
  cluster.step('n3', { type: 'read', id: 'r2' });
  cluster.step('n3', { type: 'read', id: 'r2' });
  cluster.deliver();
  cluster.tick('n3', 9);
  t.same(cluster.takeEvents(), ['n3 refuses read r2: bad-request leader=n1'], 'one id at a time');
  cluster.tick('n3', 20);
  t.ok(cluster.takeEvents().some((event) => event.startsWith('n3 refuses read r2: timeout')));

  const alone = nodeWith();
  t.same(refusals(step(alone, { type: 'read', id: 'r' })), ['not-leader']);
  const full = makeLeader(nodeWith({ maxReads: 1 }));
  step(full, { type: 'read', id: 'r1' });
  t.same(refusals(step(full, { type: 'read', id: 'r2' })), ['overload']);
  t.match(tell(full, 'n2', { type: 'read-request', term: full.term, id: 'r3' }), [{ type: 'read-response', index: 0 }]);
  t.end();
});

t.test('lease read (if offered) only with check-quorum, unsafe-clock test included; forget-leader refused', (t) => {
  t.throws(() => raftSettings('n1', { reads: 'lease', checkQuorum: false }), { code: 'BAD_CONFIG' });

  // The lease ends before the slowest leader and the fastest follower disagree, whatever the bound.
  for (const [clockDrift, electionTicks] of [
    [0, 10],
    [0.1, 10],
    [0.2, 20],
    [0.5, 50],
  ] as const) {
    const state = makeLeader(nodeWith({ reads: 'quorum', clockDrift, electionTicks }));
    const leader = { ...state, settings: { ...state.settings, reads: 'lease' as const } };
    const { term } = leader;
    for (const voter of ['n2', 'n3']) tell(leader, voter, ack(term, 2));
    t.same(reads(step(leader, { type: 'read', id: 'r' })), [], 'no heartbeat was answered');
    leader.pendingReads = [];
    tell(leader, 'n2', alive(term, 1, leader.ticks));
    t.same(reads(step(leader, { type: 'read', id: 'r' })), ['r@2']);
    let lasted = 0;
    for (; lasted < electionTicks; lasted += 1) {
      leader.ticks += 1;
      if (reads(step(leader, { type: 'read', id: 'r', lateTicks: 0 })).length === 0) break;
    }
    // In true time, by a leader whose clock is slow and a follower whose clock is fast.
    const leaderAt = lasted / (1 - clockDrift);
    const followerAt = (electionTicks - 1) / (1 + clockDrift);
    t.ok(leaderAt <= followerAt, `drift ${clockDrift}: ${leaderAt.toFixed(1)} before ${followerAt.toFixed(1)} ticks`);
    t.ok(leaderAt > followerAt / 2, 'and it is worth having');
  }

  // Whatever a follower that has promised is told, it helps nobody else before its time.
  const promised = nodeWith({ reads: 'lease' });
  step(promised, { type: 'tick', count: 100 });
  tell(promised, 'n2', heartbeat(2));
  step(promised, { type: 'forget-leader' });
  t.equal(promised.leader, 'n2', 'forget-leader is refused');
  step(promised, { type: 'campaign' });
  t.equal(promised.role, 'follower', 'so is a campaign');
  tell(promised, 'n3', { type: 'vote-response', term: 3, reject: true });
  t.same([promised.term, promised.leader], [3, undefined], 'a higher term was seen');
  t.same(
    tell(promised, 'n3', { type: 'vote', term: 3, index: 9, logTerm: 3, transfer: false }),
    [],
    'of the same term',
  );
  t.same(tell(promised, 'n3', { type: 'vote', term: 4, index: 9, logTerm: 3, transfer: false }), []);
  step(promised, { type: 'tick', count: 10 });
  t.match(tell(promised, 'n3', { type: 'vote', term: 4, index: 9, logTerm: 3, transfer: false }), [{ reject: false }]);

  const restarted = nodeWith({ reads: 'lease' });
  t.same(tell(restarted, 'n3', { type: 'vote', term: 4, index: 9, logTerm: 3, transfer: false }), []);
  t.end();
});

t.test('leader pause longer than the lease: a late clock and a forwarded read take a quorum', (t) => {
  const state = makeLeader(nodeWith());
  const leader = { ...state, settings: { ...state.settings, reads: 'lease' as const } };
  const { term } = leader;
  for (const voter of ['n2', 'n3']) tell(leader, voter, ack(term, 2));
  tell(leader, 'n2', alive(term, 1, leader.ticks));
  t.same(reads(step(leader, { type: 'read', id: 'r1', lateTicks: 500 })), []);
  const forwarded = tell(leader, 'n2', { type: 'read-request', term, id: 'r2' });
  t.notOk(forwarded.some(({ type }) => type === 'read-response'));
  step(leader, { type: 'tick', count: 9 });
  t.same(reads(step(leader, { type: 'read', id: 'r3' })), []);
  t.end();
});

t.test('forget-leader: a follower votes at once for another; without leases only', (t) => {
  const state = nodeWith();
  tell(state, 'n2', heartbeat(2));
  const vote = { type: 'vote', term: 3, index: 1, logTerm: 1, transfer: false } as const;
  t.same(tell(state, 'n3', vote), []);
  step(state, { type: 'forget-leader' });
  t.match(tell(state, 'n3', vote), [{ reject: false }]);
  const leader = makeLeader(nodeWith());
  step(leader, { type: 'forget-leader' });
  t.equal(leader.leader, 'n1', 'a leader knows');
  t.end();
});
