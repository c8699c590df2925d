/** What is durable when, and what a node may do that lost some of it: scenarios 35, 36, 39 and 40. */
import t from 'tap';
import { newConfig } from '#protocols/raft/config';
import { lastIndex } from '#protocols/raft/log';
import { raftSettings } from '#protocols/raft/settings';
import { startRaft, type Restart } from '#protocols/raft/start';
import { stepRaft } from '#protocols/raft/step';
import { Cluster } from './cluster.js';
import { ack, append, entry, heartbeat, makeLeader, nodeWith, step, tell, terms } from './node.js';

const config = newConfig(['n1', 'n2', 'n3']);

function found(given: Partial<Restart>): Restart {
  return {
    type: 'restart',
    hardState: { term: 2, vote: undefined, commit: 1, damaged: false, amnesiac: false },
    snapshot: { index: 1, term: 1, config },
    entries: [],
    damaged: false,
    ...given,
  };
}

/** Time passes for all who are up. */
function settle(cluster: Cluster, ticks = 80): void {
  for (let tick = 0; tick < ticks; tick += 1) {
    for (const id of cluster.ids) cluster.tick(id);
    cluster.deliver();
  }
}

t.test('async storage ABA: old append ack after truncation ignored', (t) => {
  // A leader of term 4 has entries 2 and 3. Tokens of writes that it had begun before tell it nothing.
  const state = makeLeader(nodeWith({ log: [2, 2], term: 3 }));
  t.same([state.term, lastIndex(state.log)], [4, 4]);
  const own = state.progress.get('n1');
  step(state, { type: 'propose', id: 'p', data: new Uint8Array() });
  const fresh = makeLeader(nodeWith({ log: [2, 2], term: 3 }));
  stepRaft(fresh, { type: 'propose', id: 'p', data: new Uint8Array() });
  t.equal(fresh.progress.get('n1')?.match, 4);
  stepRaft(fresh, { type: 'persisted', term: 3, index: 5, logTerm: 4 });
  t.equal(fresh.progress.get('n1')?.match, 4, 'handed out in another term');
  stepRaft(fresh, { type: 'persisted', term: 4, index: 5, logTerm: 2 });
  t.equal(fresh.progress.get('n1')?.match, 4, 'another entry is there now');
  stepRaft(fresh, { type: 'persisted', term: 4, index: 5, logTerm: 4 });
  t.equal(fresh.progress.get('n1')?.match, 5);
  t.equal(own?.match, 5);

  // A follower acknowledges each leader what was durable at the time, and the order of its writes is kept: (2,2) is
  // written, replaced by (3,2), and comes back.
  const follower = nodeWith({ term: 2 });
  const wrote: string[] = [];
  for (const [from, message] of [
    ['n2', append(2, 1, 1, [entry(2, 2)])],
    ['n3', append(3, 1, 1, [entry(3, 2)])],
    ['n2', append(4, 1, 1, [entry(2, 2), entry(4, 3)])],
  ] as const)
    for (const effect of stepRaft(follower, { type: 'receive', from, message }).effects) {
      if (effect.type === 'persist')
        wrote.push(`write ${effect.entries.map(({ term, index }) => `${term}/${index}`).join(' ')}`);
      if (effect.type === 'send' && effect.message.type === 'append-response')
        wrote.push(
          `${effect.early ? 'early ' : ''}acknowledge ${effect.message.index} in ${effect.message.term} to ${effect.to}`,
        );
    }
  t.same(wrote, [
    'write 2/2',
    'acknowledge 2 in 2 to n2',
    'write 3/2',
    'acknowledge 2 in 3 to n3',
    'write 2/2 4/3',
    'acknowledge 3 in 4 to n2',
  ]);
  t.end();
});

t.test('commit pagination loses nothing after restart', (t) => {
  // Entries go to the state machine in small pages; the node dies between any two of them.
  for (let pages = 0; pages < 8; pages += 1) {
    const state = nodeWith({ log: Array.from({ length: 12 }, () => 1), maxApplyBytes: 50 });
    const { effects } = stepRaft(state, { type: 'receive', from: 'n2', message: append(1, 13, 1, [], 13) });
    const applied: number[] = [];
    let now = effects;
    for (let page = 0; page < pages; page += 1) {
      const entries = now.flatMap((effect) => (effect.type === 'apply' ? effect.entries : []));
      applied.push(...entries.map(({ index }) => index));
      t.ok(entries.length <= 3, `a page of ${entries.length}`);
      now = stepRaft(state, { type: 'applied', index: applied.at(-1) ?? 0 }).effects;
    }
    // The state machine is durable, or it is not.
    for (const kept of [applied.at(-1) ?? 1, 1]) {
      const { state: next, effects: first } = startRaft(
        raftSettings('n1', { maxApplyBytes: 50 }),
        1,
        found({
          hardState: { term: 1, vote: undefined, commit: 13, damaged: false, amnesiac: false },
          entries: state.log.entries,
          applied: kept,
        }),
      );
      const again = applied.filter((index) => index <= kept);
      for (let pending = first; ; ) {
        const entries = pending.flatMap((effect) => (effect.type === 'apply' ? effect.entries : []));
        if (entries.length === 0) break;
        again.push(...entries.map(({ index }) => index));
        pending = stepRaft(next, { type: 'applied', index: again.at(-1) ?? 0 }).effects;
      }
      t.same(again, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    }
  }
  t.end();
});

t.test('order of effects: persist before votes, acknowledgements and apply; a write carries the commit index', (t) => {
  const state = nodeWith({ term: 1 });
  const kinds = (message: Parameters<typeof tell>[2]): readonly string[] =>
    stepRaft(state, { type: 'receive', from: 'n2', message }).effects.map(({ type }) => type);
  t.same(kinds({ type: 'vote', term: 5, index: 9, logTerm: 4, transfer: false }), ['persist', 'send', 'role']);
  const { effects } = stepRaft(state, { type: 'receive', from: 'n2', message: append(5, 1, 1, [entry(5, 2)], 2) });
  t.same(
    effects.map(({ type }) => type),
    ['persist', 'send', 'apply', 'role'],
  );
  t.match(effects[0], { hardState: { commit: 2, term: 5, vote: 'n2' }, entries: [{ index: 2 }], token: { index: 2 } });
  t.same(kinds(heartbeat(5, 2)), ['send'], 'nothing to write');
  stepRaft(state, { type: 'applied', index: 2 });
  const more = stepRaft(state, { type: 'receive', from: 'n2', message: append(5, 2, 5, [entry(5, 3)], 2) }).effects;
  t.match(more[0], { type: 'persist', hardState: undefined }, 'the hard state is as it was');
  t.end();
});

t.test('corrupt log entry mid-log: refuse to vote/truncate, recover from peers', (t) => {
  // The entry 4 cannot be read; 5 and 6 behind it are good, and nobody knows what 4 was.
  const log = [entry(2, 2), entry(2, 3), entry(2, 5), entry(2, 6)];
  const { state, effects } = startRaft(raftSettings('n1'), 1, found({ entries: log }));
  t.same([state.damaged, lastIndex(state.log)], [true, 3]);
  t.match(
    effects.filter(({ type }) => type === 'persist'),
    [{ hardState: { damaged: true }, entries: [] }],
    'it is written down, and nothing is removed',
  );
  t.match(tell(state, 'n2', { type: 'vote', term: 3, index: 99, logTerm: 2, transfer: false }), [{ reject: true }]);
  t.match(tell(state, 'n2', { type: 'pre-vote', term: 4, index: 99, logTerm: 2 }), [{ reject: true }]);
  step(state, { type: 'tick', count: 100 });
  step(state, { type: 'campaign' });
  t.equal(state.role, 'follower', 'it does not stand either');
  t.match(tell(state, 'n2', append(3, 6, 2)), [{ reject: true, rejectHint: 3, damaged: true }]);
  t.match(tell(state, 'n2', heartbeat(3, 6)), [{ type: 'heartbeat-response', damaged: true }]);
  t.equal(state.commit, 1, 'nothing is committed by what the leader thinks is here');
  t.match(tell(state, 'n2', append(3, 3, 2, [entry(2, 4)])), [{ index: 4, damaged: true }], 'not all yet');
  const tail = [entry(2, 5), entry(2, 6), entry(3, 7)];
  t.match(tell(state, 'n2', { ...append(3, 4, 2, tail.slice(0, 2)), recoverTo: 7 }), [{ index: 6, damaged: true }]);
  const healed = stepRaft(state, { type: 'receive', from: 'n2', message: append(3, 6, 2, tail.slice(2)) }).effects;
  t.match(healed[0], { type: 'persist', hardState: { damaged: false }, entries: [{ index: 7 }] });
  t.match(healed[1], { type: 'send', message: { index: 7, damaged: false } });
  step(state, { type: 'tick', count: 20 });
  t.match(tell(state, 'n3', { type: 'vote', term: 9, index: 7, logTerm: 3, transfer: false }), [{ reject: false }]);
  t.end();
});

t.test('a damaged node recovers from the leader of the term only, and goes on after a restart', (t) => {
  const { state } = startRaft(raftSettings('n1'), 1, found({ entries: [entry(2, 2)], damaged: true }));
  tell(state, 'n2', { ...append(3, 2, 2), recoverTo: 3 });
  tell(state, 'n3', append(4, 2, 2, [entry(4, 3)]));
  t.equal(state.damaged, true, 'the leader of term 4 has said nothing of what it has');
  tell(state, 'n3', { ...append(4, 3, 4), recoverTo: 3 });
  t.equal(state.damaged, false);

  const hardState = { term: 4, vote: undefined, commit: 1, damaged: true, amnesiac: false };
  const { state: again } = startRaft(raftSettings('n1'), 1, found({ hardState, entries: [entry(2, 2)] }));
  t.equal(again.damaged, true, 'a log without a gap does not make it whole');
  t.end();
});

t.test('a leader counts no follower that lost entries, whatever that had acknowledged', (t) => {
  const state = makeLeader(nodeWith());
  const { term } = state;
  tell(state, 'n2', ack(term, 2));
  for (const id of ['p', 'q']) step(state, { type: 'propose', id, data: new Uint8Array() });
  tell(state, 'n2', { ...ack(term, 2), damaged: true });
  t.match(state.progress.get('n2'), { match: 2, recoverTo: 4 });
  t.match(tell(state, 'n2', { ...ack(term, 4), reject: true, rejectHint: 2, logTerm: 2, damaged: true }), [
    { type: 'append', index: 2, recoverTo: 4 },
  ]);
  tell(state, 'n2', { ...ack(term, 4), damaged: true });
  t.equal(state.commit, 2, 'it has all and has not written down that it is whole');
  tell(state, 'n2', ack(term, 4));
  t.same([state.commit, state.progress.get('n2')?.recoverTo], [4, 0]);
  t.end();
});

t.test(
  'a follower that loses entries again while it recovers is sent what it lacks, not the same append for ever',
  (t) => {
    const state = makeLeader(nodeWith());
    const { term } = state;
    tell(state, 'n2', ack(term, 2));
    for (const id of ['p', 'q']) step(state, { type: 'propose', id, data: new Uint8Array() });
    tell(state, 'n2', { ...ack(term, 2), damaged: true });
    tell(state, 'n2', { ...ack(term, 4), reject: true, rejectHint: 2, logTerm: 2, damaged: true });
    tell(state, 'n2', { ...ack(term, 4), damaged: true });
    t.match(state.progress.get('n2'), { match: 4, recoverTo: 4 }, 'it has all, and loses 3 and 4 once more');
    const lost = { ...ack(term, 4), reject: true, rejectHint: 2, logTerm: term, damaged: true } as const;
    t.match(tell(state, 'n2', lost), [{ type: 'append', index: 2, recoverTo: 4 }], 'behind what it says that it has');
    tell(state, 'n2', ack(term, 4));
    t.same([state.commit, state.progress.get('n2')?.recoverTo], [4, 0]);
    t.end();
  },
);

t.test('what a node acknowledged before it lost entries is not heard after it, however late it arrives', (t) => {
  // n1 leads and hears nothing yet of n2's acknowledgement of the entry 3. Then n2 loses that entry.
  const leader = makeLeader(nodeWith({ checkQuorum: false, preVote: false }));
  const { term } = leader;
  step(leader, { type: 'propose', id: 'p', data: new Uint8Array() });
  const late = ack(term, 3);
  const hardState = { term, vote: 'n1', commit: 1, damaged: false, amnesiac: false };
  const settings = raftSettings('n2', { checkQuorum: false, preVote: false });
  const restart = found({ hardState, entries: [entry(term, 2)], damaged: true });
  const { state: lost, effects } = startRaft(settings, 1, restart);
  t.match(effects[0], { type: 'persist', hardState: { term: term + 1, vote: undefined, damaged: true } });
  const told = tell(lost, 'n1', heartbeat(term, 1))[0];
  t.match(told, { type: 'append-response', term: term + 1, damaged: true }, 'the leader of the old term is told');
  if (told !== undefined) tell(leader, 'n2', told);
  t.same([leader.role, leader.term], ['follower', term + 1]);
  makeLeader(leader);
  tell(leader, 'n2', late);
  t.not(leader.progress.get('n2')?.match, 3, 'nor does a leader of a later term hear it');

  // It is damaged already, and has given its word on nothing since: no further term.
  const again = startRaft(settings, 1, { ...restart, hardState: { ...hardState, term: lost.term, damaged: true } });
  t.same([again.state.term, again.state.damaged], [lost.term, true]);
  t.end();
});

t.test('empty data dir with an old id: must rejoin as new id or learner', (t) => {
  // n3 votes for n1 in some term, n1 does not hear it, and n3 loses its disk. n2 asks for the same term.
  const cluster = new Cluster(3, { preVote: false, checkQuorum: false });
  cluster.step('n1', { type: 'campaign' });
  cluster.deliver(({ to }) => to === 'n3');
  const answers = [...cluster.flights];
  cluster.lose();
  cluster.crash('n3');
  cluster.start('n3', { type: 'amnesiac' });
  cluster.step('n2', { type: 'campaign' });
  cluster.deliver(({ to }) => to === 'n3');
  cluster.deliver(({ to }) => to === 'n2');
  t.not(cluster.state('n2').role, 'leader', 'n3 would have voted twice in one term');
  cluster.flights.push(...answers);
  cluster.deliver(({ to }) => to === 'n1');
  t.equal(cluster.state('n1').role, 'leader', 'the vote of its life before stands');
  settle(cluster);
  cluster.propose(cluster.leader ?? '', 'x');
  settle(cluster, 3);
  t.same(cluster.machine('n3'), ['x'], 'it follows');
  t.equal(cluster.state('n3').damaged, false);
  cluster.crash('n3');
  cluster.start('n3');
  t.equal(cluster.state('n3').amnesiac, true, 'and remembers that it has forgotten');
  t.match(tell(cluster.state('n3'), 'n1', { type: 'vote', term: 99, index: 99, logTerm: 98, transfer: false }), [
    { reject: true },
  ]);

  // It does not count: with n2 gone nothing is committed, and nothing is read.
  const alone = new Cluster(3);
  alone.elect('n1');
  alone.crash('n3');
  alone.start('n3', { type: 'amnesiac' });
  settle(alone, 5);
  alone.isolate('n2');
  const { commit } = alone.state('n1');
  alone.propose('n1', 'y');
  alone.takeEvents();
  alone.step('n1', { type: 'read', id: 'r' });
  alone.deliver();
  t.same([alone.state('n1').commit, alone.takeEvents()], [commit, []]);
  alone.heal();
  // It is removed and comes back under another name.
  const change = (type: 'remove' | 'add-voter', node: string) =>
    ({ type: 'change', id: type, change: { transition: 'auto', changes: [{ type, node }] } }) as const;
  settle(alone, 5);
  alone.step('n1', change('remove', 'n3'));
  settle(alone, 5);
  alone.start('n4', { type: 'join' });
  alone.step('n1', change('add-voter', 'n4'));
  settle(alone, 5);
  alone.isolate('n2');
  alone.propose('n1', 'z');
  alone.deliver();
  t.same(alone.machine('n4'), ['y', 'z']);
  t.end();
});

t.test('a hard state that is behind the log was lost: the node never votes again', (t) => {
  const { state } = startRaft(raftSettings('n1'), 1, found({ entries: [entry(2, 2), entry(5, 3)] }));
  t.same([state.amnesiac, state.damaged, state.term], [true, true, 5]);
  t.end();
});

t.test('restart: term, vote and log are as they were, the commit index at most lower', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  for (const text of ['a', 'b', 'c']) cluster.propose('n1', text);
  cluster.deliver();
  for (const id of cluster.ids) {
    const before = cluster.state(id);
    cluster.crash(id);
    cluster.start(id);
    const after = cluster.state(id);
    t.same([after.term, after.vote, terms(after)], [before.term, before.vote, terms(before)]);
    t.ok(after.commit <= before.commit);
  }
  settle(cluster);
  t.same(
    cluster.ids.map((id) => cluster.machine(id)),
    [
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ],
  );
  t.end();
});

t.test('full restart of all nodes; f nodes lost → still commits; f+1 → stops, never lies', (t) => {
  const cluster = new Cluster(5);
  cluster.elect('n1');
  cluster.propose('n1', 'a');
  cluster.deliver();
  for (const id of cluster.ids) cluster.crash(id);
  for (const id of cluster.ids) cluster.start(id);
  settle(cluster);
  cluster.propose(cluster.leader ?? '', 'b');
  settle(cluster, 5);
  for (const id of cluster.ids.filter((one) => one !== cluster.leader).slice(0, 2)) cluster.crash(id);
  cluster.propose(cluster.leader ?? '', 'c');
  settle(cluster, 5);
  t.same(cluster.machine(cluster.leader ?? ''), ['a', 'b', 'c'], 'three of five');
  const third = cluster.ids.find((one) => one !== cluster.leader && cluster.up(one)) ?? '';
  cluster.crash(third);
  const last = cluster.leader ?? '';
  cluster.takeEvents();
  cluster.propose(last, 'd');
  cluster.step(last, { type: 'read', id: 'r' });
  settle(cluster);
  t.equal(cluster.leader, undefined);
  t.same(cluster.machine(last), ['a', 'b', 'c']);
  t.notOk(cluster.takeEvents().some((event) => event.includes('reads r')));
  t.end();
});
