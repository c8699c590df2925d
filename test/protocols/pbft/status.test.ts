/** Retransmission by the receiver's word, and what settings are refused. */
import t from 'tap';
import { pbftSettings } from '#protocols/pbft/settings';
import {
  Bench,
  certificate,
  newView,
  prePrepare,
  proposal,
  request,
  settings,
  status,
  viewChange,
  vote,
} from './bench.js';

const a = request('a', 1, 'A');
const order = prePrepare(0, 1, a);

t.test('who lacks a pre-prepare, a prepare or a commit gets it again, from whoever has it', (t) => {
  const backup = new Bench(1);
  backup.receive(proposal(0, 1, a), vote('prepare', 2, order));
  t.same(backup.receive(status(3)), ['proposal 0/1 to 3', 'prepare 0/1 to 3', 'commit 0/1 to 3']);
  t.same(backup.receive(status(2, { slots: [1] })), ['prepare 0/1 to 2', 'commit 0/1 to 2']);
  t.same(backup.receive(status(0, { slots: [3] })), ['commit 0/1 to 0']);
  t.same(new Bench(1).receive(status(0, { slots: [7] })), []);
  t.end();
});

t.test('a replica is answered twice in a status period at most, and with a bounded number of messages', (t) => {
  const backup = new Bench(1, { ...settings, statusTicks: 4, burst: 2 });
  backup.receive(proposal(0, 1, a), vote('prepare', 2, order));
  t.equal(backup.receive(status(3)).length, 2);
  t.same(backup.receive(status(3)), ['refused status: overload']);
  backup.tick(2);
  t.equal(backup.receive(status(3)).length, 2);
  t.end();
});

t.test('who is in a view before gets the new-view that opened this one, or the view-change that asks for it', (t) => {
  const active = new Bench(2);
  active.receive(newView(1, [viewChange(1, 1), viewChange(0, 1), viewChange(3, 1)], []));
  t.same(active.receive(status(3)), ['new-view 1 to 3']);
  t.same(active.receive(status(0, { view: 1, active: false })), ['new-view 1 to 0']);
  t.same(active.receive(status(1, { view: 9 })), [], 'who is ahead will tell');

  const waiting = new Bench(2);
  waiting.receive(viewChange(0, 1), viewChange(3, 1));
  t.same(waiting.receive(status(1)), ['view-change 1 to 1']);
  t.same(
    waiting.receive(status(3, { view: 1, active: false, held: [3, 0] })),
    ['view-change 1 to 3'],
    'the one it lacks',
  );
  t.end();
});

t.test('who lacks a batch gets it by its digest', (t) => {
  const backup = new Bench(1);
  backup.receive(proposal(0, 1, a));
  t.ok(backup.receive(status(3, { slots: [7], missing: [order.digest, 'nothing'] })).includes('batch of 1 to 3'));
  t.end();
});

t.test('a status message tells what is there and what is not', (t) => {
  const backup = new Bench(2, { ...settings, statusTicks: 1 });
  backup.receive(
    newView(
      1,
      [viewChange(1, 1), viewChange(0, 1, { prepared: [certificate(0, 2, a)] }), viewChange(3, 1)],
      [prePrepare(1, 1), prePrepare(1, 2, a)],
    ),
  );
  backup.receive(vote('prepare', 0, prePrepare(1, 1)));
  backup.tick();
  const told = backup.sent.map(({ message }) => message).findLast(({ type }) => type === 'status');
  t.match(told, { view: 1, active: true, executed: 0, slots: [3, 1], missing: [order.digest] });
  t.end();
});

t.test('sizes that no quorum fits are refused with what to do', (t) => {
  for (const replicas of [0, 2, 3, 5, 6, 8]) t.throws(() => pbftSettings({ replicas }), { code: 'BAD_USAGE' });
  t.throws(() => pbftSettings({ replicas: 4, checkpointEvery: 8, logSize: 8 }), /at least twice/);
  t.throws(() => pbftSettings({ replicas: 4, timeoutTicks: 9, maxTimeoutTicks: 8 }), /at least 9/);
  t.equal(pbftSettings({ replicas: 7 }).logSize, 256);
  t.end();
});
