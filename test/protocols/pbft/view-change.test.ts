/** View changes: sections 4.4 and 4.5 of the paper, each sentence as a test. */
import t from 'tap';
import type { Signed, NewView, ViewChange } from '#protocols/pbft/message';
import { ordersOf, validNewView, validViewChange } from '#protocols/pbft/evidence';
import {
  Bench,
  certificate,
  checkpoint,
  digestOf,
  newView,
  prePrepare,
  proposal,
  request,
  settings,
  viewChange,
  vote,
} from './bench.js';

const a = request('a', 1, 'A');
const b = request('b', 1, 'B');
const order = prePrepare(0, 1, a);

/** The state digest after nothing but a certain number; what it is does not matter to proofs. */
const proof = (seq: number): ViewChange['proof'] =>
  [0, 1, 2].map((replica) => checkpoint(replica, seq, `state ${seq}`));

t.test('a silent primary: a backup that waits for a request asks for the next view after T', (t) => {
  const backup = new Bench(1);
  backup.receive(a);
  t.same(backup.tick(4), []);
  t.same(backup.tick(), ['persist view', 'changing-view 1 for 5', 'sign view-change 1', 'view-change 1 to 0 2 3']);
  t.end();
});

t.test('the timer starts anew when the request that it is for is executed, and stops when none waits', (t) => {
  const backup = new Bench(1);
  backup.receive(a, b);
  backup.tick(4);
  const said = [proposal(0, 1, a), vote('prepare', 2, order), vote('commit', 0, order), vote('commit', 2, order)];
  backup.receive(...said);
  t.equal(backup.state.timer?.leftTicks, 5, 'for the other one');
  const second = prePrepare(0, 2, b);
  backup.receive(proposal(0, 2, b), vote('prepare', 2, second), vote('commit', 0, second), vote('commit', 2, second));
  t.equal(backup.state.timer, undefined);
  t.end();
});

t.test('the primary waits for nobody, so it alone cannot ask for another view', (t) => {
  const primary = new Bench(0);
  primary.receive(a);
  t.notOk(primary.tick(100).some((word) => word.includes('view-change')));
  t.end();
});

t.test(
  'the timer of a view that was asked for runs once 2f + 1 asked, and doubles with each that executes nothing',
  (t) => {
    const backup = new Bench(6, { ...settings, replicas: 7, maxTimeoutTicks: 20 });
    backup.receive(a);
    backup.tick(5);
    t.equal(backup.state.view, 1);
    t.same(backup.tick(50), [], 'alone it waits');
    backup.receive(viewChange(0, 1), viewChange(1, 1), viewChange(2, 1));
    t.same(backup.tick(50), [], '2f wait');
    backup.receive(viewChange(3, 1));
    t.same(backup.tick(4), []);
    t.ok(backup.tick().includes('changing-view 2 for 10'), 'T, and then 2T');
    const patience: number[] = [];
    for (let view = 2; view <= 5; view += 1) {
      backup.receive(...[0, 1, 2, 3].map((replica) => viewChange(replica, view)));
      patience.push(backup.state.patience);
      backup.tick(backup.state.patience);
    }
    t.same(patience, [10, 20, 20, 20], 'up to its limit');
    t.end();
  },
);

t.test('f + 1 others that want views above are followed to the lowest of these, before the timer', (t) => {
  const backup = new Bench(1);
  t.same(backup.receive(viewChange(2, 9)), [], 'one may be a liar');
  t.ok(backup.receive(viewChange(3, 4)).includes('view-change 4 to 0 2 3'));
  t.end();
});

t.test('view-change spam of one replica keeps one message and moves nobody', (t) => {
  const backup = new Bench(1);
  for (let view = 1; view <= 500; view += 1) backup.receive(viewChange(3, view));
  t.equal(backup.state.viewChanges.size, 1);
  t.equal(backup.state.view, 0);
  t.end();
});

t.test('a replica that waits for a view takes no pre-prepare, prepare or commit, but checkpoints', (t) => {
  const backup = new Bench(1);
  backup.receive(a);
  backup.tick(5);
  t.same(backup.receive(proposal(0, 1, a), vote('prepare', 2, order), vote('commit', 2, order)), [
    'refused proposal: view',
    'refused prepare: view',
    'refused commit: view',
  ]);
  backup.receive(checkpoint(2, 4, 'state'));
  t.equal(backup.state.checkpoints.get(4)?.size, 1);
  t.end();
});

t.test('a view-change carries P with proofs, of the highest view for each number, and C', (t) => {
  const backup = new Bench(3);
  backup.receive(proposal(0, 1, a), vote('prepare', 2, order));
  backup.receive(viewChange(1, 1), viewChange(2, 1));
  t.same(
    backup.state.viewChange?.prepared.map(({ prePrepare: { view, seq, digest }, prepares }) => [
      view,
      seq,
      digest,
      prepares.length,
    ]),
    [[0, 1, digestOf(a), 2]],
  );
  t.same(backup.state.viewChange?.stable, 0);
  t.end();
});

t.test(
  'the next primary opens its view with its own view-change and 2f others, and gives gaps the null request',
  (t) => {
    const primary = new Bench(1);
    const third = certificate(0, 3, b);
    primary.receive(viewChange(2, 1, { prepared: [certificate(0, 1, a), third] }));
    const words = primary.receive(viewChange(3, 1));
    t.ok(words.indexOf('persist view') < words.indexOf('sign pre-prepare 1/1'), 'what it chose is durable first');
    t.ok(words.indexOf('sign pre-prepare 1/3') < words.indexOf('sign new-view 1'));
    t.ok(words.includes('new-view 1 to 0 2 3'));
    t.same(
      primary.state.newView?.prePrepares.map(({ seq, digest }) => [seq, digest]),
      [
        [1, digestOf(a)],
        [2, digestOf()],
        [3, digestOf(b)],
      ],
    );
    t.equal(primary.state.next, 4);
    t.end();
  },
);

t.test('of two digests that prepared at one number the one of the higher view is ordered', (t) => {
  const low = viewChange(1, 3, { prepared: [certificate(0, 1, a)] });
  const high = viewChange(2, 3, { prepared: [certificate(2, 1, b)] });
  for (const set of [
    [low, high, viewChange(3, 3)],
    [high, low, viewChange(3, 3)],
  ])
    t.same(
      ordersOf(set).orders.map(({ view, seq, digest }) => [view, seq, digest]),
      [[3, 1, digestOf(b)]],
    );
  t.end();
});

t.test('min-s is the latest stable checkpoint: what is below it is not ordered again', (t) => {
  const behind = viewChange(1, 1, { prepared: [certificate(0, 2, a), certificate(0, 5, b)] });
  const ahead = viewChange(2, 1, { stable: 4, proof: proof(4) });
  const { minSeq, orders } = ordersOf([behind, ahead, viewChange(3, 1)]);
  t.equal(minSeq, 4);
  t.same(
    orders.map(({ seq, digest }) => [seq, digest]),
    [[5, digestOf(b)]],
  );
  t.end();
});

t.test('view-changes that do not prove what they say are invalid', (t) => {
  const good = certificate(0, 1, a);
  const bad: readonly (readonly [string, Partial<ViewChange>])[] = [
    ['no proof of its checkpoint', { stable: 4 }],
    ['2f checkpoints', { stable: 4, proof: proof(4).slice(1) }],
    ['duplicate voters in C', { stable: 4, proof: [0, 0, 1].map((replica) => checkpoint(replica, 4, 'state')) }],
    [
      'checkpoints that differ',
      { stable: 4, proof: [0, 1, 2].map((replica) => checkpoint(replica, 4, `state ${replica}`)) },
    ],
    ['a proof of another number', { stable: 4, proof: proof(8) }],
    ['a number that is no checkpoint', { stable: 3, proof: proof(3) }],
    ['a proof of nothing', { proof: proof(4) }],
    ['too few prepares', { prepared: [{ ...good, prepares: good.prepares.slice(1) }] }],
    [
      'duplicate voters in P',
      { prepared: [{ ...good, prepares: [vote('prepare', 1, order), vote('prepare', 1, order)] }] },
    ],
    [
      'a prepare of the primary',
      { prepared: [{ ...good, prepares: [vote('prepare', 0, order), vote('prepare', 1, order)] }] },
    ],
    [
      'a prepare for another digest',
      { prepared: [{ ...good, prepares: [vote('prepare', 1, order), vote('prepare', 2, prePrepare(0, 1, b))] }] },
    ],
    ['a certificate of the view asked for', { prepared: [certificate(1, 1, a)] }],
    ['one number twice', { prepared: [good, certificate(0, 1, b)] }],
    ['a number above its high water mark', { prepared: [certificate(0, 9, a)] }],
    ['a number below its checkpoint', { stable: 4, proof: proof(4), prepared: [certificate(0, 4, a)] }],
  ];
  t.ok(validViewChange(viewChange(2, 1, { stable: 4, proof: proof(4), prepared: [certificate(0, 12, a)] }), settings));
  for (const [what, more] of bad) {
    t.notOk(validViewChange(viewChange(2, 1, more), settings), what);
    t.same(new Bench(1).receive(viewChange(2, 1, more)), ['refused view-change: invalid'], what);
  }
  t.end();
});

t.test('a bad new-view is rejected: O is computed anew from V', (t) => {
  const set = [viewChange(1, 1), viewChange(2, 1, { prepared: [certificate(0, 2, a)] }), viewChange(3, 1)];
  const right = [prePrepare(1, 1), prePrepare(1, 2, a)];
  const bad: readonly (readonly [string, Signed<NewView>])[] = [
    ['an order is missing', newView(1, set, right.slice(0, 1))],
    ['an order too many', newView(1, set, [...right, prePrepare(1, 3, b)])],
    ['another digest', newView(1, set, [prePrepare(1, 1), prePrepare(1, 2, b)])],
    ['null for what prepared', newView(1, set, [prePrepare(1, 1), prePrepare(1, 2)])],
    ['a request for a gap', newView(1, set, [prePrepare(1, 1, b), prePrepare(1, 2, a)])],
    ['orders of another view', newView(1, set, [prePrepare(5, 1), prePrepare(5, 2, a)])],
    ['2f view-changes', newView(1, set.slice(1), right)],
    ['a duplicate voter', newView(1, [...set.slice(1), viewChange(2, 1)], right)],
    ['a voter more, but twice', newView(1, [...set, viewChange(2, 1)], right)],
    ['a view-change for another view', newView(1, [viewChange(1, 2), ...set.slice(1)], right)],
    ['an invalid view-change', newView(1, [viewChange(1, 1, { stable: 4 }), ...set.slice(1)], right)],
  ];
  t.ok(validNewView(newView(1, set, right), settings));
  for (const [what, message] of bad) {
    const backup = new Bench(2);
    t.same(backup.receive(message), ['refused new-view: invalid'], what);
    t.equal(backup.state.view, 0, what);
  }
  t.end();
});

t.test(
  'a valid new-view opens a view also to who did not ask for it; it is durable before anything is prepared',
  (t) => {
    const backup = new Bench(2);
    const set = [viewChange(1, 1), viewChange(0, 1, { prepared: [certificate(0, 1, a)] }), viewChange(3, 1)];
    t.same(backup.receive(newView(1, set, [prePrepare(1, 1, a)])), [
      'persist view',
      'entered-view 1',
      'sign prepare 1/1',
      'prepare 1/1 to 0 1 3',
    ]);
    t.same(backup.receive(newView(1, set, [prePrepare(1, 1, a)])), ['refused new-view: view']);
    t.same(backup.receive(proposal(1, 1, b)), ['refused proposal: conflict'], 'the new-view has ordered it');
    t.end();
  },
);

t.test(
  'what a view orders and the replica has executed goes through the phases again, and is not executed again',
  (t) => {
    const backup = new Bench(2);
    backup.receive(proposal(0, 1, a), vote('prepare', 1, order), vote('commit', 0, order), vote('commit', 1, order));
    t.same(backup.service, ['A']);
    const set = [viewChange(1, 1), viewChange(0, 1, { prepared: [certificate(0, 1, a)] }), viewChange(3, 1)];
    const again = prePrepare(1, 1, a);
    backup.receive(newView(1, set, [again]));
    const words = backup.receive(vote('prepare', 3, again), vote('commit', 1, again), vote('commit', 3, again));
    t.ok(words.includes('commit 1/1 to 0 1 3'));
    t.same(backup.service, ['A']);
    t.end();
  },
);

t.test('a batch that a view orders and the replica lacks is fetched by its digest, and any other refused', (t) => {
  const backup = new Bench(2);
  const set = [viewChange(1, 1), viewChange(0, 1, { prepared: [certificate(0, 1, a)] }), viewChange(3, 1)];
  const again = prePrepare(1, 1, a);
  backup.receive(newView(1, set, [again]));
  backup.receive(vote('prepare', 3, again));
  t.notOk(backup.state.certificates.has(1), 'without the batch nothing prepares');
  t.same(backup.receive({ type: 'batch', requests: [b] }), ['refused batch: unwanted']);
  t.ok(backup.receive({ type: 'batch', requests: [a] }).includes('prepared 1/1'));
  t.end();
});

t.test('a replayed view: pre-prepares, votes, view-changes and new-views of views before are refused', (t) => {
  const backup = new Bench(2);
  const set = [viewChange(1, 5), viewChange(0, 5), viewChange(3, 5)];
  backup.receive(newView(5, set, []));
  t.same(
    backup.receive(
      ...[proposal(0, 1, a), vote('prepare', 1, order), vote('commit', 1, order), viewChange(3, 5), viewChange(3, 1)],
      newView(1, [viewChange(1, 1), viewChange(0, 1), viewChange(3, 1)], []),
    ),
    [
      ...['refused proposal: view', 'refused prepare: view', 'refused commit: view', 'refused view-change: view'],
      ...['refused view-change: view', 'refused new-view: view'],
    ],
  );
  t.end();
});
