/** Metadata: all of it on joining, deltas afterwards, and a gap that push-pull fills. */
import { applyDelta, deltaSince, newMetadata, setMetadata, valuesOf } from '#protocols/swim/metadata';
import fc from 'fast-check';
import t from 'tap';
import { Group } from './group.js';

const load = (value: string | undefined) => ({ type: 'set-metadata', changes: [{ key: 'load', value }] }) as const;

/** What a node knows of another. */
function known(group: Group, address: string, name: string): Readonly<Record<string, string>> {
  const member = group.node(address).state.members.get(name);
  return member === undefined ? {} : valuesOf(member.metadata);
}

t.test('full on join, deltas afterwards: only what changed travels', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  group.start('n4', {
    metadata: [
      { key: 'cores', value: '8' },
      { key: 'zone', value: 'a' },
    ],
  });
  group.step('@n4', { type: 'join', seeds: ['@n1'] });
  group.run(3_000);
  for (const address of ['@n1', '@n2', '@n3']) t.same(known(group, address, 'n4'), { cores: '8', zone: 'a' });
  group.forget();
  group.step('@n4', load('0.5'));
  group.run(3_000);
  const told = group.messages('alive').filter(({ node }) => node === 'n4');
  t.ok(told.length > 0);
  for (const { metadata } of told)
    t.same(metadata, { life: 4, base: 1, version: 2, entries: [{ key: 'load', value: '0.5' }] });
  for (const address of ['@n1', '@n2', '@n3']) {
    t.same(group.events(address), ['update n4 2']);
    t.same(known(group, address, 'n4'), { cores: '8', load: '0.5', zone: 'a' });
  }
  group.step('@n4', load(undefined));
  group.run(3_000);
  t.same(known(group, '@n2', 'n4'), { cores: '8', zone: 'a' });
  t.end();
});

t.test('deltas: two changes in a row are told together, because the first may not have arrived', (t) => {
  const group = new Group();
  group.together('n1', 'n2');
  const n1 = group.node('@n1').state;
  group.step('@n1', { type: 'set-metadata', changes: [{ key: 'a', value: '1' }] });
  group.step('@n1', { type: 'set-metadata', changes: [{ key: 'b', value: '2' }] });
  t.equal(n1.queue.byMember.size, 1);
  group.passes = ({ stream }) => !stream;
  group.run(1_000);
  t.same(known(group, '@n2', 'n1'), { a: '1', b: '2' });
  t.end();
});

t.test('gap → full state by push-pull', (t) => {
  const group = new Group();
  group.together('n1', 'n2', 'n3');
  const lost = { from: '@n1', to: '@n3' };
  group.passes = ({ to, messages }) => to !== lost.to || !messages.some(({ type }) => type === 'alive');
  group.step('@n1', { type: 'set-metadata', changes: [{ key: 'a', value: '1' }] });
  group.run(3_000);
  t.same([known(group, '@n2', 'n1'), known(group, '@n3', 'n1')], [{ a: '1' }, {}]);
  group.passes = () => true;
  group.forget();
  group.step('@n1', { type: 'set-metadata', changes: [{ key: 'b', value: '2' }] });
  group.run(2_000);
  t.equal(group.node('@n3').state.counts.gap, 1);
  t.equal(group.node('@n3').state.counts.gapFilled, 1);
  t.ok(
    group.sent.some(({ from, to, stream }) => from === '@n3' && to === '@n1' && stream),
    'it asked the owner',
  );
  t.same(known(group, '@n3', 'n1'), { a: '1', b: '2' });
  t.equal(group.events('@n3').filter((event) => event.startsWith('update n1')).length, 1);
  t.end();
});

t.test('another life of a member has nothing of the one before', (t) => {
  const before = newMetadata(1);
  setMetadata(before, [{ key: 'a', value: '1' }]);
  const held = newMetadata(1);
  t.equal(applyDelta(held, deltaSince(before, 0)), 'taken');
  const after = newMetadata(2);
  setMetadata(after, [{ key: 'b', value: '1' }]);
  setMetadata(after, [{ key: 'b', value: '2' }]);
  t.equal(applyDelta(held, deltaSince(after, 1)), 'gap');
  t.same(valuesOf(held), {}, 'nothing is better than what is not true any more');
  t.equal(applyDelta(held, deltaSince(after, 0)), 'taken');
  t.same(valuesOf(held), { b: '2' });
  t.end();
});

t.test('news of a member that is dead or has left are no news', (t) => {
  const member = (version: number) =>
    ({
      type: 'alive',
      node: 'm',
      address: '@m',
      incarnation: 1,
      metadata: { life: 1, base: 0, version, entries: [{ key: 'a', value: String(version) }] },
    }) as const;
  for (const from of ['n9', 'm']) {
    const group = new Group();
    group.start('n1');
    group.receive('@n1', member(1), { type: 'dead', node: 'm', incarnation: 1, from });
    group.forget();
    group.receive('@n1', member(2));
    t.same(group.events('@n1'), []);
  }
  t.end();
});

t.test('metadata that is too large is refused, and what was there stays', (t) => {
  const group = new Group();
  group.together('n1', 'n2');
  const effects = group.step('@n1', load('x'.repeat(600)));
  t.same(effects, [{ type: 'metadata-refused', maxBytes: 512 }]);
  t.equal(group.view('@n1', 'n1'), 'alive 1');
  t.end();
});

t.test('keys that JavaScript has a meaning for are keys', (t) => {
  const metadata = newMetadata(1);
  setMetadata(metadata, [
    { key: '__proto__', value: 'a' },
    { key: 'constructor', value: 'b' },
  ]);
  t.same(Object.entries(valuesOf(metadata)), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
  t.end();
});

const changes = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    value: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 20 },
);

t.test(
  'deltas in any order, lost or twice: what is taken is what the owner had, and all of it is the same in the end',
  (t) => {
    fc.assert(
      fc.property(changes, fc.infiniteStream(fc.nat()), (all, chance) => {
        const owner = newMetadata(1);
        const versions = [valuesOf(owner)];
        const deltas = all.map(({ key, value }, index) => {
          setMetadata(owner, [{ key, value }]);
          versions.push(valuesOf(owner));
          const base = (chance.next().value as number) % (index + 2);
          return deltaSince(owner, base);
        });
        const other = newMetadata(1);
        for (let step = 0; step < 2 * deltas.length; step += 1) {
          const delta = deltas[(chance.next().value as number) % deltas.length];
          if (delta !== undefined) applyDelta(other, delta);
          if (JSON.stringify(valuesOf(other)) !== JSON.stringify(versions[other.version])) return false;
        }
        applyDelta(other, deltaSince(owner, 0));
        return JSON.stringify(valuesOf(other)) === JSON.stringify(valuesOf(owner));
      }),
    );
    t.end();
  },
);
