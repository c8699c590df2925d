/** Changes of the configuration and leadership: scenarios 25 to 31 of `docs/scenarios/raft.md`. */
import t from 'tap';
import { newConfig } from '#protocols/raft/config';
import { raftSettings } from '#protocols/raft/settings';
import { startRaft } from '#protocols/raft/start';
import type { ConfigChange, Entry } from '#protocols/raft/types';
import { Cluster } from './cluster.js';
import { ack, append, entry, makeLeader, nodeWith, refusals, step, tell } from './node.js';
import { wordsOfConfig } from './words.js';

function change(words: string, transition: ConfigChange['transition'] = 'auto'): ConfigChange {
  const types = { v: 'add-voter', l: 'add-learner', r: 'remove' } as const;
  const changes = words
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ type: types[word.slice(0, 1) as 'v' | 'l' | 'r'], node: `n${word.slice(1)}` }));
  return { transition, changes };
}

function propose(
  cluster: Cluster,
  words: string,
  transition?: ConfigChange['transition'],
  id = cluster.leader ?? '',
): void {
  cluster.step(id, { type: 'change', id: `change ${words}`, change: change(words, transition) });
  cluster.deliver();
}

const configOf = (cluster: Cluster, id = cluster.leader ?? ''): string => wordsOfConfig(cluster.state(id).config);

/** Time passes for all until there is a leader that everyone who is up follows. */
function settle(cluster: Cluster): void {
  for (let tick = 0; tick < 60; tick += 1) {
    for (const id of cluster.ids) cluster.tick(id);
    cluster.deliver();
  }
}

t.test('learner never counts in quorum, can catch up, be promoted; a learner asked to vote does vote', (t) => {
  const cluster = new Cluster(2, { learners: ['n3'] });
  cluster.elect('n1');
  cluster.isolate('n2');
  cluster.propose('n1', 'x');
  cluster.deliver();
  t.equal(cluster.state('n3').log.entries.length, 2, 'it has the entry');
  t.equal(cluster.state('n1').commit, 2, 'which is not committed by that');
  cluster.tick('n3', 500);
  t.equal(cluster.state('n3').role, 'follower', 'it never campaigns');
  cluster.step('n3', { type: 'campaign' });
  t.equal(cluster.state('n3').role, 'follower', 'not even when it is told to');
  const asked = cluster.state('n3');
  t.match(tell(asked, 'n2', { type: 'vote', term: 99, index: 9, logTerm: 98, transfer: false }), [{ reject: false }]);

  const promoted = new Cluster(2, { learners: ['n3'] });
  promoted.elect('n1');
  propose(promoted, 'v3');
  t.equal(configOf(promoted), '(n1 n2 n3)');
  promoted.isolate('n2');
  promoted.propose('n1', 'y');
  promoted.deliver();
  t.same(promoted.machine('n1'), ['y'], 'two of three');

  // Two voters and a learner that was promoted without hearing of it: the vote of the learner decides.
  const unaware = new Cluster(2, { learners: ['n3'] });
  unaware.elect('n1');
  unaware.isolate('n3');
  propose(unaware, 'v3');
  unaware.crash('n1');
  unaware.heal();
  settle(unaware);
  t.equal(unaware.leader, 'n2');
  t.end();
});

t.test('transfer to up-to-date / lagging / self / unknown / learner', (t) => {
  const cluster = new Cluster(3, { learners: ['n4'] });
  cluster.elect('n1');
  const transfer = (from: string, to: string): readonly string[] => {
    cluster.takeEvents();
    cluster.step(from, { type: 'transfer', id: 'x', to });
    cluster.deliver();
    return cluster.takeEvents().filter((event) => event.includes('refuses') || event.includes('leader term'));
  };
  const { term } = cluster.state('n1');
  t.match(transfer('n1', 'n1'), ['n1 refuses transfer x: bad-target leader=n1']);
  t.match(transfer('n1', 'n9'), ['n1 refuses transfer x: bad-target leader=n1']);
  t.match(transfer('n1', 'n4'), ['n1 refuses transfer x: bad-target leader=n1']);
  t.match(transfer('n2', 'n3'), ['n2 refuses transfer x: not-leader leader=n1']);
  t.same(transfer('n1', 'n2'), [`n2 leader term=${term + 1} leader=n2`]);
  cluster.isolate('n3');
  cluster.propose('n2', 'x');
  cluster.deliver();
  t.same(transfer('n2', 'n3'), []);
  cluster.heal();
  cluster.tick('n2');
  cluster.deliver();
  t.equal(cluster.leader, 'n3', 'once it has the log');
  t.same(cluster.machine('n3'), ['x']);
  t.end();
});

t.test('transfer timeout; proposals refused meanwhile; second transfer overrides', (t) => {
  const state = makeLeader(nodeWith({ checkQuorum: false }));
  const { term } = state;
  tell(state, 'n2', ack(term, 2));
  step(state, { type: 'transfer', id: 't', to: 'n3' });
  t.same(refusals(step(state, { type: 'propose', id: 'p', data: new Uint8Array() })), ['transferring']);
  t.same(refusals(step(state, { type: 'change', id: 'c', change: change('r3') })), ['transferring']);
  step(state, { type: 'tick', count: 9 });
  t.equal(state.leadTransferee, 'n3');
  step(state, { type: 'tick' });
  t.equal(state.leadTransferee, undefined, 'after an election timeout it is given up');
  t.same(refusals(step(state, { type: 'propose', id: 'p', data: new Uint8Array() })), []);
  tell(state, 'n2', ack(term, 3));

  step(state, { type: 'transfer', id: 't', to: 'n3' });
  const again = step(state, { type: 'transfer', id: 't', to: 'n3' });
  t.same(again, [], 'the same once more changes nothing');
  step(state, { type: 'tick', count: 5 });
  const effects = step(state, { type: 'transfer', id: 't', to: 'n2' });
  t.match(effects, [{ type: 'send', to: 'n2', message: { type: 'timeout-now' } }]);
  t.equal(state.leadTransferee, 'n2');
  step(state, { type: 'tick', count: 9 });
  t.equal(state.leadTransferee, 'n2', 'its time begins anew');
  step(state, { type: 'transfer', id: 't', to: 'n1' });
  t.equal(state.leadTransferee, undefined, 'to oneself: given up');
  t.end();
});

t.test('add voter; remove follower; remove leader (commits without itself, steps down)', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  cluster.propose('n1', 'a');
  cluster.start('n4', { type: 'join' });
  propose(cluster, 'v4');
  t.equal(configOf(cluster, 'n1'), '(n1 n2 n3 n4)');
  settle(cluster);
  t.same([configOf(cluster, 'n4'), cluster.machine('n4')], ['(n1 n2 n3 n4)', ['a']], 'it has all, by a snapshot');
  propose(cluster, 'r2');
  t.equal(configOf(cluster), '(n1 n3 n4)');
  t.equal(configOf(cluster, 'n2'), '(n1 n3 n4)', 'who is removed hears of it');

  // Without itself: one of the two that stay has to answer, and a leader that counted itself would commit with neither.
  cluster.partition(['n1'], ['n3', 'n4', 'n2']);
  const leader = cluster.leader ?? '';
  t.equal(leader, 'n1');
  cluster.step('n1', { type: 'change', id: 'r1', change: change('r1') });
  cluster.deliver();
  t.equal(configOf(cluster, 'n1'), '(n1 n3 n4)');
  cluster.heal();
  cluster.tick('n1');
  cluster.deliver();
  t.same([configOf(cluster, 'n1'), cluster.state('n1').role], ['(n3 n4)', 'follower'], 'it steps down');
  settle(cluster);
  t.ok(cluster.leader === 'n3' || cluster.leader === 'n4');
  t.equal(cluster.state('n1').role, 'follower', 'and stands for election no more');
  t.end();
});

t.test('joint: enter, auto-leave, explicit leave, leader crash while joint', (t) => {
  const auto = new Cluster(3);
  auto.elect('n1');
  for (const id of ['n4', 'n5']) auto.start(id, { type: 'join' });
  propose(auto, 'v4 v5 r2 r3');
  settle(auto);
  t.equal(configOf(auto), '(n1 n4 n5)');
  const changes = auto.state('n1').log.entries.filter(({ type }) => type === 'config');
  t.equal(changes.length, 2, 'two entries: enter and leave');

  const cluster = new Cluster(3);
  cluster.elect('n1');
  cluster.start('n4', { type: 'join' });
  propose(cluster, 'v4 r1', 'joint-explicit');
  settle(cluster);
  t.equal(configOf(cluster), '(n2 n3 n4)&&(n1 n2 n3)', 'it stays joint');
  cluster.crash(cluster.leader ?? '');
  settle(cluster);
  t.equal(configOf(cluster), '(n2 n3 n4)&&(n1 n2 n3)', 'under the next leader too');
  propose(cluster, '');
  settle(cluster);
  t.equal(configOf(cluster), '(n2 n3 n4)');

  // The leader that entered crashes before it can leave; the next one leaves.
  const crashed = new Cluster(3);
  crashed.elect('n1');
  crashed.start('n4', { type: 'join' });
  crashed.step('n1', { type: 'change', id: 'c', change: change('v4 r3') });
  while (!crashed.state('n2').config.autoLeave && crashed.deliverOne());
  crashed.crash('n1');
  settle(crashed);
  t.equal(configOf(crashed), '(n1 n2 n4)');
  t.end();
});

t.test('joint configuration: neither majority alone commits or elects', (t) => {
  const cluster = new Cluster(3);
  cluster.elect('n1');
  for (const id of ['n4', 'n5']) cluster.start(id, { type: 'join' });
  propose(cluster, 'v4 v5 r2 r3', 'joint-explicit');
  settle(cluster);
  t.equal(configOf(cluster), '(n1 n4 n5)&&(n1 n2 n3)');
  const { commit } = cluster.state('n1');
  cluster.partition(['n1', 'n4', 'n5'], ['n2', 'n3']);
  cluster.propose('n1', 'x');
  cluster.deliver();
  t.equal(cluster.state('n1').commit, commit, 'all of the new, one of the old');
  cluster.tick('n2', 40);
  cluster.tick('n3', 40);
  cluster.deliver();
  t.ok(
    ['n2', 'n3'].every((id) => cluster.state(id).role !== 'leader'),
    'two of the old, none of the new',
  );
  cluster.heal();
  settle(cluster);
  cluster.partition(['n1', 'n2', 'n3'], ['n4', 'n5']);
  const before = cluster.state(cluster.leader ?? '').commit;
  cluster.propose(cluster.leader ?? '', 'y');
  cluster.deliver();
  t.equal(cluster.state(cluster.leader ?? '').commit, before, 'all of the old, one of the new');
  t.end();
});

t.test('one pending config change; next leader honours an unapplied one; no campaign with unapplied config', (t) => {
  const state = makeLeader(nodeWith());
  const { term } = state;
  tell(state, 'n2', ack(term, 2));
  t.same(refusals(step(state, { type: 'change', id: 'c1', change: change('v4') })), []);
  t.same(refusals(step(state, { type: 'change', id: 'c2', change: change('v5') })), ['config-pending']);
  tell(state, 'n2', ack(term, 3));
  t.equal(wordsOfConfig(state.config), '(n1 n2 n3 n4)');
  t.same(refusals(step(state, { type: 'change', id: 'c2', change: change('v5') })), []);
  t.same(refusals(step(nodeWith(), { type: 'change', id: 'c', change: change('v5') })), ['not-leader']);
  const settled = makeLeader(nodeWith());
  tell(settled, 'n2', ack(settled.term, 2));
  t.same(refusals(step(settled, { type: 'change', id: 'c', change: change('') })), ['bad-change'], 'nothing to leave');

  // A change is in the log of the next leader and not committed: it is made before any other.
  const config: Entry = { type: 'config', term: 1, index: 2, id: 'old', change: change('r3') };
  const { state: next } = startRaft(raftSettings('n1'), 1, {
    type: 'restart',
    hardState: { term: 1, vote: undefined, commit: 1, damaged: false, amnesiac: false },
    snapshot: { index: 1, term: 1, config: newConfig(['n1', 'n2', 'n3']) },
    entries: [config],
    damaged: false,
    applied: 1,
  });
  makeLeader(next);
  t.same(refusals(step(next, { type: 'change', id: 'c', change: change('v5') })), ['config-pending']);
  tell(next, 'n2', ack(next.term, 3));
  t.equal(wordsOfConfig(next.config), '(n1 n2)');
  t.same(refusals(step(next, { type: 'change', id: 'c', change: change('v5') })), []);

  // Committed and not applied: this node does not know who decides, and must not decide by who did.
  const unapplied = nodeWith({ term: 1 });
  tell(unapplied, 'n2', append(1, 1, 1, [config], 1));
  const held: (typeof unapplied)['role'][] = [];
  unapplied.applying = 2;
  tell(unapplied, 'n2', append(1, 2, 1, [], 2));
  step(unapplied, { type: 'campaign' });
  held.push(unapplied.role);
  step(unapplied, { type: 'tick', count: 100 });
  held.push(unapplied.role);
  step(unapplied, { type: 'applied', index: 2 });
  step(unapplied, { type: 'campaign' });
  held.push(unapplied.role);
  t.same(held, ['follower', 'follower', 'pre-candidate']);
  t.end();
});

t.test('a change and the commit of the one before it become durable together', (t) => {
  // n3 gets two changes, one after the other, and crashes at once. It must not come back with the second in its log and
  // the configuration of before the first.
  const cluster = new Cluster(3);
  cluster.elect('n1');
  propose(cluster, 'v4');
  cluster.step('n1', { type: 'change', id: 'v5', change: change('v5') });
  cluster.deliver(({ to }) => to === 'n3');
  cluster.crash('n3');
  const { hardState, entries } = cluster.disk('n3');
  const changes = entries.filter(({ type }) => type === 'config');
  t.equal(changes.length, 2);
  t.ok(hardState.commit >= (changes[0]?.index ?? 99), `commit ${hardState.commit} was written with the second change`);
  cluster.start('n3');
  t.equal(configOf(cluster, 'n3'), '(n1 n2 n3 n4)');
  t.end();
});

t.test("Ongaro's 2015 single-server bug: no change before a current-term commit", (t) => {
  // n1 and n2 lead one after the other in a group of four; each would change one member before it has committed anything.
  const state = makeLeader(nodeWith({ voters: ['n1', 'n2', 'n3', 'n4'], log: [1, 1], commit: 3, term: 1 }));
  t.equal(state.applied, 3, 'all of the log is applied');
  t.same(refusals(step(state, { type: 'change', id: 'c', change: change('v5') })), ['config-pending']);
  for (const voter of ['n2', 'n3']) tell(state, voter, ack(state.term, 4));
  t.equal(state.commit, 4, 'its no-op is');
  t.same(refusals(step(state, { type: 'change', id: 'c', change: change('v5') })), []);
  t.end();
});

t.test('a member that is added is caught up from its end, and one that is removed is forgotten', (t) => {
  const state = makeLeader(nodeWith({ log: [1, 1] }));
  tell(state, 'n2', ack(state.term, 4));
  step(state, { type: 'change', id: 'c', change: change('l4') });
  const told = tell(state, 'n2', ack(state.term, 5));
  t.same([...state.progress.keys()], ['n1', 'n2', 'n3', 'n4']);
  t.ok(
    told.some(({ type }) => type === 'append'),
    'n4 is probed at once',
  );
  tell(state, 'n4', { ...ack(state.term, 4), reject: true, rejectHint: 0 });
  t.equal(state.progress.get('n4')?.state, 'snapshot', 'it has nothing');
  step(state, { type: 'change', id: 'c', change: change('r4') });
  tell(state, 'n2', ack(state.term, 6));
  t.equal(state.progress.get('n4'), undefined);
  t.same(tell(state, 'n4', ack(state.term, 6)), [], 'what it still says is nobody speaking');
  t.same(entry(1, 2), state.log.entries[0]);
  t.end();
});
