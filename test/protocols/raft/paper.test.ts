/**
 * Sentences of the paper as tests. (Ongaro and Ousterhout, "In search of an understandable consensus algorithm (extended
 * version)", 2014; the selection is that of etcd's raft_paper_test.go.)
 */
import t from 'tap';
import type { RaftMessage } from '#protocols/raft/message';
import type { RaftState, Role } from '#protocols/raft/types';
import { ack, append, entry, heartbeat, makeLeader, messages, nodeWith, step, tell, terms } from './node.js';

const vote = (term: number, index: number, logTerm: number) =>
  ({ type: 'vote', term, index, logTerm, transfer: false }) as const;

/** A node of term 1 in each of its roles. */
function inRole(role: Role): RaftState {
  const state = nodeWith({ preVote: role === 'pre-candidate' });
  if (role === 'leader') return makeLeader(state);
  if (role !== 'follower') step(state, { type: 'campaign' });
  t.equal(state.role, role);
  return state;
}

t.test(
  '5.1: if one server’s current term is smaller than the other’s, then it updates its current term to the larger value',
  (t) => {
    for (const role of ['follower', 'pre-candidate', 'candidate', 'leader'] as const) {
      const state = inRole(role);
      tell(state, 'n2', append(9, 1, 1));
      t.same(
        [state.role, state.term],
        ['follower', 9],
        `${role}: if it discovers that its term is out of date, it reverts to follower`,
      );
    }
    t.end();
  },
);

t.test('5.1: if a server receives a request with a stale term number, it rejects the request', (t) => {
  const state = nodeWith({ term: 5 });
  tell(state, 'n2', append(4, 1, 1, [entry(4, 2)]));
  t.same(terms(state), []);
  t.end();
});

t.test('5.2: when servers start up, they begin as followers', (t) => {
  t.equal(nodeWith().role, 'follower');
  t.end();
});

t.test('5.2: the leader sends heartbeats to all followers to maintain authority', (t) => {
  const state = makeLeader(nodeWith({ heartbeatTicks: 3 }));
  t.same(messages(step(state, { type: 'tick', count: 2 })), []);
  const beats = step(state, { type: 'tick' }).flatMap((effect) =>
    effect.type === 'send' ? [`${effect.message.type} ${effect.to}`] : [],
  );
  t.same(beats, ['heartbeat n2', 'heartbeat n3']);
  t.end();
});

t.test(
  '5.2: a follower that hears nothing over the election timeout begins an election: it increments its term, votes for itself and issues RequestVote to each of the others',
  (t) => {
    const state = nodeWith({ preVote: false, term: 1 });
    let sent: readonly RaftMessage[] = [];
    for (let ticks = 0; ticks < 20 && sent.length === 0; ticks += 1) sent = messages(step(state, { type: 'tick' }));
    t.same(sent, [vote(2, 1, 1), vote(2, 1, 1)]);
    t.same([state.term, state.vote, state.votes.get('n1')], [2, 'n1', true]);
    t.end();
  },
);

t.test('5.2: a candidate wins if it receives votes from a majority of the servers for the same term', (t) => {
  const cases: readonly { size: number; votes: readonly boolean[]; role: Role }[] = [
    { size: 1, votes: [], role: 'leader' },
    { size: 3, votes: [true], role: 'leader' },
    { size: 3, votes: [false], role: 'candidate' },
    { size: 3, votes: [false, false], role: 'follower' },
    { size: 5, votes: [true], role: 'candidate' },
    { size: 5, votes: [true, true], role: 'leader' },
    { size: 5, votes: [true, false, false, false], role: 'follower' },
    { size: 5, votes: [true, false, false, true], role: 'leader' },
    { size: 4, votes: [true], role: 'candidate' },
    { size: 4, votes: [true, true], role: 'leader' },
  ];
  for (const { size, votes, role } of cases) {
    const state = nodeWith({ preVote: false, voters: Array.from({ length: size }, (_, at) => `n${at + 1}`) });
    step(state, { type: 'campaign' });
    votes.forEach((granted, at) => tell(state, `n${at + 2}`, { type: 'vote-response', term: 2, reject: !granted }));
    t.equal(state.role, role, `${size} servers, ${votes.join()}`);
  }
  t.end();
});

t.test('5.2: each server votes for at most one candidate in a given term, on a first-come-first-served basis', (t) => {
  for (const [given, asks, granted] of [
    [undefined, 'n2', true],
    [undefined, 'n3', true],
    ['n2', 'n2', true],
    ['n3', 'n3', true],
    ['n2', 'n3', false],
    ['n3', 'n2', false],
  ] as const) {
    const state = nodeWith({ term: 2, ...(given === undefined ? {} : { vote: given }) });
    t.match(tell(state, asks, vote(2, 1, 1)), [{ reject: !granted }], `has voted for ${given}, ${asks} asks`);
  }
  t.end();
});

t.test('5.2: election timeouts are chosen randomly, so that most of the time only a single server times out', (t) => {
  let conflicts = 0;
  const nodes = Array.from({ length: 5 }, (_, at) => nodeWith({ id: `n${at + 1}`, preVote: false }));
  nodes.forEach((node, at) => (node.seed = at * 7_919));
  for (let round = 1; round <= 500; round += 1) {
    for (const node of nodes) tell(node, 'n9', heartbeat(round + 1));
    const timeouts = nodes.map((node) => node.randomizedElectionTimeout);
    const first = Math.min(...timeouts);
    if (timeouts.filter((timeout) => timeout === first).length > 1) conflicts += 1;
  }
  // Five draws out of ten: the least is shared with a probability of about a third.
  t.ok(conflicts < 250, `${conflicts} of 500`);
  t.end();
});

t.test(
  '5.3: the leader appends the command as a new entry, then issues AppendEntries to each of the other servers',
  (t) => {
    const state = makeLeader(nodeWith());
    for (const voter of ['n2', 'n3']) tell(state, voter, ack(state.term, 2));
    const sent = messages(step(state, { type: 'propose', id: 'x', data: new Uint8Array(1) }));
    t.match(sent, [
      { type: 'append', index: 2, logTerm: state.term, commit: 2, entries: [{ index: 3, id: 'x' }] },
      { type: 'append', index: 2, logTerm: state.term, commit: 2, entries: [{ index: 3, id: 'x' }] },
    ]);
    t.end();
  },
);

t.test(
  '5.3: an entry is committed once the leader that created it has replicated it on a majority of the servers',
  (t) => {
    for (const [size, acks, committed] of [
      [1, 0, true],
      [3, 0, false],
      [3, 1, true],
      [3, 2, true],
      [5, 1, false],
      [5, 2, true],
      [5, 4, true],
    ] as const) {
      const state = makeLeader(nodeWith({ voters: Array.from({ length: size }, (_, at) => `n${at + 1}`) }));
      for (let at = 0; at < acks; at += 1) tell(state, `n${at + 2}`, ack(state.term, 2));
      t.equal(state.commit === 2, committed, `${acks + 1} of ${size}`);
    }
    t.end();
  },
);

t.test(
  '5.3: this also commits all preceding entries in the leader’s log, including entries created by previous leaders',
  (t) => {
    for (const log of [[], [2], [1, 2], [1]]) {
      const state = makeLeader(nodeWith({ log, term: 2 }));
      tell(state, 'n2', ack(state.term, log.length + 2));
      t.equal(state.commit, log.length + 2);
    }
    t.end();
  },
);

t.test(
  '5.3: once a follower learns that a log entry is committed, it applies the entry to its local state machine, in log order',
  (t) => {
    const state = nodeWith({ term: 1 });
    const applied = step(state, {
      type: 'receive',
      from: 'n2',
      message: append(1, 1, 1, [entry(1, 2), entry(1, 3)], 3),
    }).flatMap((effect) => (effect.type === 'apply' ? effect.entries.map(({ index }) => index) : []));
    t.same(applied, [2, 3]);
    t.end();
  },
);

t.test(
  '5.3: if the follower does not find an entry in its log with the same index and term, then it refuses the new entries',
  (t) => {
    for (const [index, logTerm, reject] of [
      [1, 1, false],
      [2, 1, false],
      [3, 2, false],
      [3, 1, true],
      [4, 2, true],
      [2, 3, true],
    ] as const) {
      const state = nodeWith({ log: [1, 2], term: 3 });
      t.match(tell(state, 'n2', append(3, index, logTerm)), [{ reject }], `${logTerm}/${index}`);
    }
    t.end();
  },
);

t.test('5.3: the leader handles inconsistencies by forcing the followers’ logs to duplicate its own', (t) => {
  for (const [index, logTerm, entries, expected] of [
    [3, 2, [entry(3, 4)], [1, 2, 3]],
    [2, 1, [entry(3, 3), entry(4, 4)], [1, 3, 4]],
    [1, 1, [entry(1, 2)], [1, 2]],
    [1, 1, [entry(3, 2)], [3]],
  ] as const) {
    const state = nodeWith({ log: [1, 2], term: 4 });
    tell(state, 'n2', append(4, index, logTerm, entries));
    t.same(terms(state), expected);
  }
  t.end();
});

t.test('5.4.1: the voter denies its vote if its own log is more up-to-date than that of the candidate', (t) => {
  for (const [log, index, logTerm, granted] of [
    [[1], 2, 1, true],
    [[1], 3, 1, true],
    [[1, 1], 2, 1, false],
    [[1], 2, 2, true],
    [[1, 1], 2, 2, true],
    [[2], 2, 1, false],
    [[2], 3, 1, false],
  ] as const)
    t.match(tell(nodeWith({ log, term: 2 }), 'n2', vote(3, index, logTerm)), [{ reject: !granted }]);
  t.end();
});

t.test('5.4.2: only log entries from the leader’s current term are committed by counting replicas', (t) => {
  for (const [index, commit] of [
    [2, 1],
    [3, 1],
    [4, 4],
  ] as const) {
    const state = makeLeader(nodeWith({ log: [1, 2], term: 2 }));
    tell(state, 'n2', ack(state.term, index));
    t.equal(state.commit, commit);
  }
  t.end();
});

t.test('5.4.2, figure 8: an entry of an old term on a majority is not committed by that', (t) => {
  // (c): S1 leads in term 4 and has put the entry of term 2 on S3.
  const state = makeLeader(nodeWith({ log: [2], term: 3, voters: ['n1', 'n2', 'n3', 'n4', 'n5'] }));
  for (const voter of ['n2', 'n3', 'n4']) tell(state, voter, ack(4, 2));
  t.equal(state.commit, 1);
  // (d): S5, with an entry of term 3, may still win, and replaces it.
  const follower = nodeWith({ id: 'n3', log: [2], term: 4 });
  t.match(tell(follower, 'n5', vote(5, 2, 3)), [{ reject: false }]);
  tell(follower, 'n5', append(5, 1, 1, [entry(3, 2)]));
  t.same(terms(follower), [3]);
  // (e): with an entry of term 4 on a majority S5 cannot win.
  const later = nodeWith({ id: 'n3', log: [2, 4], term: 4 });
  t.match(tell(later, 'n5', vote(5, 2, 3)), [{ reject: true }]);
  t.end();
});
