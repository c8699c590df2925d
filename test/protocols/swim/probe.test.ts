/** The failure detector: direct and indirect pings, nacks, streams, and what a node thinks of its own health. */
import { lan } from '#protocols/swim/settings';
import t from 'tap';
import { Group } from './group.js';

/** Packets but streams are lost on the way to and from an address. */
const deaf = (address: string) => (packet: { readonly from: string; readonly to: string; readonly stream: boolean }) =>
  packet.stream || (packet.from !== address && packet.to !== address);

t.test('direct ping: a member that answers is not suspected, and nobody else is asked', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  group.run(20_000);
  t.ok(group.messages('ping').length >= 3 * 18, 'a ping a second from each');
  t.equal(group.messages('ping').length, group.messages('ack').length);
  t.same(group.messages('ping-req'), []);
  t.same(
    ['@n1', '@n2', '@n3'].flatMap((address) => group.events(address)),
    [],
  );
  t.end();
});

t.test('direct ping: each member is probed once a round, and all within 2n - 1 intervals', (t) => {
  const group = new Group();
  const names = Array.from({ length: 8 }, (_, index) => `n${index + 1}`);
  group.together(...names);
  group.run(60_000);
  const order = group.sent
    .filter(({ from, messages }) => from === '@n1' && messages[0]?.type === 'ping')
    .map(({ to }) => to);
  for (const name of names.slice(1)) {
    const probes = order.flatMap((to, index) => (to === `@${name}` ? [index] : []));
    const gaps = probes.slice(1).map((index, before) => index - (probes[before] ?? 0));
    t.ok(Math.max(probes[0] ?? 99, ...gaps) <= 2 * names.length - 1, `${name}: ${gaps.join(' ')}`);
  }
  t.not(order.slice(0, 7).join(), order.slice(7, 14).join(), 'the order is another in each round');
  t.end();
});

t.test('direct ping: whoever took over an address does not answer for who was there before', (t) => {
  const group = new Group();
  group.together('n1', 'n2');
  const effects = group.receive('@n2', { type: 'ping', seq: 9, node: 'n9', replyTo: '@n1', stream: false });
  t.same(effects, []);
  t.equal(group.node('@n2').state.counts.stray, 1);
  t.end();
});

t.test('k indirect: a member that only others reach is not suspected', (t) => {
  const group = new Group({ streamPings: false });
  group.together('n1', 'n2', 'n3', 'n4', 'n5');
  group.passes = ({ from, to }) => !(from === '@n1' && to === '@n2') && !(from === '@n2' && to === '@n1');
  group.run(30_000);
  t.equal(group.view('@n1', 'n2'), 'alive 1');
  const asked = group.sent.filter(({ messages }) => messages[0]?.type === 'ping-req');
  t.ok(asked.length > 0);
  t.equal(asked.length % lan.indirectChecks, 0, 'three are asked each time');
  t.ok(group.node('@n1').state.counts.lateAck > 0);
  t.equal(group.node('@n1').state.counts.failedProbe, 0);
  t.end();
});

t.test('stream fallback: a member that only streams reach is not suspected', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3', 'n4');
  group.passes = deaf('@n2');
  group.run(10_000);
  t.ok(group.node('@n1').state.counts.streamAck > 0);
  t.same(group.events('@n1'), []);
  const without = new Group({ streamPings: false });
  without.together('n1', 'n2', 'n3', 'n4');
  without.passes = deaf('@n2');
  without.run(10_000);
  t.ok(without.events('@n1').includes('suspect n2 1'), 'without it, it is');
  t.end();
});

t.test('nack lowers self-score only: the target is suspect all the same, and the asker trusts itself', (t) => {
  const group = new Group({ suspicionMult: 40 });
  group.together('n1', 'n2', 'n3', 'n4', 'n5');
  const n1 = group.node('@n1').state;
  group.kill('@n2');
  group.runUntil(() => group.view('@n1', 'n2') === 'suspect 1' && n1.counts.failedProbe !== 0, 20_000);
  t.equal(n1.counts.nack, 3);
  t.equal(n1.counts.missedNack, 0);
  t.equal(n1.awareness, 0);
  t.end();
});

t.test('nack: only those that were asked count, and each once', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3', 'n4', 'n5');
  const n1 = group.node('@n1').state;
  group.passes = () => false;
  group.runUntil(() => n1.probe?.asked !== undefined, 5_000);
  const { seq = 0, asked = [] } = n1.probe ?? {};
  const [first = ''] = asked;
  for (const from of [first, first, 'stranger']) group.receive('@n1', { type: 'nack', seq, from });
  t.same([...(n1.probe?.nacks ?? [])], [first]);
  group.runUntil(() => n1.probe?.seq !== seq, 5_000);
  t.equal(n1.awareness, 2, 'three were asked, one sent a nack');
  t.end();
});

t.test('awareness multiplier up: a node that hears nobody waits longer and probes less', (t) => {
  const group = new Group({ suspicionMaxTimeoutMult: 1_000 });
  group.together('n1', 'n2', 'n3', 'n4', 'n5');
  const n1 = group.node('@n1').state;
  group.passes = ({ from, to }) => from !== '@n1' && to !== '@n1';
  group.run(40_000);
  t.equal(n1.awareness, lan.awarenessMaxMultiplier - 1, 'it is the one that is ill, as nobody sends a nack');
  group.runUntil(() => n1.probe === undefined || n1.probe.asked === undefined, 20_000);
  group.forget();
  group.run(24_000);
  const pings = group.sent.filter(
    ({ from, messages }) => from === '@n1' && messages[0]?.type === 'ping' && !messages[0].stream,
  );
  t.ok(pings.length <= 4, `${pings.length} probes in 24 s: one each 8 s`);
  t.end();
});

t.test('awareness multiplier down: each probe that is answered lowers it by one', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  const n1 = group.node('@n1').state;
  n1.awareness = 3;
  const seen: number[] = [];
  group.runUntil(() => {
    if (seen.at(-1) !== n1.awareness) seen.push(n1.awareness);
    return n1.awareness === 0;
  }, 20_000);
  t.same(seen, [3, 2, 1, 0]);
  t.end();
});

t.test('awareness: timeout and interval of a probe grow with it', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  const n1 = group.node('@n1').state;
  group.passes = () => false;
  n1.awareness = 2;
  n1.probe = undefined;
  n1.nextProbeMs = n1.nowMs;
  group.run(50, ['@n1']);
  t.equal((n1.probe as unknown as { readonly timeoutMs: number }).timeoutMs - n1.nowMs, 3 * lan.probeTimeoutMs);
  t.equal((n1.probe as unknown as { readonly deadlineMs: number }).deadlineMs - n1.nowMs, 3 * lan.probeIntervalMs);
  t.end();
});

t.test('a suspect member is told so with the ping, and refutes', (t) => {
  const group = new Group();
  group.together('n1', 'n2');
  const n1 = group.node('@n1').state;
  group.receive('@n1', { type: 'suspect', node: 'n2', incarnation: 1, from: 'n9' });
  n1.queue.byMember.clear();
  group.runUntil(() => group.view('@n1', 'n2') === 'alive 2', 5_000);
  t.same(group.events('@n1'), ['suspect n2 1', 'alive n2 2']);
  t.end();
});
