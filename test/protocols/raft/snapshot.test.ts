/** Compaction and snapshots: scenarios 32 to 34 of `docs/scenarios/raft.md`. */
import t from 'tap';
import { newConfig } from '#protocols/raft/config';
import { lastIndex } from '#protocols/raft/log';
import { describeSnapshot } from '#protocols/raft/membership';
import { applySession, dumpSessions, loadSessions, newSessions } from '#protocols/raft/sessions';
import { snapshotsInUse } from '#protocols/raft/snapshot';
import type { RaftState, Snapshot } from '#protocols/raft/types';
import { Cluster } from './cluster.js';
import { ack, append, entry, heartbeat, makeLeader, nodeWith, step, tell } from './node.js';

/** A leader whose log begins behind the entry 10, and whose follower n2 has nothing of it. */
function compacted(): RaftState {
  const state = makeLeader(nodeWith({ log: [1, 1, 1, 1, 1, 1, 1, 1, 1], commit: 10, keepEntries: 0 }));
  const snapshot = describeSnapshot(state, 10);
  if (snapshot === undefined) throw new Error('it has applied 10');
  step(state, { type: 'snapshotted', snapshot });
  return state;
}

const behind = (state: RaftState, from = 'n2') =>
  step(state, {
    type: 'receive',
    from,
    message: { ...ack(state.term, lastIndex(state.log) - 1), reject: true, rejectHint: 1, logTerm: 1 },
  });
const chunk = (offset: number, length: number, done: boolean, index = 10) =>
  ({ type: 'chunk', to: 'n2', index, offset, data: new Uint8Array(length), done }) as const;
const wanted = (state: RaftState, offset: number, index = 10) =>
  ({ type: 'snapshot-response', term: state.term, index, offset }) as const;

function readsOf(effects: ReturnType<typeof step>): readonly number[] {
  return effects.flatMap((effect) => (effect.type === 'read-chunk' ? [effect.offset] : []));
}

t.test('snapshot to slow follower; abort/failure/retry; follower already ahead ignores', (t) => {
  const state = compacted();
  t.same([state.log.base, lastIndex(state.log)], [10, 11]);
  t.same(readsOf(behind(state)), [0], 'the snapshot is read from its beginning');
  const progress = state.progress.get('n2');
  t.match(progress, { state: 'snapshot', sending: { index: 10 } });
  t.match(step(state, chunk(0, 4, false)), [{ type: 'send', message: { type: 'snapshot', offset: 0, done: false } }]);
  const receive = (message: Parameters<typeof tell>[2]) => step(state, { type: 'receive', from: 'n2', message });
  t.same(readsOf(receive(wanted(state, 4))), [4]);
  t.same(readsOf(receive(wanted(state, 4))), [], 'asked twice, read once');
  t.same(step(state, chunk(0, 4, false)), [], 'what was read twice is sent once');
  step(state, chunk(4, 4, false));
  t.same(readsOf(receive(wanted(state, 0))), [0], 'a follower that was restarted begins anew');
  t.same(readsOf(receive(wanted(state, 99))), [], 'what was not sent cannot have arrived');

  // A chunk that is lost is read again once the follower has answered some heartbeats without asking for more.
  step(state, chunk(0, 4, false));
  const alive = { type: 'heartbeat-response', term: state.term, round: 0, sentAt: 0, damaged: false } as const;
  t.same([receive(alive), receive(alive), receive(alive)].map(readsOf), [[], [], [0]]);
  t.same(
    [receive(alive), receive(alive), receive(alive), receive(alive)].flatMap(readsOf),
    [],
    'while it is read, no more',
  );

  // It cannot be read any more, or delivered: from the beginning, after the next word of the follower.
  step(state, { type: 'chunk-failed', to: 'n2', index: 10 });
  t.match(progress, { state: 'probe', next: 1, paused: true, sending: undefined });
  t.same(readsOf(receive(alive)), [0]);
  step(state, chunk(0, 4, true));
  receive(ack(state.term, 10));
  t.match(progress, { state: 'replicate', match: 10, next: 12 }, 'the tail follows');

  const follower = nodeWith({ log: [1, 1, 1], commit: 3, term: 1 });
  tell(follower, 'n2', heartbeat(1));
  const old = { index: 2, term: 1, config: newConfig(['n1']) };
  const send = (snapshot: Snapshot, offset = 0, done = true) =>
    step(follower, {
      type: 'receive',
      from: 'n2',
      message: { type: 'snapshot', term: 1, snapshot, offset, data: new Uint8Array(4), done },
    });
  t.match(send(old), [{ message: { type: 'append-response', index: 3 } }], 'it is ahead already');
  t.match(send({ ...old, index: 4 }), [{ message: { type: 'append-response', index: 4 } }, { type: 'apply' }]);
  t.equal(follower.commit, 4, 'it has all that the snapshot stands for, so the log stays');
  t.equal(lastIndex(follower.log), 4);
  t.match(
    send({ ...old, index: 9 }, 4),
    [{ message: { type: 'snapshot-response', offset: 0 } }],
    'not from the middle',
  );
  send({ ...old, index: 9 }, 0, false);
  t.match(send({ ...old, index: 9 }, 0, false), [{ message: { offset: 4 } }], 'the same again');
  const last = send({ ...old, index: 9 }, 4);
  t.match(
    last.map(({ type }) => type),
    ['store-chunk', 'persist', 'restore', 'config', 'send'],
    'durable before it is used and acknowledged',
  );
  t.match(last[1], { snapshot: { index: 9 }, entries: [] });
  t.same([follower.log.base, follower.commit, follower.applied], [9, 9, 9]);
  t.end();
});

t.test('a follower that does not answer is sent no snapshot', (t) => {
  const state = compacted();
  const progress = state.progress.get('n2');
  if (progress === undefined) throw new Error('n2 is a member');
  progress.next = 2;
  progress.paused = false;
  t.same(readsOf(step(state, { type: 'propose', id: 'p', data: new Uint8Array() })), []);
  t.equal(progress.state, 'probe');
  t.end();
});

t.test('snapshot racing appends (pending-snapshot behind/ahead)', (t) => {
  // Ahead: another snapshot than the one that was sent, or late appends, brought the follower farther.
  const ahead = compacted();
  behind(ahead);
  step(ahead, chunk(0, 4, true));
  step(ahead, { type: 'propose', id: 'p', data: new Uint8Array(1) });
  t.match(ahead.progress.get('n2'), { state: 'snapshot' }, 'no append meanwhile');
  tell(ahead, 'n2', ack(ahead.term, 11));
  t.match(ahead.progress.get('n2'), { state: 'replicate', match: 11 });

  // Behind: an old acknowledgement that does not reach the log changes nothing.
  const late = compacted();
  behind(late);
  tell(late, 'n2', ack(late.term, 5));
  t.match(late.progress.get('n2'), { state: 'snapshot', match: 5 });

  // The leader has compacted more while the snapshot was under way: it arrives, and the next one follows.
  const again = compacted();
  behind(again);
  step(again, chunk(0, 4, true));
  tell(again, 'n3', ack(again.term, 11));
  const snapshot = describeSnapshot(again, 11);
  if (snapshot === undefined) throw new Error('it has applied 11');
  step(again, { type: 'snapshotted', snapshot });
  t.same([...snapshotsInUse(again)], [10], 'the driver keeps both');
  const next = step(again, { type: 'receive', from: 'n2', message: ack(again.term, 10) });
  t.match(next, [{ type: 'read-chunk', index: 11, offset: 0 }]);

  // Entries that are appended after the snapshot, whatever of them comes first.
  const follower = nodeWith({ term: 1 });
  const early = append(1, 9, 1, [entry(1, 10)], 9);
  t.match(tell(follower, 'n2', early), [{ reject: true, rejectHint: 1 }]);
  const data = new Uint8Array(4);
  const image = { index: 9, term: 1, config: newConfig(['n1', 'n2', 'n3']) };
  tell(follower, 'n2', { type: 'snapshot', term: 1, snapshot: image, offset: 0, data, done: true });
  t.match(tell(follower, 'n2', early), [{ reject: false, index: 10 }]);
  t.end();
});

t.test('compaction + restart; restart from snapshot + tail; snapshot carries config and sessions', (t) => {
  const cluster = new Cluster(3, { keepEntries: 2 });
  cluster.elect('n1');
  for (const text of ['a', 'b', 'c', 'd']) cluster.propose('n1', text);
  cluster.deliver();
  cluster.tick('n1');
  cluster.deliver();
  cluster.snapshot('n2', 5);
  t.same([cluster.state('n2').log.base, cluster.state('n2').snapshot?.index], [3, 5], 'two entries are kept behind it');
  cluster.crash('n2');
  cluster.start('n2');
  const { log, commit } = cluster.state('n2');
  t.same([log.base, lastIndex(log), commit >= 5], [5, 6, true]);
  cluster.tick('n1');
  cluster.deliver();
  t.equal(cluster.state('n2').commit, 6);

  // The configuration of the index, not of now.
  cluster.start('n4', { type: 'join' });
  cluster.step('n1', {
    type: 'change',
    id: 'c',
    change: { transition: 'auto', changes: [{ type: 'add-learner', node: 'n4' }] },
  });
  cluster.deliver();
  t.same(describeSnapshot(cluster.state('n1'), 6)?.config.learners, []);
  t.same(describeSnapshot(cluster.state('n1'), 7)?.config.learners, ['n4']);
  t.equal(describeSnapshot(cluster.state('n1'), 8), undefined, 'nothing that is not applied');
  cluster.tick('n1');
  cluster.deliver();
  t.same(cluster.state('n4').config.learners, ['n4'], 'the first snapshot carries who are members');

  const limits = { maxSessions: 4, maxReplies: 4 };
  const table = newSessions<string>(limits);
  applySession(table, 2, { type: 'register' }, () => '');
  const command = { type: 'command', session: 2, seq: 1, acked: 0, data: new Uint8Array() } as const;
  t.same(
    applySession(table, 3, command, () => 'once'),
    { type: 'reply', reply: 'once', again: false },
  );
  const restored = loadSessions(
    limits,
    JSON.parse(JSON.stringify(dumpSessions(table))) as ReturnType<typeof dumpSessions<string>>,
  );
  t.same(
    applySession(restored, 9, command, () => 'twice'),
    { type: 'reply', reply: 'once', again: true },
  );
  t.end();
});

t.test('a state machine that is durable itself is not restored, and its configurations are found in the log', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  cluster.step('n1', {
    type: 'change',
    id: 'c',
    change: { transition: 'auto', changes: [{ type: 'add-learner', node: 'n4' }] },
  });
  cluster.deliver();
  cluster.propose('n1', 'x');
  cluster.deliver();
  cluster.takeEvents();
  cluster.crash('n1');
  cluster.start('n1', { ...cluster.restart('n1'), applied: 3 });
  t.notOk(cluster.takeEvents().some((event) => event.includes('restores')));
  t.same([cluster.state('n1').config.learners, cluster.state('n1').applied >= 3], [['n4'], true]);
  t.end();
});

t.test('a snapshot of what is not applied, older than the last, or of another log is not taken', (t) => {
  const state = nodeWith({ log: [1, 1, 1], commit: 3 });
  const config = newConfig(['n1', 'n2', 'n3']);
  for (const snapshot of [
    { index: 4, term: 1, config },
    { index: 1, term: 1, config },
    { index: 3, term: 9, config },
  ])
    t.same(step(state, { type: 'snapshotted', snapshot }), []);
  t.equal(state.snapshot?.index, 1);
  t.end();
});
