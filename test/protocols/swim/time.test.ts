/** A node that hung, and one that is cut off: neither blames the others. */
import { checkSettings, lan, local, presets, wan } from '#protocols/swim/settings';
import t from 'tap';
import { alive, Group, suspect } from './group.js';

t.test('30 s stall of one node yields zero false deaths of others: it asks again first', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3', 'n4');
  const n1 = group.node('@n1').state;
  // It suspects another, and hangs while that one refutes.
  group.receive('@n1', suspect('n3', 1, 'n2'));
  group.run(50, ['@n1']);
  group.passes = ({ to }) => to !== '@n1';
  group.receive('@n3', suspect('n3', 1, 'n2'));
  group.run(30_000, ['@n2', '@n3', '@n4']);
  group.passes = () => true;
  const leftMs = (n1.suspicions.get('n3')?.deadlineMs ?? 0) - n1.nowMs;
  t.ok(leftMs > 0 && leftMs <= 24_000, 'its time would be up by a clock that ran on');
  group.run(20_000);
  t.equal(n1.counts.stall, 1);
  t.notOk(group.events('@n1').some((event) => event.startsWith('failed')));
  t.equal(group.view('@n1', 'n3'), 'alive 2');
  for (const address of ['@n2', '@n3', '@n4'])
    t.notOk(group.events(address).some((event) => /^failed n[234]/.test(event)));
  t.match(group.view('@n2', 'n1'), /^alive /, 'and it is believed to be alive again itself');
  t.end();
});

t.test(
  'a stall: the probe under way says nothing, suspicions begin anew, awareness rises, and news are asked for',
  (t) => {
    const group = new Group();
    group.together('n1', 'n2', 'n3');
    const n1 = group.node('@n1').state;
    group.passes = () => false;
    group.runUntil(() => n1.probe !== undefined, 5_000);
    group.receive('@n1', suspect('n2', 1, 'n3'));
    const deadlineMs = n1.suspicions.get('n2')?.deadlineMs ?? 0;
    const before = n1.nowMs;
    group.nowMs += 20_000;
    group.forget();
    group.run(50, ['@n1']);
    t.equal(n1.nowMs - before, lan.stallMs, 'not twenty seconds');
    t.equal(n1.awareness, 1);
    t.equal(n1.suspicions.get('n2')?.deadlineMs, deadlineMs + lan.stallMs);
    t.ok(group.messages('push-pull').length > 0);
    t.end();
  },
);

t.test('a clock that is set back makes no time pass, and no harm', (t) => {
  const group = new Group();
  group.together('n1', 'n2');
  const n1 = group.node('@n1').state;
  const before = n1.nowMs;
  group.step('@n1', { type: 'tick', nowMs: -3_600_000 });
  t.equal(n1.nowMs, before);
  group.step('@n1', { type: 'tick', nowMs: -3_599_900 });
  t.equal(n1.nowMs, before + 100);
  t.end();
});

t.test('a node whose transport is gone suspects nobody, sends nothing, and asks again when it is back', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3', 'n4');
  const n1 = group.node('@n1').state;
  group.receive('@n1', suspect('n4', 1, 'n3'));
  group.passes = ({ from, to }) => from !== '@n1' && to !== '@n1';
  group.step('@n1', { type: 'transport', up: false });
  group.forget();
  group.run(60_000);
  t.same(group.events('@n1'), []);
  t.notOk(group.sent.some(({ from }) => from === '@n1'));
  t.equal(n1.awareness, 0, 'it knows why it hears nothing');
  t.match(group.view('@n2', 'n1'), /^dead /, 'while others do not hear it');
  group.passes = () => true;
  group.step('@n1', { type: 'transport', up: true });
  group.run(2_000);
  t.notOk(group.events('@n1').some((event) => event.startsWith('failed')));
  for (const name of ['n2', 'n3', 'n4']) t.match(group.view('@n1', name), /^alive /);
  for (const address of ['@n2', '@n3', '@n4']) t.match(group.view(address, 'n1'), /^alive /);
  t.end();
});

t.test('acks of a life before are not taken for those of this one', (t) => {
  const group = new Group();
  const { lastSeq } = group.start('n1', { seed: 1 });
  group.kill('@n1');
  const two = group.start('n1', { seed: 2 });
  t.not(two.lastSeq, lastSeq);
  group.receive('@n1', alive('n2', 1), { type: 'ack', seq: lastSeq + 1, stream: false });
  t.equal(two.counts.stray, 1);
  t.end();
});

t.test('the presets are those of memberlist, and every one is sound', (t) => {
  const shown = (name: keyof typeof presets): readonly unknown[] => {
    const { probeIntervalMs, probeTimeoutMs, indirectChecks, suspicionMult, retransmitMult } = presets[name];
    const { gossipIntervalMs, gossipNodes, gossipToTheDeadMs, pushPullIntervalMs } = presets[name];
    return [
      probeIntervalMs,
      probeTimeoutMs,
      indirectChecks,
      suspicionMult,
      retransmitMult,
      gossipIntervalMs,
      gossipNodes,
      gossipToTheDeadMs,
      pushPullIntervalMs,
    ];
  };
  t.same(shown('lan'), [1_000, 500, 3, 4, 4, 200, 3, 30_000, 30_000]);
  t.same(shown('wan'), [5_000, 3_000, 3, 6, 4, 500, 4, 60_000, 60_000]);
  t.same(shown('local'), [1_000, 200, 1, 3, 2, 100, 3, 15_000, 15_000]);
  for (const preset of [lan, wan, local]) t.doesNotThrow(() => checkSettings(preset));
  t.end();
});

t.test('a setting that cannot be is refused by its name', (t) => {
  const bad = [
    ['probeIntervalMs', 0],
    ['probeTimeoutMs', 1_000],
    ['suspicionMult', 0],
    ['packetBytes', 500],
    ['gossipNodes', Number.NaN],
    ['deadNodeReclaimMs', -1],
  ] as const;
  for (const [name, value] of bad)
    t.throws(() => checkSettings({ ...lan, [name]: value }), { code: 'BAD_USAGE', message: new RegExp(name) });
  t.end();
});
