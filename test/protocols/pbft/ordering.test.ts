/** The three phases: each condition of the paper's section 4.2 as a test. */
import t from 'tap';
import { Bench, digestOf, prePrepare, proposal, request, settings, vote } from './bench.js';

const a = request('a', 1, 'A');
const b = request('b', 1, 'B');
const order = prePrepare(0, 1, a);

t.test('a pre-prepare is accepted, made durable, and only then answered with a prepare to all', (t) => {
  const backup = new Bench(1);
  t.same(backup.receive(proposal(0, 1, a)), ['persist batch slot/1', 'sign prepare 0/1', 'prepare 0/1 to 0 2 3']);
  t.equal(backup.state.slots.get(1)?.prePrepare?.digest, digestOf(a));
  t.end();
});

t.test('a pre-prepare is refused unless digest and view match and h < n <= H', (t) => {
  const cases = [
    ['refused proposal: digest', { ...proposal(0, 1, a), batch: [b] }],
    ['refused proposal: view', proposal(1, 1, a)],
    ['refused proposal: watermark', proposal(0, 0, a)],
    ['refused proposal: watermark', proposal(0, 9, a)],
    ['refused proposal: invalid', { ...proposal(0, 1), batch: [] }],
  ] as const;
  for (const [words, message] of cases) {
    const backup = new Bench(1);
    t.same(backup.receive(message), [words]);
    t.same(backup.signed, []);
  }
  t.match(new Bench(1).receive(proposal(0, 8, a)), [/persist/], 'H itself is within');
  t.end();
});

t.test(
  'an equivocating primary: the second digest for a view and number is refused, the first again changes nothing',
  (t) => {
    const backup = new Bench(1);
    backup.receive(proposal(0, 1, a));
    t.same(backup.receive(proposal(0, 1, b)), ['refused proposal: conflict']);
    t.same(backup.receive(proposal(0, 1, a)), ['refused proposal: duplicate']);
    t.same(backup.signed, ['sign prepare 0/1']);
    t.same(new Bench(0).receive(proposal(0, 1, a)), ['refused proposal: role'], 'nobody proposes to the primary');
    t.end();
  },
);

t.test('prepared is the pre-prepare and 2f matching prepares of distinct backups', (t) => {
  const backup = new Bench(1);
  backup.receive(proposal(0, 1, a));
  t.same(
    backup.receive(vote('prepare', 0, order)),
    ['refused prepare: role'],
    'the primary prepares with its pre-prepare',
  );
  t.same(backup.receive(vote('prepare', 1, order)), ['refused prepare: role'], 'nobody else speaks for this replica');
  t.same(backup.receive(vote('prepare', 2, { ...order, digest: 'other' })), [], 'another digest counts for nothing');
  t.same(backup.receive(vote('prepare', 2, order)), ['refused prepare: duplicate'], 'a backup votes once');
  t.same(backup.receive(vote('prepare', 3, order)), [
    'persist prepared/1',
    'prepared 0/1',
    'sign commit 0/1',
    'commit 0/1 to 0 2 3',
  ]);
  t.end();
});

t.test('a duplicate voter is not double counted, and the own prepare is one of the 2f', (t) => {
  const backup = new Bench(1);
  backup.receive(vote('prepare', 2, order), vote('prepare', 2, order), vote('prepare', 2, order));
  t.notOk(backup.state.certificates.has(1));
  t.ok(backup.receive(proposal(0, 1, a)).includes('prepared 0/1'), 'the own and that of one other backup');
  t.end();
});

t.test('prepares without their pre-prepare prepare nothing, however many', (t) => {
  const backup = new Bench(1);
  t.same(backup.receive(vote('prepare', 2, order), vote('prepare', 3, order)), []);
  t.notOk(backup.state.certificates.has(1));
  t.ok(backup.receive(proposal(0, 1, a)).includes('prepared 0/1'), 'they were kept for it');
  t.end();
});

t.test('votes of another view or outside the watermarks are refused', (t) => {
  const backup = new Bench(1);
  for (const type of ['prepare', 'commit'] as const) {
    t.same(backup.receive(vote(type, 2, { ...order, view: 1 })), [`refused ${type}: view`]);
    t.same(backup.receive(vote(type, 2, { ...order, seq: 9 })), [`refused ${type}: watermark`]);
  }
  t.equal(backup.state.slots.size, 0);
  t.end();
});

t.test('committed-local is prepared and 2f + 1 matching commits of distinct replicas', (t) => {
  const backup = new Bench(1);
  t.same(backup.receive(vote('commit', 0, order), vote('commit', 2, order), vote('commit', 3, order)), []);
  backup.receive(proposal(0, 1, a));
  t.equal(backup.state.decided.size, 0, 'three commits, and not prepared');
  t.ok(backup.receive(vote('prepare', 3, order)).includes('committed 0/1'));

  const other = new Bench(1);
  other.receive(proposal(0, 1, a), vote('prepare', 3, order));
  t.same(other.receive(vote('commit', 2, order), vote('commit', 2, order)), ['refused commit: duplicate']);
  t.same(other.receive(vote('commit', 3, { ...order, digest: 'other' })), [], 'two commits and another');
  t.same(other.receive(vote('commit', 0, order)), ['committed 0/1', 'execute 1 a:1', 'sign reply a 1', 'reply a 1 A']);
  t.end();
});

t.test('the primary batches what waits, within its pipeline and the watermarks, and sends no prepare', (t) => {
  const primary = new Bench(0, { ...settings, pipeline: 1, maxBatch: 2 });
  t.same(primary.receive(a), ['persist batch slot/1', 'sign pre-prepare 0/1', 'proposal 0/1 to 1 2 3']);
  t.same(primary.receive(b, request('c', 1), request('d', 1)), [], 'the pipeline is full');
  primary.receive(vote('prepare', 1, order), vote('prepare', 2, order));
  const words = primary.receive(vote('commit', 1, order), vote('commit', 2, order));
  t.ok(words.includes('execute 1 a:1'));
  t.ok(words.includes('proposal 0/2 to 1 2 3'));
  const second = primary.state.slots.get(2)?.prePrepare;
  t.equal(second?.digest, digestOf(b, request('c', 1)), 'two of the three share a batch');
  t.notOk(primary.signed.some((words) => words.startsWith('sign prepare')));
  t.end();
});

t.test('a primary stops at the high water mark', (t) => {
  const primary = new Bench(0, { ...settings, pipeline: 100, maxBatch: 1 });
  for (let client = 1; client <= 12; client += 1) primary.receive(request(`c${client}`, 1));
  t.equal(primary.state.slots.size, 8);
  t.equal(primary.state.waiting.size, 12);
  t.end();
});

t.test('a group of one needs nobody else', (t) => {
  const alone = new Bench(0, { ...settings, replicas: 1, checkpointEvery: 1, logSize: 2 });
  const words = alone.receive(a);
  t.ok(words.includes('reply a 1 A'));
  t.ok(words.includes('stable 1'));
  t.end();
});
