/**
 * Whole clusters in the simulator: by seeds, each another cluster in another world with all invariants after each event;
 * and one by one the rows of the fault matrix, in a world in which nothing else happens. SKEP_ROUNDS sets the seeds.
 */
import t from 'tap';
import { giveAwayMs } from '#protocols/supervisor/settings';
import { open, protocolOf, seal } from '#runtime/simulation/cluster/packets';
import { LEAST_SEEDS } from '#runtime/simulation/campaign';
import { clusterModel } from '#runtime/simulation/cluster/index';
import { runSeed } from '#runtime/simulation/run';
import { Random } from '#runtime/testing/random';
import { ClusterLab } from './cluster-lab.js';

const SEEDS = Number(process.env['SKEP_ROUNDS'] ?? 25);
/** What a fifth of all runs meets, or more; the rest of what a campaign has to meet takes hundreds. */
const COMMON = [
  'leader elected',
  'node declared dead',
  'node declared dead in error',
  'node came back',
  'child moved',
  'child placed after its lease was over',
  'child placed after its end was told',
  'lease ran out on its node',
  'task accepted again',
  'task retried',
  'snapshot taken',
];

// Seconds on a machine of its own; some times as long on one that is busy.
t.setTimeout(240_000);

t.test(
  'whole clusters: no invariant breaks under any fault, and afterwards every child runs once and all work is done',
  { timeout: 240_000 },
  async (t) => {
    const met = new Map<string, number>();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { failure, sometimes } = runSeed(clusterModel, seed);
      t.equal(failure, undefined, `seed ${seed} ${failure?.message ?? ''}`);
      for (const [what, count] of sometimes) met.set(what, (met.get(what) ?? 0) + count);
    }
    const wanted = SEEDS >= LEAST_SEEDS ? clusterModel.sometimes : COMMON;
    t.same(
      wanted.filter((what) => !met.has(what)),
      [],
      'what has to be met was met',
    );
  },
);

t.test('a seed is a run: the same events, again and again', (t) => {
  const [one, other] = [runSeed(clusterModel, 3), runSeed(clusterModel, 3)];
  t.equal(one.hash, other.hash);
  t.equal(one.events, other.events);
  t.not(runSeed(clusterModel, 4).hash, one.hash);
  t.end();
});

t.test('kill -9 of a node: its children run elsewhere in higher epochs, once the lease must be over', (t) => {
  const lab = new ClusterLab().ready();
  const holder = lab.holder('c1');
  const { epoch } = lab.child('c1');
  const sinceUs = lab.world.nowUs;
  lab.kill(holder.place);
  const tookUs = lab.until('c1 elsewhere', () => lab.runs('c1') && lab.child('c1').epoch > epoch);
  t.not(lab.holder('c1').name, holder.name);
  t.ok(lab.world.nowUs - sinceUs === tookUs && tookUs < 5_000_000, `after ${tookUs / 1e6} s`);
  lab.settle();
  t.end();
});

t.test(
  'kill -9 of the leader while it holds children: another one leads, waits for their leases, and places them',
  (t) => {
    let lab = new ClusterLab().ready();
    for (let seed = 2; lab.leader().agent.running.size === 0; seed += 1) lab = new ClusterLab({ seed }).ready();
    const leader = lab.leader();
    lab.kill(leader.place);
    lab.until('another leader', () => lab.cluster.leader() !== undefined);
    const electedUs = lab.world.nowUs;
    t.not(lab.leader().name, leader.name);
    lab.ready();
    t.ok([...(lab.state()?.children.values() ?? [])].every(({ home }) => home?.node !== leader.name));
    t.ok(lab.world.nowUs - electedUs >= 999 * giveAwayMs(lab.settings), 'not before their leases must be over');
    lab.settle();
    t.end();
  },
);

t.test('a node that is killed and back before anybody missed it runs nothing of its life before', (t) => {
  const lab = new ClusterLab().ready();
  const { node, child } = lab.follower();
  const { epoch } = lab.child(child);
  lab.kill(node.place);
  lab.restart(node.place);
  const tookUs = lab.until('another epoch', () => lab.runs(child) && lab.child(child).epoch > epoch);
  t.ok(
    tookUs < 1_000 * lab.settings.leaseMs,
    'its new life says that the one before is over: nobody waits for a lease',
  );
  lab.settle();
  t.end();
});

t.test('SIGSTOP: a zombie that wakes finds its lease over, and its write is refused by the epoch', (t) => {
  const lab = new ClusterLab({ setup: { taskUs: 200_000, clients: 6 } }).ready();
  // Tasks are under way when their nodes hang; they are carried out again elsewhere before the zombies wake.
  let refused = false;
  for (let round = 0; round < 20 && !refused; round += 1) {
    for (let client = 0; client < 6; client += 1) lab.cluster.clients.submit(client);
    lab.run(60_000);
    const zombie = lab.holder('c1');
    lab.world.pause(zombie.place);
    lab.until('c1 elsewhere', () => lab.runs('c1') && lab.child('c1').home?.node !== zombie.name);
    lab.run(500_000);
    lab.world.resume(zombie.place);
    lab.run(2_000_000);
    t.equal(zombie.children.epochOf('c1'), undefined, 'it has stopped what it leased');
    refused = lab.met("effect of a zombie's epoch refused") > 0;
    lab.ready();
  }
  t.ok(refused, 'the fence has seen a later epoch');
  lab.settle();
  t.end();
});

t.test('NATS partition: a node that is cut off stops what it leases before it is given away', (t) => {
  const lab = new ClusterLab().ready();
  const { node: holder, child: name } = lab.follower();
  const { epoch } = lab.child(name);
  lab.cut(holder.place);
  lab.until('its own end of the lease', () => holder.agent.running.size === 0);
  t.equal(lab.child(name).epoch, epoch, 'nobody else runs it yet');
  t.equal(holder.children.epochOf(name), undefined);
  lab.until('another home', () => lab.runs(name) && lab.child(name).epoch > epoch);
  t.ok(lab.met('lease ran out while cut off') > 0);
  lab.settle();
  t.end();
});

t.test('a minority stops what it leases: a leader that is cut off gives no lease any more', (t) => {
  const lab = new ClusterLab().ready();
  const leader = lab.leader();
  lab.cut(leader.place);
  lab.until('a leader among the others', () => lab.leader().name !== leader.name);
  lab.until('its own end of leases', () => leader.agent.running.size === 0);
  lab.ready();
  t.equal(leader.agent.running.size, 0);
  lab.settle();
  t.end();
});

t.test('clock jumps of a day in either direction neither end nor prolong a lease', (t) => {
  const lab = new ClusterLab().ready();
  const epochs = ['c1', 'c2', 'c3'].map((name) => lab.child(name).epoch);
  for (let place = 0; place < 5; place += 1) lab.world.jump(place, place % 2 === 0 ? 86_400_000_000 : -86_400_000_000);
  lab.run(5_000_000);
  t.same(
    ['c1', 'c2', 'c3'].map((name) => lab.child(name).epoch),
    epochs,
  );
  lab.settle();
  t.end();
});

t.test('a false death is safe: a node that hangs is declared dead, comes back, and is used again', (t) => {
  const lab = new ClusterLab().ready();
  const { place, name } = lab.holder('c2');
  lab.world.pause(place);
  lab.until('its death', () => lab.state()?.members.get(name)?.status === 'dead', 30_000_000);
  lab.world.resume(place);
  lab.until('its return', () => lab.state()?.members.get(name)?.status === 'alive', 30_000_000);
  lab.settle();
  t.end();
});

t.test('power loss of all nodes at once: what was acknowledged is done afterwards', (t) => {
  const lab = new ClusterLab().ready();
  for (let client = 0; client < 2; client += 1) lab.cluster.clients.submit(client);
  lab.run(12_000);
  for (let place = 0; place < 5; place += 1) {
    lab.world.crash(place, true);
    lab.cluster.crashed(place);
  }
  lab.settle();
  t.ok(lab.cluster.clients.idle);
  t.end();
});

t.test('drain: children are handed over before their lease is over, because their node says that they ended', (t) => {
  const lab = new ClusterLab({ supervisor: { leaseMs: 5_000, renewMs: 500 } }).ready();
  const { name } = lab.holder('c1');
  lab.leader().voter?.propose([{ type: 'drain', node: name, draining: true }]);
  const tookUs = lab.until('c1 elsewhere', () => lab.runs('c1') && lab.child('c1').home?.node !== name);
  t.ok(tookUs < 1_000_000, `after ${tookUs / 1e6} s of a lease of 5 s`);
  lab.settle();
  t.end();
});

t.test('packets that are cut off or are no messages are dropped at the decode', (t) => {
  const packet = seal('n1', { type: 'ask', node: 'n1', life: 1, seq: 1, ended: [], done: [] });
  t.equal(protocolOf(packet), 'supervisor');
  t.match(open(packet), { from: 'n1', message: { type: 'ask', seq: 1 } });
  for (let length = 0; length < packet.length; length += 1) t.equal(open(packet.slice(0, length)), undefined);
  const random = new Random(5);
  const lab = new ClusterLab().ready();
  for (let count = 0; count < 2_000; count += 1) {
    const bytes = packet.slice();
    bytes[random.below(bytes.length)] = random.below(256);
    open(bytes);
    if (protocolOf(bytes) === undefined) lab.cluster.receive(0, 1, bytes);
  }
  lab.settle();
  t.end();
});
