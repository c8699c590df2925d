/** What concurrent operations come out as, kind by kind; the table at the head of `operation.ts` as tests. */
import { contextOf } from '#protocols/crdt/context';
import type { ReplicaId } from '#protocols/crdt/dot';
import type { Kind } from '#protocols/crdt/kind';
import { mutate, type Operation } from '#protocols/crdt/operation';
import { bottom, type Causal, dotsOf, join } from '#protocols/crdt/store';
import { type Value, valueOf } from '#protocols/crdt/value';
import t from 'tap';
import { bytes, Replicas } from './history.js';

const add = (element: string): Operation => ({ type: 'add', element });
const remove = (element: string): Operation => ({ type: 'remove', element });
const assign = (value: string): Operation => ({ type: 'assign', value: bytes(value) });
const within = (kind: Kind, key: string, operation: Operation): Operation => ({ type: 'update', kind, key, operation });
const by = (type: 'increment' | 'decrement', amount: number): Operation => ({ type, by: amount });

/** All replicas have merged all, and read this. */
function settled(replicas: Replicas): Value {
  return valueOf(replicas.kind, replicas.settle().store);
}

function elements(replicas: Replicas): readonly string[] {
  const value = settled(replicas);
  return value.kind === 'or-set' ? value.elements : [];
}

/** Everybody has seen what the first replica has. */
function shared(kind: Kind, ...operations: readonly Operation[]): Replicas {
  const replicas = new Replicas(kind);
  for (const operation of operations) replicas.mutate(0, operation);
  replicas.merge(1, 0);
  replicas.merge(2, 0);
  return replicas;
}

t.test(
  'or-set: of a concurrent add and remove the add wins, and the remove takes only what it has observed',
  async (t) => {
    const replicas = shared('or-set', add('a'), add('b'));
    replicas.mutate(0, add('a'));
    replicas.mutate(1, remove('a'));
    replicas.mutate(2, remove('b'));
    t.same(elements(replicas), ['a']);
  },
);

t.test('or-set: an add again has a new dot, so the remove of the add before does not take it', async (t) => {
  const replicas = shared('or-set', add('a'));
  const before = [...dotsOf(replicas.state(0).store)].map(({ counter }) => counter);
  replicas.mutate(1, remove('a'));
  replicas.mutate(0, add('a'));
  t.not([...dotsOf(replicas.state(0).store)].map(({ counter }) => counter).join(), before.join());
  t.same(elements(replicas), ['a']);
  // Had the dot been the same, the context of the remove would have had it.
  const unchanged: Causal = { store: shared('or-set', add('a')).state(0).store, context: contextOf([]) };
  t.same(valueOf('or-set', join(replicas.state(1), unchanged).store), { kind: 'or-set', elements: [] });
});

t.test('or-set: a remove leaves no tombstone but its dot in the context, which stays a version vector', async (t) => {
  const replicas = new Replicas('or-set');
  for (let round = 0; round < 100; round += 1) {
    replicas.mutate(0, add(`e${round}`));
    replicas.mutate(0, remove(`e${round}`));
  }
  const { store, context } = replicas.state(0);
  t.equal(store, undefined);
  t.same([...context.values()], [[{ from: 1, to: 100 }]]);
});

t.test('flag: of a concurrent enable and disable the enable wins', async (t) => {
  const replicas = shared('flag', { type: 'enable' });
  replicas.mutate(0, { type: 'enable' });
  replicas.mutate(1, { type: 'disable' });
  t.same(settled(replicas), { kind: 'flag', enabled: true });
  replicas.merge(1, 0);
  replicas.mutate(1, { type: 'disable' });
  t.same(settled(replicas), { kind: 'flag', enabled: false }, 'what it has observed is disabled');
});

t.test('mv-register: concurrent values stand side by side until one assignment has seen them', async (t) => {
  const replicas = shared('mv-register', assign('old'));
  replicas.mutate(0, assign('x'));
  replicas.mutate(1, assign('y'));
  t.same(settled(replicas), { kind: 'mv-register', values: [bytes('x'), bytes('y')] });
  replicas.merge(2, 0);
  replicas.merge(2, 1);
  replicas.mutate(2, assign('z'));
  t.same(settled(replicas), { kind: 'mv-register', values: [bytes('z')] });
});

/** Two replicas assign at stamps of their own, having seen nothing of each other; the value, merged either way. */
function raced(...stamps: readonly { readonly wallMs: number; readonly count: number }[]): readonly unknown[] {
  const states = stamps.map((stamp, at) => {
    const dot = { replica: `r${at}.1` as ReplicaId, counter: 1 };
    return mutate('lww-register', bottom, assign(`by r${at}`), { dot, stamp }) as Causal;
  });
  return [states, states.toReversed()].map((order) => valueOf('lww-register', order.reduce(join, bottom).store));
}

t.test('lww-register: the later stamp wins; a tie is decided by replica id, not by arrival', async (t) => {
  const value = (at: number): Value => ({ kind: 'lww-register', value: bytes(`by r${at}`) });
  t.same(raced({ wallMs: 6, count: 0 }, { wallMs: 5, count: 9 }), [value(0), value(0)]);
  t.same(raced({ wallMs: 5, count: 2 }, { wallMs: 5, count: 1 }), [value(0), value(0)]);
  t.same(raced({ wallMs: 5, count: 1 }, { wallMs: 5, count: 1 }), [value(1), value(1)]);
});

t.test('lww-register: what was seen is written over, even when its stamp came from a clock a day ahead', async (t) => {
  const [a, b] = ['a.1' as ReplicaId, 'b.1' as ReplicaId] as const;
  const ahead = { dot: { replica: a, counter: 1 }, stamp: { wallMs: 86_400_000, count: 0 } };
  const first = mutate('lww-register', bottom, assign('tomorrow'), ahead) as Causal;
  const now = { dot: { replica: b, counter: 1 }, stamp: { wallMs: 7, count: 0 } };
  const second = join(first, mutate('lww-register', first, assign('today'), now) as Causal);
  t.same(valueOf('lww-register', join(second, first).store), { kind: 'lww-register', value: bytes('today') });
});

t.test('counters: the value is the sum of all increments seen, each once', async (t) => {
  const replicas = shared('pn-counter', by('increment', 5));
  for (const at of [0, 1, 2, 0, 1, 2]) replicas.mutate(at, by('increment', at + 1));
  replicas.mutate(1, by('decrement', 20));
  replicas.merge(0, 1);
  replicas.merge(0, 1);
  t.same(settled(replicas), { kind: 'pn-counter', count: 5 + 2 * (1 + 2 + 3) - 20 });
  t.equal([...dotsOf(replicas.settle().store)].length, 3, 'one total a replica');
});

t.test(
  'or-map: a drop of a key takes what it has observed, and a concurrent update keeps the rest (reset-remove)',
  async (t) => {
    const replicas = shared('or-map', within('or-set', 's', add('a')), within('or-set', 's', add('b')));
    replicas.mutate(0, { type: 'drop', kind: 'or-set', key: 's' });
    replicas.mutate(1, within('or-set', 's', add('c')));
    const entry = { key: 's', value: { kind: 'or-set', elements: ['c'] } };
    t.same(settled(replicas), { kind: 'or-map', entries: [entry] });
  },
);

t.test(
  'or-map: an increment that is concurrent with a drop brings back what that replica added, and no more',
  async (t) => {
    const replicas = shared('or-map', within('pn-counter', 'c', by('increment', 10)));
    replicas.mutate(1, within('pn-counter', 'c', by('increment', 3)));
    replicas.merge(0, 1);
    replicas.mutate(0, { type: 'drop', kind: 'pn-counter', key: 'c' });
    replicas.mutate(1, within('pn-counter', 'c', by('increment', 4)));
    const entry = { key: 'c', value: { kind: 'pn-counter', count: 7 } };
    t.same(settled(replicas), { kind: 'or-map', entries: [entry] });
  },
);

t.test('or-map: one key as two kinds is two keys; maps nest; an emptied child is no key', async (t) => {
  const replicas = shared('or-map');
  replicas.mutate(0, within('flag', 'k', { type: 'enable' }));
  replicas.mutate(1, within('or-map', 'k', within('lww-map', 'm', { type: 'put', key: 'x', value: bytes('1') })));
  replicas.mutate(2, within('or-set', 'gone', add('a')));
  replicas.mutate(2, within('or-set', 'gone', remove('a')));
  const value = settled(replicas);
  t.same(value.kind === 'or-map' && value.entries.map((entry) => [entry.key, entry.value.kind]), [
    ['k', 'flag'],
    ['k', 'or-map'],
  ]);
});

t.test('what does not fit is refused, and changes nothing', async (t) => {
  const origin = { dot: { replica: 'a.1' as ReplicaId, counter: 1 }, stamp: { wallMs: 1, count: 0 } };
  const table: readonly (readonly [Kind, Operation, string])[] = [
    ['g-counter', by('decrement', 1), 'wrong-kind'],
    ['g-counter', { type: 'clear' }, 'wrong-kind'],
    ['g-counter', by('increment', 0), 'bad-amount'],
    ['pn-counter', by('increment', 1.5), 'bad-amount'],
    ['pn-counter', by('decrement', -1), 'bad-amount'],
    ['flag', add('a'), 'wrong-kind'],
    ['or-set', assign('a'), 'wrong-kind'],
    ['or-set', add('\ud800'), 'bad-key'],
    ['or-set', add('x'.repeat(1_025)), 'bad-key'],
    ['lww-register', add('a'), 'wrong-kind'],
    ['mv-register', { type: 'enable' }, 'wrong-kind'],
    ['lww-map', remove('a'), 'wrong-kind'],
    ['or-map', add('a'), 'wrong-kind'],
    ['or-map', within('flag', 'k', add('a')), 'wrong-kind'],
  ];
  for (const [kind, operation, refusal] of table)
    t.equal(mutate(kind, bottom, operation, origin), refusal, `${operation.type} of a ${kind}`);
  const most = mutate('g-counter', bottom, by('increment', Number.MAX_SAFE_INTEGER), origin) as Causal;
  t.equal(mutate('g-counter', most, by('increment', 1), origin), 'overflow');
});
