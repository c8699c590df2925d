/** The log and what is committed: scenarios 8 to 15 of `docs/scenarios/raft.md`. */
import fc from 'fast-check';
import t from 'tap';
import { lastIndex } from '#protocols/raft/log';
import { stepRaft } from '#protocols/raft/step';
import { Cluster } from './cluster.js';
import { ack, append, entry, heartbeat, makeLeader, messages, nodeWith, refusals, step, tell, terms } from './node.js';

/** A cluster of a leader and one follower that have these logs; the leader is elected with the help of a third. */
function leaderAndFollower(leader: readonly number[], follower: readonly number[], term: number): Cluster {
  const cluster = new Cluster(3);
  for (const [id, log] of [
    ['n1', leader],
    ['n2', follower],
    ['n3', []],
  ] as const)
    cluster.start(id, {
      ...cluster.restart('n1'),
      hardState: { term, vote: undefined, commit: 1, damaged: false, amnesiac: false },
      entries: log.map((of, at) => entry(of, at + 2)),
    });
  cluster.isolate('n2');
  cluster.elect('n1');
  cluster.heal();
  return cluster;
}

t.test('log replication and conflict overwrite: paper Figure 7, all six followers', (t) => {
  const leader = [1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers = {
    a: [1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 4],
    c: [1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 4, 4, 4, 4],
    f: [1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [name, log] of Object.entries(followers)) {
    const cluster = leaderAndFollower(leader, log, 7);
    cluster.tick('n1');
    cluster.deliver();
    t.same(terms(cluster.state('n2')), [...leader, 8], `follower ${name} has the leader's log`);
    t.same(cluster.disk('n2').entries, cluster.state('n1').log.entries, 'also on its disk');
    cluster.tick('n1');
    cluster.deliver();
    t.equal(cluster.state('n2').commit, 11);
  }
  t.end();
});

t.test('Figure 8: no counting commit of old-term entries', (t) => {
  // n1 has the entry 2 of term 2 and has it on a majority now, but leads in term 4.
  const state = makeLeader(nodeWith({ log: [2], term: 3, voters: ['n1', 'n2', 'n3', 'n4', 'n5'] }));
  t.equal(state.term, 4);
  tell(state, 'n2', ack(4, 2));
  tell(state, 'n3', ack(4, 2));
  tell(state, 'n4', ack(4, 2));
  t.equal(state.commit, 1, 'n5 could still win with an entry of term 3 and replace it');
  tell(state, 'n2', ack(4, 3));
  t.equal(state.commit, 1);
  tell(state, 'n3', ack(4, 3));
  t.equal(state.commit, 3, 'with an entry of its own term those before are committed too');
  t.end();
});

t.test('new leader commits a no-op first', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  const [first] = cluster.state('n1').log.entries;
  t.match(first, { type: 'noop', term: cluster.state('n1').term, index: 2 });
  t.equal(cluster.state('n1').commit, 2, 'nobody has proposed anything');
  t.same(cluster.machine('n1'), []);
  t.end();
});

t.test('duplicate/reordered/delayed append causes no truncation of matching entries', (t) => {
  const entries = [entry(2, 2), entry(2, 3), entry(2, 4)];
  const state = nodeWith({ log: [], term: 2 });
  t.match(tell(state, 'n2', append(2, 1, 1, entries)), [{ index: 4 }]);
  // One that was sent before, with less.
  t.match(tell(state, 'n2', append(2, 1, 1, entries.slice(0, 1))), [{ index: 2, reject: false }]);
  t.match(tell(state, 'n2', append(2, 1, 1, [])), [{ index: 1, reject: false }]);
  t.match(tell(state, 'n2', append(2, 2, 2, entries.slice(1, 2))), [{ index: 3, reject: false }]);
  t.same(terms(state), [2, 2, 2]);
  const { effects } = stepRaft(state, { type: 'receive', from: 'n2', message: append(2, 1, 1, entries) });
  t.notOk(
    effects.some(({ type }) => type === 'persist'),
    'and nothing is written again',
  );

  // In any order, as often as one likes: what was acknowledged stays.
  const all = Array.from({ length: 8 }, (_, at) => entry(2, at + 2));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 4 })), { maxLength: 30 }), (sends) => {
      const node = nodeWith({ term: 2 });
      let acknowledged = 1;
      for (const [from, count] of sends) {
        const message = append(2, from + 1, from === 0 ? 1 : 2, all.slice(from, from + count));
        const [answer] = tell(node, 'n2', message);
        if (answer?.type === 'append-response' && !answer.reject) acknowledged = Math.max(acknowledged, answer.index);
        if (lastIndex(node.log) < acknowledged) return false;
      }
      return terms(node).every((term) => term === 2);
    }),
  );
  t.end();
});

t.test('follower commit = min(leaderCommit, last *new* index)', (t) => {
  // It has entries 3 and 4 of an old leader; the new one has only said that it has 2.
  const state = nodeWith({ log: [2, 2, 2], term: 3 });
  tell(state, 'n2', append(3, 2, 2, [], 4));
  t.equal(state.commit, 2, 'what is behind is not known to be the same');
  tell(state, 'n2', append(3, 2, 2, [entry(3, 3)], 9));
  t.same([state.commit, terms(state)], [3, [2, 3]]);
  const lower = nodeWith({ log: [2, 2, 2], term: 3, commit: 3 });
  tell(lower, 'n2', append(3, 4, 2, [], 2));
  t.equal(lower.commit, 3, 'it never goes back');
  tell(lower, 'n2', heartbeat(3, 99));
  t.same([lower.commit, lower.ignored], [3, 1], 'no heartbeat commits what is not here');
  t.end();
});

t.test('fast log rejection (term-skip hints)', (t) => {
  /** How many appends the leader needs until the follower accepts one. */
  const probes = (leader: readonly number[], follower: readonly number[], term: number): number => {
    const cluster = leaderAndFollower(leader, follower, term);
    cluster.tick('n1');
    let count = 0;
    cluster.deliver((flight) => {
      if (flight.to === 'n2' && flight.message.type === 'append') count += 1;
      return true;
    });
    t.same(terms(cluster.state('n2')).slice(0, leader.length), leader);
    return count;
  };
  const run = (term: number, count: number): number[] => Array.from({ length: count }, () => term);
  const deep = probes([...run(3, 50), ...run(5, 50)], [...run(2, 100)], 5);
  t.ok(deep <= 5, `100 entries of a term that the leader does not have: ${deep} appends`);
  const above = probes([...run(3, 100)], [...run(3, 2), ...run(4, 40), ...run(5, 40)], 5);
  t.ok(above <= 5, `80 entries of terms above those of the leader: ${above} appends`);

  // The examples of etcd, shifted by the snapshot.
  const follower = nodeWith({ log: [1, 3, 3, 4, 4, 5, 5, 6], term: 7 });
  t.match(tell(follower, 'n2', append(7, 8, 3)), [{ reject: true, rejectHint: 4, logTerm: 3 }]);
  t.end();
});

t.test('flow control: in-flight cap pauses, heartbeat reply resumes', (t) => {
  const state = makeLeader(nodeWith({ maxInflight: 3, maxAppendBytes: 1 }));
  const { term } = state;
  tell(state, 'n2', ack(term, 2));
  tell(state, 'n3', ack(term, 2));
  const sent = (text: string): number =>
    messages(step(state, { type: 'propose', id: text, data: new TextEncoder().encode(text) })).filter(
      ({ type }) => type === 'append',
    ).length;
  t.same([sent('a'), sent('b'), sent('c'), sent('d')], [2, 2, 2, 0], 'three to each of two');
  const alive = { type: 'heartbeat-response', term, round: 0, sentAt: 0, damaged: false } as const;
  const [probe] = tell(state, 'n2', alive);
  t.match(probe, { type: 'append', index: 5, entries: [] }, 'an empty one asks what has arrived');
  t.equal(tell(state, 'n2', ack(term, 4)).length, 1, 'two are free again, and one entry waits');
  t.equal(state.progress.get('n2')?.inflights.length, 2);

  const bytes = makeLeader(nodeWith({ maxInflightBytes: 100 }));
  for (const voter of ['n2', 'n3']) tell(bytes, voter, ack(bytes.term, 2));
  const big = new Uint8Array(90);
  const first = messages(step(bytes, { type: 'propose', id: 'a', data: big })).length;
  const second = messages(step(bytes, { type: 'propose', id: 'b', data: big })).length;
  t.same([first, second], [2, 0], 'by bytes too');

  const cut = makeLeader(nodeWith());
  for (const voter of ['n2', 'n3']) tell(cut, voter, ack(cut.term, 2));
  step(cut, { type: 'unreachable', node: 'n2' });
  t.equal(cut.progress.get('n2')?.state, 'probe', 'it is not sent ahead to where nothing arrives');
  t.end();
});

t.test('batching: entries that wait go in one append, up to the bytes of one', (t) => {
  const state = makeLeader(nodeWith({ maxAppendBytes: 100 }));
  for (let count = 0; count < 10; count += 1)
    step(state, { type: 'propose', id: `p${count}`, data: new Uint8Array(10) });
  const appends = tell(state, 'n2', ack(state.term, 2)).filter(({ type }) => type === 'append');
  t.same(
    appends.map((message) => (message.type === 'append' ? message.entries.length : 0)),
    [3, 3, 3, 1],
  );
  t.end();
});

t.test('uncommitted-size cap refuses proposals under partition', (t) => {
  const cluster = new Cluster(3, { maxUncommittedBytes: 10 });
  cluster.elect('n1');
  cluster.isolate('n1');
  cluster.takeEvents();
  for (const text of ['aaaa', 'bbbb', 'cccc', '']) cluster.propose('n1', text === '' ? 'd' : text);
  t.match(cluster.takeEvents(), ['n1 refuses propose cccc: overload leader=n1']);
  t.equal(cluster.state('n1').uncommittedBytes, 9);
  cluster.heal();
  cluster.lose();
  cluster.tick('n1');
  cluster.deliver();
  t.same(cluster.machine('n1'), ['aaaa', 'bbbb', 'd']);
  cluster.propose('n1', 'x'.repeat(50));
  cluster.deliver();
  t.equal(cluster.machine('n1').length, 4, 'one alone is never too large');
  t.equal(cluster.state('n1').uncommittedBytes, 0);
  t.end();
});

t.test('proposals: refused with the leader that is known, and by name', (t) => {
  const follower = nodeWith({ log: [2] });
  t.same(refusals(step(follower, { type: 'propose', id: 'p', data: new Uint8Array() })), ['not-leader']);
  tell(follower, 'n2', heartbeat(2));
  t.match(step(follower, { type: 'propose', id: 'p', data: new Uint8Array() }), [{ leader: 'n2', id: 'p' }]);
  t.same(refusals(step(follower, { type: 'propose', id: '', data: new Uint8Array() })), ['bad-request']);
  const long = 'x'.repeat(257);
  t.same(refusals(step(makeLeader(nodeWith()), { type: 'propose', id: long, data: new Uint8Array() })), [
    'bad-request',
  ]);
  t.end();
});

t.test('a leader sends before it has written, and counts itself afterwards', (t) => {
  const state = makeLeader(nodeWith());
  tell(state, 'n2', ack(state.term, 2));
  const { effects } = stepRaft(state, { type: 'propose', id: 'p', data: new Uint8Array(1) });
  t.same(
    effects.map((effect) =>
      effect.type === 'send' ? `${effect.message.type} to ${effect.to} ${effect.early}` : effect.type,
    ),
    ['append to n2 true', 'persist'],
    'n3 has not answered its probe',
  );
  t.equal(state.progress.get('n1')?.match, 2);
  stepRaft(state, { type: 'receive', from: 'n2', message: ack(state.term, 3) });
  t.equal(state.commit, 2, 'one of three has it');
  stepRaft(state, { type: 'persisted', term: state.term, index: 3, logTerm: state.term });
  t.equal(state.commit, 3);
  t.end();
});
