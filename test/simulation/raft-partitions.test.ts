// Raft clusters in the simulator: what partitions, pauses, clocks and lost replies do, each brought about on purpose.
import t, { type Test } from 'tap';
import { encodeCommand, encodeInput } from '#runtime/simulation/raft/machine';
import { ELECTION_US, Lab } from './raft-lab.js';

t.test('raft simulation: 2. 3, 5 and 7 nodes elect within 10 election timeouts', async (t) => {
  for (const size of [3, 5, 7])
    for (let seed = 1; seed <= 10; seed += 1) {
      const lab = new Lab({ seed, size });
      lab.until('leader', () => lab.cluster.leader() !== undefined, 10 * ELECTION_US);
      t.ok(lab.cluster.leader(), `${size} nodes, seed ${seed}`);
    }
});

t.test('raft simulation: 16. a partitioned node cannot raise terms on return (pre-vote)', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(3);
  const leader = lab.leader();
  const { term } = leader.state;
  const [victim] = lab.others(leader.place) as [number];
  const links = lab.between([victim], lab.others(victim));
  lab.world.network.cut(links);
  lab.run(50 * ELECTION_US);
  lab.world.network.mend(links);
  lab.run(10 * ELECTION_US);
  t.equal(lab.leader().state.term, term);
  t.equal(lab.leader().place, leader.place);
  lab.finish();
});

t.test('raft simulation: 18. an isolated leader steps down in one election timeout (check-quorum)', async (t) => {
  const lab = new Lab();
  lab.write(3);
  const leader = lab.leader();
  lab.world.network.cut(lab.between([leader.place], lab.others(leader.place)));
  // It may have asked just before, so it takes up to two of the periods in which it asks, as in etcd.
  lab.run(2 * ELECTION_US + 20_000);
  t.not(leader.state.role, 'leader');
  lab.write(2, 'k0', 10);
  t.not(lab.leader(lab.others(leader.place)).place, leader.place);
});

t.test('raft simulation: 42. asymmetric partition: a leader that sends and does not receive is replaced', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(3);
  const leader = lab.leader();
  const links = lab.others(leader.place).map((from): readonly [number, number] => [from, leader.place]);
  lab.world.network.cut(links);
  lab.run(20 * ELECTION_US);
  const next = lab.leader(lab.others(leader.place));
  t.ok(next.state.term > 1);
  lab.call({ type: 'write', key: 'k0', value: 50 }, { at: next.place });
  lab.until('reply', () => lab.cluster.clients.idle);
  lab.world.network.mend(links);
  lab.finish();
});

t.test('raft simulation: 42. asymmetric partition: a follower that sends and does not receive disturbs nobody', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(3);
  const leader = lab.leader();
  const { term } = leader.state;
  const [victim] = lab.others(leader.place) as [number];
  lab.world.network.cut(lab.others(victim).map((from): readonly [number, number] => [from, victim]));
  lab.run(50 * ELECTION_US);
  t.equal(leader.state.term, term);
  t.equal(leader.state.role, 'leader');
  lab.write(2, 'k0', 10);
});

t.test('raft simulation: 42. bridge partition: one node sees both halves, and the cluster goes on', async () => {
  const lab = new Lab({ size: 5 });
  lab.write(3);
  const bridge = lab.leader().place;
  const rest = lab.others(bridge);
  const links = lab.between(rest.slice(0, 2), rest.slice(2));
  lab.world.network.cut(links);
  lab.write(5, 'k0', 10);
  lab.run(20 * ELECTION_US);
  lab.write(5, 'k0', 20);
  lab.world.network.mend(links);
  lab.finish();
});

/** A leader hangs while another is elected and writes, and goes on with a read in its queue. */
function readAtResume(t: Test, reads: 'quorum' | 'lease'): void {
  const lab = new Lab({ settings: { reads, clockDrift: 0.01 } });
  lab.write(1);
  const old = lab.leader();
  lab.world.pause(old.place);
  // It arrives while the leader hangs, and is the first thing that it sees when it goes on.
  lab.call({ type: 'read', key: 'k0' }, { client: 1, via: 'read', at: old.place });
  lab.run(1_000);
  const next = lab.leader(lab.others(old.place));
  lab.call({ type: 'write', key: 'k0', value: 2 }, { client: 0, at: next.place });
  lab.until('write', () => lab.wrote(2));
  lab.run(1);
  // It is asked again only once the write is acknowledged: this one must not be answered from before.
  lab.call({ type: 'read', key: 'k0' }, { client: 2, via: 'read', at: old.place });
  lab.run(10_000);
  t.equal(old.state.role, 'leader', 'it does not know yet');
  lab.world.resume(old.place);
  lab.until('replies', () => lab.cluster.clients.idle);
  t.equal(lab.cluster.clients.history.find(({ client }) => client === 2)?.reply?.output, 2);
  t.not(old.state.role, 'leader');
  lab.finish();
}

t.test('raft simulation: 43. a leader paused (SIGSTOP) longer than the election timeout: no stale read by quorum', async (t) => {
  readAtResume(t, 'quorum');
});

t.test('raft simulation: 43. a leader paused (SIGSTOP) longer than the election timeout: no stale read by lease', async (t) => {
  readAtResume(t, 'lease');
});

t.test('raft simulation: 43. a leader paused for longer than the election timeout: no ack on resume of what is not committed', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(1);
  const old = lab.leader();
  lab.world.pause(old.place);
  lab.call({ type: 'write', key: 'k0', value: 7 }, { client: 1, at: old.place });
  lab.run(1_000);
  const next = lab.leader(lab.others(old.place));
  lab.call({ type: 'write', key: 'k0', value: 8 }, { client: 0, at: next.place });
  lab.until('write', () => lab.wrote(8));
  lab.world.resume(old.place);
  lab.until('replies', () => lab.cluster.clients.idle);
  lab.finish();
  t.not(old.state.term, 1);
});

t.test('raft simulation: 45. clock jumps of an hour leave leaders, leases and ticks alone', async (t) => {
  const lab = new Lab({ settings: { reads: 'lease', clockDrift: 0.01 } });
  lab.write(3);
  const leader = lab.leader();
  const { term } = leader.state;
  for (const byUs of [3_600_000_000, -3_600_000_000, -3_600_000_000, 3_600_000_000])
    for (const place of lab.places()) {
      lab.world.jump(place, byUs);
      lab.run(ELECTION_US / 2);
      lab.call({ type: 'read', key: 'k0' }, { via: 'read', at: leader.place });
      lab.until('reply', () => lab.cluster.clients.idle);
      t.equal(lab.lastOutput, 3);
    }
  t.equal(leader.state.term, term);
  t.ok((lab.world.sometimes.get('lease read served') ?? 0) > 5);
  lab.finish();
});

t.test('raft simulation: 24. lease reads in clocks that drift more than they are allowed for are met as stale by the checker', async (t) => {
  // Not a promise but its limit: the clock of the leader stands almost still, and the setting says that it does not.
  let stale = 0;
  for (let seed = 1; seed <= 30 && stale === 0; seed += 1) {
    const lab = new Lab({ seed, settings: { reads: 'lease', clockDrift: 0 } });
    lab.write(1);
    const old = lab.leader();
    lab.world.setRate(old.place, 0.05);
    lab.run(2_000);
    lab.world.network.cut(lab.between([old.place], lab.others(old.place)));
    const next = lab.leader(lab.others(old.place));
    lab.call({ type: 'write', key: 'k0', value: 2 }, { client: 0, at: next.place });
    lab.until('write', () => lab.wrote(2));
    lab.run(1);
    lab.call({ type: 'read', key: 'k0' }, { client: 1, via: 'read', at: old.place });
    lab.run(50_000);
    const read = lab.cluster.clients.history.find(({ client }) => client === 1);
    if (read?.reply?.output === 1) {
      stale += 1;
      t.throws(() => lab.cluster.finish(), /Linearizability/);
    }
  }
  t.equal(stale, 1, 'such a clock makes a read stale, so the bound is needed');
});

t.test('raft simulation: 41. client sessions: a retry after a lost reply applies once, through snapshot and leader change', async (t) => {
  const lab = new Lab({ setup: { snapshotEntries: 4 }, settings: { keepEntries: 0 } });
  lab.write(1);
  const session = lab.cluster.clients.sessions()[0] ?? 0;
  t.ok(session > 0);
  const again = encodeCommand({
    type: 'command',
    session,
    seq: 2,
    acked: 1,
    data: encodeInput({ type: 'write', key: 'k0', value: 100 }),
  });
  lab.leader().give({ type: 'propose', id: 'first', data: again });
  lab.run(ELECTION_US);
  t.equal(lab.leader().machine.read('k0'), 100);
  // Another client overwrites it, and the log with the command is compacted away.
  for (let value = 200; value < 212; value += 1) {
    lab.call({ type: 'write', key: 'k0', value }, { client: 1 });
    lab.until('reply', () => lab.cluster.clients.idle);
  }
  t.ok(lab.leader().state.log.base > 10);
  const old = lab.leader();
  const [behind] = lab.others(old.place) as [number];
  lab.cluster.wipe(behind);
  lab.change('add-learner', behind);
  lab.until('snapshot', () => (lab.driver(behind)?.state.applied ?? 0) > 10);
  lab.change('add-voter', behind);
  lab.leader().give({ type: 'transfer', id: 'to', to: lab.cluster.idAt(behind) });
  lab.until('transfer', () => lab.cluster.leader()?.place === behind);
  lab.until('its first entry', () => (lab.driver(behind)?.state.applied ?? 0) >= lab.cluster.committed);
  lab.leader().give({ type: 'propose', id: 'again', data: again });
  lab.run(ELECTION_US);
  t.equal(lab.leader().machine.read('k0'), 211, 'the command of before does not take effect again');
  t.ok((lab.world.sometimes.get('session retry deduplicated') ?? 0) > 0);
});

t.test('raft simulation: 29. the leader crashes while joint: the next one leaves the joint configuration', async () => {
  const lab = new Lab({ size: 6, setup: { voters: 3 } });
  lab.write(3);
  const old = lab.leader();
  const changes = [3, 4, 5].map((place) => ({ type: 'add-voter' as const, node: lab.cluster.idAt(place) }));
  old.give({ type: 'change', id: 'grow', change: { transition: 'joint-implicit', changes } });
  lab.until('joint configuration', () => old.state.config.votersOutgoing.length > 0);
  lab.crash(old.place, true);
  const next = lab.leader(lab.others(old.place));
  lab.until('leaving it', () => {
    const { voters, votersOutgoing } = next.state.config;
    return votersOutgoing.length === 0 && voters.length === 6;
  });
  lab.finish();
});

t.test('raft simulation: 20. a removed server that does not know it disturbs nobody', async (t) => {
  const lab = new Lab({ size: 4 });
  lab.write(3);
  const leader = lab.leader();
  const [removed] = lab.others(leader.place) as [number];
  const links = lab.between([removed], lab.others(removed));
  lab.world.network.cut(links);
  lab.change('remove', removed);
  const { term } = leader.state;
  lab.world.network.mend(links);
  lab.run(50 * ELECTION_US);
  t.equal(lab.leader(lab.others(removed)).state.term, term);
  lab.write(3, 'k0', 10);
});

t.test('raft simulation: 28. the leader removes itself, commits that without itself, and steps down', async (t) => {
  const lab = new Lab({ size: 4 });
  lab.write(3);
  const leader = lab.leader();
  leader.give({
    type: 'change',
    id: 'leave',
    change: { transition: 'auto', changes: [{ type: 'remove', node: leader.id }] },
  });
  lab.until('stepping down', () => leader.state.role !== 'leader');
  t.notOk(leader.state.config.voters.includes(leader.id));
  lab.write(3, 'k0', 10);
  t.not(lab.leader(lab.others(leader.place)).id, leader.id);
  lab.settle();
});

t.test('raft simulation: 27. a transfer to a node that is cut off times out, and proposals are taken again', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(3);
  const leader = lab.leader();
  const [target] = lab.others(leader.place) as [number];
  const links = lab.between([target], lab.others(target));
  lab.world.network.cut(links);
  leader.give({ type: 'transfer', id: 'to', to: lab.cluster.idAt(target) });
  t.equal(leader.state.leadTransferee, lab.cluster.idAt(target));
  lab.call({ type: 'write', key: 'k0', value: 9 }, { at: leader.place });
  lab.until('reply', () => lab.cluster.clients.idle);
  t.ok((lab.world.sometimes.get('transfer timed out') ?? 0) > 0);
  t.equal(leader.state.role, 'leader');
  lab.world.network.mend(links);
  lab.finish();
});

t.test('raft simulation: 15. the uncommitted-size cap refuses proposals under partition', async (t) => {
  const lab = new Lab({ settings: { maxUncommittedBytes: 300, checkQuorum: false } });
  lab.write(2);
  const leader = lab.leader();
  const links = lab.between([leader.place], lab.others(leader.place));
  lab.world.network.cut(links);
  for (let count = 0; count < 60; count += 1)
    leader.give({ type: 'propose', id: `p${count}`, data: encodeCommand({ type: 'register' }) });
  t.ok((lab.world.sometimes.get('proposal refused by the size cap') ?? 0) > 0);
  lab.world.network.mend(links);
  lab.finish();
});
