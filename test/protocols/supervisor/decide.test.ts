/** What a leader proposes, and what it leaves alone. */
import type { Command } from '#protocols/supervisor/command';
import { decide, reportsOf, type SeenMember } from '#protocols/supervisor/decide';
import { extend, hear, type Leases, newLeases } from '#protocols/supervisor/lease';
import { asSupervisorMessage, type SupervisorMessage } from '#protocols/supervisor/message';
import { giveAwayMs } from '#protocols/supervisor/settings';
import { candidatesOf } from '#protocols/placement/place';
import fc from 'fast-check';
import t from 'tap';
import { Log, member, submission } from './words.js';

/** A leader of a log, elected at 0 by its clock. */
class Leader {
  readonly log: Log;
  readonly leases: Leases = newLeases(1, 0, 0);
  nowMs = 0;
  members: readonly SeenMember[] = [];

  constructor(log: Log) {
    this.log = log;
  }

  /** All nodes of the log ask now, and SWIM agrees with the log. */
  hearAll(): this {
    this.members = [...this.log.state.members.values()];
    for (const { node, life } of this.log.state.members.values()) hear(this.leases, node, life, this.nowMs);
    return this;
  }

  decide(): readonly Command[] {
    return decide(this.log.state, this, this.log.settings);
  }

  /** Decides, and commits it. */
  commit(): readonly Command[] {
    const commands = this.decide();
    this.log.nowMs = this.nowMs;
    this.log.commit(...commands);
    return commands;
  }
}

/** A log with three nodes and its leader, who hears all of them. */
function led(children: readonly string[] = ['a'], settings: ConstructorParameters<typeof Log>[1] = {}): Leader {
  return new Leader(new Log(children, settings).join('n1', 'n2', 'n3')).hearAll();
}

t.test('a child without a home is placed by rendezvous on a node that is alive and heard', (t) => {
  const leader = led(['a', 'b', 'c', 'd']);
  const nodes = ['n1', 'n2', 'n3'].map((id) => ({ id }));
  for (const command of leader.commit()) {
    if (command.type !== 'place') return void t.fail(command.type);
    t.equal(command.node, candidatesOf({ key: command.child }, nodes)[0]);
  }
  t.same(leader.decide(), [], 'and then nothing is left to do');
  t.end();
});

t.test('nothing is placed on a node that is dead, draining, or not heard for a lease', (t) => {
  const leader = led();
  leader.log.commit(member('n1', { status: 'dead' }), { type: 'drain', node: 'n2', draining: true });
  leader.members = [...leader.log.state.members.values()];
  t.match(leader.decide(), [{ type: 'place', node: 'n3' }]);
  leader.nowMs = leader.log.settings.leaseMs + 1;
  t.same(leader.decide(), []);
  t.end();
});

t.test('a new leader places nothing before it hears all that live by the log, or for a lease', (t) => {
  const leader = led();
  leader.leases.heard.delete('n2');
  t.same(leader.decide(), []);
  leader.nowMs = leader.log.settings.leaseMs;
  t.match(leader.decide(), [{ type: 'place', child: 'a' }]);
  t.end();
});

t.test('labels: a child goes where its node has what it needs, and nowhere else', (t) => {
  const leader = new Leader(new Log([]).join('n1', 'n2'));
  leader.log.commit({ type: 'add-child', child: { name: 'a', required: ['gpu'] } });
  t.same(leader.hearAll().decide(), []);
  leader.log.commit({ ...member('n2', { incarnation: 2 }), labels: ['gpu'] });
  t.match(leader.hearAll().decide(), [{ type: 'place', child: 'a', node: 'n2' }]);
  t.end();
});

t.test('what SWIM says is proposed once it differs, and never backwards', (t) => {
  const leader = led([]);
  const seen = (node: string, life: number, incarnation: number, status: 'alive' | 'dead'): SeenMember => ({
    ...{ node, life, incarnation, status, labels: [] },
  });
  leader.members = [
    seen('n1', 1, 2, 'dead'),
    seen('n2', 1, 0, 'dead'),
    seen('n3', 2, 1, 'alive'),
    seen('n4', 1, 1, 'alive'),
  ];
  t.same(
    leader.commit().map((command) => (command.type === 'member' ? `${command.node} ${command.status}` : command.type)),
    ['n1 dead', 'n3 alive', 'n4 alive'],
  );
  t.same(leader.decide(), []);
  leader.members = [seen('n1', 1, 2, 'alive'), ...leader.members.slice(1)];
  t.match(
    leader.decide(),
    [{ type: 'member', node: 'n1', status: 'alive' }],
    'a death that nobody remembers is undone',
  );
  t.end();
});

t.test('a process that asks before gossip tells of it is known by its asking', (t) => {
  const leader = led([]);
  hear(leader.leases, 'n1', 2, 0);
  t.match(leader.decide(), [{ type: 'member', node: 'n1', life: 2, incarnation: 0, status: 'alive' }]);
  t.end();
});

t.test('a node that nobody remembers and nobody hears is dead after the time of a lease', (t) => {
  const leader = led([]);
  leader.members = leader.members.filter(({ node }) => node !== 'n2');
  leader.nowMs = giveAwayMs(leader.log.settings) - 1;
  t.same(leader.decide(), []);
  leader.nowMs += 2;
  t.match(leader.decide(), [{ type: 'member', node: 'n2', status: 'dead' }]);
  t.end();
});

t.test('a life of a node that gossip never told of is dead when it is not heard for the time of a lease', (t) => {
  const leader = led([]);
  // n2 died, came back, asked, and was gone again before anybody but the leader knew.
  leader.members = leader.members.map((seen) => (seen.node === 'n2' ? { ...seen, status: 'dead' as const } : seen));
  leader.log.commit(member('n2', { life: 2, status: 'alive' }));
  leader.nowMs = giveAwayMs(leader.log.settings) - 1;
  t.same(leader.decide(), []);
  leader.nowMs += 2;
  t.match(leader.decide(), [{ type: 'member', node: 'n2', life: 2, status: 'dead' }]);
  t.end();
});

t.test('the children of a dead node are placed when their leases must be over, and not before', (t) => {
  const leader = led();
  leader.commit();
  const { home, epoch } = leader.log.child('a');
  leader.nowMs = 5_000;
  extend(leader.leases, 'a', 5_000, leader.log.settings);
  leader.log.commit(member(home?.node ?? '', { status: 'dead' }));
  leader.hearAll();
  t.same(leader.decide(), []);
  leader.nowMs = 5_000 + giveAwayMs(leader.log.settings) - 1;
  leader.hearAll();
  t.same(leader.decide(), []);
  leader.nowMs = 5_000 + giveAwayMs(leader.log.settings);
  t.match(leader.commit(), [{ type: 'place', child: 'a', after: epoch }]);
  t.not(leader.log.child('a').home?.node, home?.node);
  t.end();
});

t.test('a child whose node does not renew its lease is withdrawn, and one whose node is drained', (t) => {
  const leader = led(['a', 'b']);
  leader.commit();
  const node = leader.log.child('b').home?.node ?? '';
  leader.nowMs = giveAwayMs(leader.log.settings);
  extend(leader.leases, 'b', leader.nowMs, leader.log.settings);
  leader.log.commit({ type: 'drain', node, draining: true });
  t.match(leader.hearAll().decide(), [
    { type: 'withdraw', child: 'a', reason: 'lease' },
    { type: 'withdraw', child: 'b', reason: 'drain' },
  ]);
  t.end();
});

t.test('a drained node keeps its children as long as there is nowhere else to go', (t) => {
  const leader = new Leader(new Log(['a']).join('n1')).hearAll();
  leader.commit();
  extend(leader.leases, 'a', 0, leader.log.settings);
  leader.log.commit({ type: 'drain', node: 'n1', draining: true });
  t.same(leader.hearAll().decide(), []);
  t.end();
});

t.test('a child that crashed waits for its back-off by the time of the log', (t) => {
  const leader = led(['a'], { backoff: { firstMs: 50, maxMs: 50 } });
  leader.commit();
  leader.log.commit({ type: 'ended', child: 'a', epoch: 1, reason: 'crash' });
  leader.nowMs = 49;
  t.same(leader.decide(), []);
  leader.nowMs = 50;
  t.match(leader.decide(), [{ type: 'place', child: 'a', after: 1 }]);
  t.end();
});

t.test(
  'a supervisor that gave up gives its homes up when their leases are over, and its parent starts it again',
  (t) => {
    const leader = led(['a', 'b'], { intensity: { maxRestarts: 0, withinMs: 1_000 }, resumeMs: 100 });
    leader.commit();
    leader.log.commit({ type: 'ended', child: 'a', epoch: leader.log.child('a').epoch, reason: 'crash' });
    t.equal(leader.log.state.escalatedMs, 0);
    t.same(leader.decide(), []);
    leader.nowMs = giveAwayMs(leader.log.settings);
    t.match(leader.hearAll().commit(), [{ type: 'vacate', child: 'b' }]);
    t.same(leader.commit(), [{ type: 'resume' }]);
    t.same(
      leader.commit().map(({ type }) => type),
      ['place', 'place'],
    );
    t.end();
  },
);

t.test('ready tasks go to the child that is at the fewest, and no child is at more than it may', (t) => {
  const leader = led(['a', 'b'], { tasksPerChild: 2 });
  leader.commit();
  leader.log.commit(...[1, 2, 3, 4, 5].map((seq) => submission('x', seq)));
  const handed = leader
    .commit()
    .map((command) => (command.type === 'assign' ? `${command.task} ${command.child}` : ''));
  t.same(handed, ['x/1 a', 'x/2 b', 'x/3 a', 'x/4 b']);
  t.same(leader.decide(), []);
  t.end();
});

t.test('of what a node says the leader proposes what is news, results before ends', (t) => {
  const leader = led();
  leader.commit();
  leader.log.commit(submission('x', 1), { type: 'assign', task: 'x/1', attempt: 0, child: 'a', epoch: 1 });
  const done = { task: 'x/1', child: 'a', epoch: 1, attempt: 1 };
  const reports = reportsOf(leader.log.state, {
    ...{ type: 'ask', node: 'n1', life: 1, seq: 1 },
    ended: [
      { child: 'a', epoch: 1, reason: 'crash' },
      { child: 'a', epoch: 0, reason: 'crash' },
      { child: 'z', epoch: 1, reason: 'crash' },
    ],
    done: [
      { ...done, result: 'r' },
      { ...done, task: 'x/9', result: null },
    ],
  });
  t.same(
    reports.map(({ type }) => type),
    ['complete', 'ended'],
  );
  leader.log.commit(...reports);
  t.equal(leader.log.state.tasks.get('x/1')?.result, 'r');
  t.end();
});

t.test('messages: what is none is none, whatever it is', (t) => {
  const messages: readonly SupervisorMessage[] = [
    { type: 'ask', node: 'n1', life: 1, seq: 1, ended: [], done: [] },
    { type: 'answer', life: 1, seq: 1, index: 4, homes: [{ child: 'a', epoch: 1, run: true, tasks: [] }] },
    { type: 'redirect', life: 1, seq: 1, leader: null },
    { type: 'poke' },
    { type: 'submit', id: 'x.1', client: 'x', seq: 1, acked: 0, payload: 'p' },
    { type: 'submitted', id: 'x.1', status: 'accepted' },
  ];
  for (const message of messages) {
    t.same(asSupervisorMessage(message), message);
    t.equal(asSupervisorMessage({ ...message, more: 1 }), undefined);
    for (const key of Object.keys(message)) t.equal(asSupervisorMessage({ ...message, [key]: -1.5 }), undefined, key);
  }
  fc.assert(fc.property(fc.anything(), (value) => asSupervisorMessage(value) === undefined));
  t.end();
});
