// Raft clusters in the simulator: what crashes, power losses, rot and lost disks do, each brought about on purpose.
import t from 'tap';
import { lastIndex } from '#protocols/raft/log';
import type { Driver } from '#runtime/simulation/raft/driver';
import { encodeCommand } from '#runtime/simulation/raft/machine';
import { ELECTION_US, Lab, type LabOptions } from './raft-lab.js';

t.test('raft simulation: 37. crash at every persist point, by power loss, before and after the sync', async (t) => {
  const points = countPersists();
  t.ok(points > 20, `${points} writes`);
  for (let point = 1; point <= points; point += 1)
    for (const when of ['persisting', 'synced'] as const) {
      const lab = crashAt(point, when);
      t.ok(lab.cluster.committed > 5, `${when} ${point}`);
    }
});

/** A short life with an election, entries, a snapshot, a transfer and a compacted log. */
function shortLife(lab: Lab): void {
  for (let value = 1; value <= 8; value += 1) {
    lab.call({ type: 'write', key: `k${value % 2}`, value });
    lab.run(60_000);
  }
  lab.finish();
}

function countPersists(): number {
  let count = 0;
  shortLife(labOf({ watcher: { persisting: () => (count += 1) } }));
  return count;
}

function crashAt(point: number, when: 'persisting' | 'synced'): Lab {
  let count = 0;
  let struck: number | undefined;
  const hit = ({ place }: Driver): void => {
    count += 1;
    if (count === point) struck = place;
  };
  const watcher = when === 'persisting' ? { persisting: hit } : { synced: hit };
  const lab = labOf({ knobs: { tearing: 0.5 }, watcher });
  // At once, but not in the middle of what the node does: that is one step for the rest of the world.
  lab.afterEvent = () => {
    if (struck !== undefined) bounce(lab, struck);
    struck = undefined;
  };
  shortLife(lab);
  return lab;
}

function bounce(lab: Lab, place: number): void {
  if (!lab.world.up(place)) return;
  lab.crash(place, true);
  lab.world.at(lab.world.nowUs + 50_000, -1, 0, () => {
    if (!lab.world.up(place)) lab.restart(place);
  });
}

function labOf(options: LabOptions): Lab {
  return new Lab({ ...options, setup: { snapshotEntries: 5 }, settings: { keepEntries: 0 } });
}

t.test('raft simulation: 38. power loss drops all unsynced writes, and nothing that was acknowledged', async (t) => {
  let lost = 0;
  for (let seed = 1; seed <= 10; seed += 1) {
    const lab = new Lab({ seed });
    lab.write(5);
    const { committed } = lab.cluster;
    const leader = lab.leader();
    const before = lastIndex(leader.state.log);
    leader.give({ type: 'propose', id: 'unsynced', data: encodeCommand({ type: 'register' }) });
    t.equal(lastIndex(leader.state.log), before + 1, 'the entry is in the log in memory');
    for (const place of lab.places()) lab.crash(place, true);
    for (const place of lab.places()) lab.restart(place);
    const { log } = lab.node(leader.place).state;
    t.ok(lastIndex(log) >= committed);
    if (lastIndex(log) === before) lost += 1;
    lab.finish();
  }
  t.ok(lost > 0, `lost in ${lost} of 10 runs`);
});

t.test('raft simulation: 39. a corrupt log entry mid-log: no vote and no truncation, until peers have brought it back', async (t) => {
  const lab = new Lab();
  lab.write(10);
  const leader = lab.leader();
  const [victim, other] = lab.others(leader.place) as [number, number];
  lab.run(ELECTION_US);
  const end = lastIndex(leader.state.log);
  lab.crash(victim);
  lab.rot(victim, `log/${end - 4}`);
  lab.crash(leader.place);
  lab.restart(victim);
  const { state } = lab.node(victim);
  t.ok(state.damaged);
  t.equal(lastIndex(state.log), end - 5, 'it keeps what is before the broken entry');
  // The other voter is up to date and would win with the vote of the damaged one.
  lab.run(50 * ELECTION_US);
  t.equal(lab.cluster.leader(), undefined, 'a majority would be reached with the damaged voter only');
  lab.restart(leader.place);
  lab.leader([leader.place, other]);
  lab.until('recovery', () => lab.driver(victim)?.state.damaged === false);
  t.ok(lastIndex(lab.node(victim).state.log) >= end);
  lab.finish();
});

t.test('raft simulation: 39. a corrupt snapshot is fetched again from the leader', async (t) => {
  const lab = new Lab({ setup: { snapshotEntries: 5 }, settings: { keepEntries: 0 } });
  lab.write(20);
  lab.run(ELECTION_US);
  const [victim] = lab.others(lab.leader().place) as [number];
  const index = lab.driver(victim)?.state.snapshot?.index ?? 0;
  t.ok(index > 1);
  lab.crash(victim);
  lab.rot(victim, `snap/${index}/0`);
  lab.restart(victim);
  t.ok(lab.driver(victim)?.state.damaged);
  t.equal(lab.driver(victim)?.state.commit, 0);
  lab.until('recovery', () => lab.driver(victim)?.state.damaged === false);
  lab.finish();
});

t.test('raft simulation: a vote that is unreadable in both copies makes a node that never votes again', async (t) => {
  const lab = new Lab();
  lab.write(3);
  lab.run(ELECTION_US);
  const [victim] = lab.others(lab.leader().place) as [number];
  lab.crash(victim);
  for (const copy of ['a', 'b']) lab.rot(victim, `hard/0/${copy}`);
  lab.restart(victim);
  t.ok(lab.driver(victim)?.state.amnesiac);
  lab.crash(lab.leader(lab.others(victim)).place);
  lab.run(50 * ELECTION_US);
  t.equal(lab.cluster.leader(), undefined, 'two of three are up, and one of them does not count');
});

t.test('raft simulation: one broken copy of the hard state is mended from the other', async (t) => {
  const lab = new Lab();
  lab.write(3);
  lab.run(ELECTION_US);
  const [victim] = lab.others(lab.leader().place) as [number];
  const term = lab.driver(victim)?.state.term;
  lab.crash(victim);
  for (const slot of [0, 1]) lab.rot(victim, `hard/${slot}/b`);
  lab.restart(victim);
  const { state } = lab.node(victim);
  t.same([state.damaged, state.amnesiac, state.term], [false, false, term]);
  lab.finish();
});

t.test('raft simulation: 40. an empty data dir: the node rejoins as a learner with a new id, and is promoted', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(5);
  const old = lab.leader();
  const [victim] = lab.others(old.place) as [number];
  const before = lab.cluster.idAt(victim);
  lab.cluster.wipe(victim);
  const id = lab.cluster.idAt(victim);
  t.not(id, before);
  lab.run(10 * ELECTION_US);
  t.equal(lab.driver(victim)?.state.term, 0, 'nobody speaks to it before it is brought in');
  lab.change('add-learner', victim);
  lab.until('catching up', () => (lab.driver(victim)?.state.applied ?? 0) >= lab.cluster.committed);
  lab.change('add-voter', victim);
  lab.finish();
  const { voters } = lab.leader().state.config;
  t.ok(voters.includes(id) && !voters.includes(before), voters.join(' '));
});

t.test('raft simulation: 34. compaction + restart from snapshot + tail; a snapshot carries config and sessions', async (t) => {
  const lab = new Lab({ size: 4, setup: { voters: 3, snapshotEntries: 10 }, settings: { keepEntries: 0 } });
  lab.change('add-learner', 3);
  lab.write(25);
  lab.run(ELECTION_US);
  const { state } = lab.leader();
  const session = lab.cluster.clients.sessions()[0] ?? 0;
  t.ok(session > 0);
  t.ok((state.snapshot?.index ?? 0) > 20 && state.log.base > 0, 'compacted');
  t.ok(lastIndex(state.log) > (state.snapshot?.index ?? 0), 'a tail behind the snapshot');
  for (const place of lab.places()) lab.crash(place, true);
  for (const place of lab.places()) lab.restart(place);
  for (const place of lab.places()) {
    const driver = lab.node(place);
    t.same(driver.state.config.learners, ['4'], 'the configuration is that of the snapshot');
    t.ok((driver.machine.lastOf(session) ?? 0) > 10, 'so are the sessions');
  }
  lab.finish();
});

t.test('raft simulation: 36. commit pagination loses nothing after restart', async (t) => {
  const lab = new Lab({ settings: { maxApplyBytes: 1 } });
  lab.write(20);
  lab.run(ELECTION_US);
  const leader = lab.leader();
  const hashes = new Set(lab.places().map((place) => lab.driver(place)?.machine.hash));
  t.equal(hashes.size, 1);
  for (const place of lab.places()) lab.crash(place, true);
  for (const place of lab.places()) lab.restart(place);
  lab.until('the same state again', () => lab.driver(leader.place)?.machine.hash === leader.machine.hash);
  lab.finish();
});

t.test('raft simulation: 44. full restart of all nodes loses nothing', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(10);
  const { committed } = lab.cluster;
  for (const power of [false, true, true]) {
    for (const place of lab.places()) lab.crash(place, power);
    for (const place of lab.places()) lab.restart(place);
    lab.call({ type: 'read', key: 'k0' });
    lab.until('reply', () => lab.cluster.clients.idle);
    t.equal(lab.lastOutput, 10);
  }
  t.ok(lab.cluster.committed > committed);
  lab.finish();
});

t.test('raft simulation: 44. f nodes lost forever: it still commits; f+1: it stops, and never lies', async (t) => {
  const lab = new Lab({ size: 5 });
  lab.write(3);
  const first = lab.leader().place;
  lab.crash(first, true);
  lab.crash(lab.others(first)[0] as number, true);
  lab.write(3, 'k0', 10);
  const { committed } = lab.cluster;
  lab.crash(lab.leader().place, true);
  lab.call({ type: 'write', key: 'k0', value: 99 });
  lab.call({ type: 'read', key: 'k0' }, { client: 1, via: 'read' });
  lab.run(100 * ELECTION_US);
  t.notOk(lab.cluster.clients.idle, 'nobody has an answer');
  t.equal(lab.cluster.committed, committed);
  lab.finish();
});

t.test('raft simulation: a full disk stops its node, the others go on, and it comes back', async (t) => {
  const lab = new Lab();
  lab.write(3);
  const [victim] = lab.others(lab.leader().place) as [number];
  lab.world.disk(victim).setFull(true);
  lab.write(5, 'k0', 10);
  t.ok((lab.world.sometimes.get('disk full') ?? 0) > 0);
  lab.world.disk(victim).setFull(false);
  lab.run(1_000_000);
  lab.finish();
});

t.test('raft simulation: 32. a snapshot goes to a slow follower in chunks, also when it is restarted in between', async () => {
  const lab = new Lab({
    setup: { snapshotEntries: 5, chunkBytes: 16 },
    settings: { keepEntries: 0, electionTicks: 20, heartbeatTicks: 1 },
    knobs: { delayLeastUs: 3_000 },
  });
  lab.write(2);
  const [victim] = lab.others(lab.leader().place) as [number];
  lab.crash(victim);
  lab.write(20, 'k1');
  lab.restart(victim);
  lab.until('chunk', () => lab.driver(victim)?.state.incoming !== undefined);
  lab.crash(victim, true);
  lab.restart(victim);
  lab.until('snapshot', () => (lab.driver(victim)?.state.snapshot?.index ?? 0) > 15);
  lab.finish();
});
