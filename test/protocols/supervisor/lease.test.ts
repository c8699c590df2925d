/** Leases at the leader: how long it waits, and that this is long enough for any clocks within the drift. */
import { answerTo, extend, hear, isOver, logTimeMs, newLeases, notePlaced } from '#protocols/supervisor/lease';
import { giveAwayMs, supervisorSettings } from '#protocols/supervisor/settings';
import fc from 'fast-check';
import t from 'tap';
import { Log, member, submission } from './words.js';

const settings = supervisorSettings({ leaseMs: 1_000, stopMs: 100, clockDrift: 0.1 });

t.test('the wait is (leaseMs + stopMs) * (1 + d) / (1 - d)', (t) => {
  t.equal(giveAwayMs(supervisorSettings({ leaseMs: 1_000, stopMs: 0, clockDrift: 0 })), 1_000);
  t.equal(Math.round(giveAwayMs(settings)), Math.round((1_100 * 1.1) / 0.9));
  t.end();
});

t.test('for any clocks within the drift: when a leader takes a lease for over, its holder has stopped', (t) => {
  const rate = fc.double({ min: 0.9, max: 1.1, noNaN: true });
  const times = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(rate, rate, times, times, (leader, holder, sentAt, delay) => {
      // True times; a clock shows its rate times the true time.
      const leases = newLeases(1, 0, 0);
      extend(leases, 'a', (sentAt + delay) * leader, settings);
      const stoppedAt = sentAt + (settings.leaseMs + settings.stopMs) / holder;
      const epsilon = 1e-6;
      // The latest time at which the holder may run it is one at which the leader does not think it over.
      return stoppedAt - epsilon <= sentAt + delay || !isOver(leases, 'a', (stoppedAt - epsilon) * leader, settings);
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('a new leader takes every lease for just renewed', (t) => {
  const leases = newLeases(2, 5_000, 0);
  const waitMs = giveAwayMs(settings);
  t.notOk(isOver(leases, 'never heard of', 5_000 + waitMs - 1, settings));
  t.ok(isOver(leases, 'never heard of', 5_000 + waitMs, settings));
  extend(leases, 'a', 6_000, settings);
  extend(leases, 'a', 5_500, settings);
  t.notOk(isOver(leases, 'a', 6_000 + waitMs - 1, settings), 'the latest counts');
  t.ok(isOver(leases, 'a', 6_000 + waitMs, settings));
  t.end();
});

t.test('the time of the log goes on by the clock of the leader, from where it was', (t) => {
  const leases = newLeases(2, 5_000, 70);
  t.equal(logTimeMs(leases, 5_030), 100);
  t.equal(logTimeMs(leases, 4_000), 70, 'never back');
  t.end();
});

t.test('an answer has what has its home there, with its tasks; only what is to run is leased', (t) => {
  const log = new Log(['a', 'b', 'c']).join('n1', 'n2');
  const epochs = ['a', 'b'].map((name) => log.place(name, 'n1'));
  log.place('c', 'n2');
  log.commit(submission('x', 1), { type: 'assign', task: 'x/1', attempt: 0, child: 'a', epoch: epochs[0] ?? 0 });
  log.commit({ type: 'withdraw', child: 'b', epoch: epochs[1] ?? 0, reason: 'drain' });
  const leases = newLeases(1, 0, 0);
  const ask = { node: 'n1', life: 1, seq: 7 };
  t.same(answerTo(log.state, 12, ask, leases, 500, settings), {
    ...{ type: 'answer', life: 1, seq: 7, index: 12 },
    homes: [
      { child: 'a', epoch: 1, run: true, tasks: [{ task: 'x/1', attempt: 1, payload: 'x 1' }] },
      { child: 'b', epoch: 2, run: false, tasks: [] },
    ],
  });
  t.same([...leases.untilMs], [['a', 500 + giveAwayMs(settings)]]);
  t.same(answerTo(log.state, 12, { ...ask, life: 2 }, leases, 900, settings).homes, [], 'another life of the node');
  t.equal(leases.untilMs.get('a'), 500 + giveAwayMs(settings));
  t.end();
});

t.test('what is placed has the time of a lease to be asked for', (t) => {
  const log = new Log(['a']).join('n1');
  const leases = newLeases(1, 0, 0);
  const outcomes = log.commit({ type: 'place', child: 'a', after: 0, node: 'n1', life: 1 });
  notePlaced(leases, outcomes, 9_000, settings);
  t.notOk(isOver(leases, 'a', 9_000 + giveAwayMs(settings) - 1, settings));
  t.end();
});

t.test('a word of an earlier life of a node is not heard', (t) => {
  const leases = newLeases(1, 0, 0);
  hear(leases, 'n1', 2, 10);
  hear(leases, 'n1', 1, 20);
  t.same(leases.heard.get('n1'), { life: 2, atMs: 10 });
  t.same(member('n1').status, 'alive');
  t.end();
});
