/** Placement: shares, constraints, and how little moves. Statistics have fixed seeds, so they are the same each time. */
import { place, candidatesOf } from '#protocols/placement/place';
import { type PlacementItem, type PlacementNode, zoneOf } from '#protocols/placement/node';
import { best, rank, scoreOf } from '#protocols/placement/rendezvous';
import { Random } from '#runtime/testing/random';
import fc from 'fast-check';
import t from 'tap';

const keys = (count: number): readonly PlacementItem[] =>
  Array.from({ length: count }, (_, index) => ({ key: `item-${index}` }));

const node: fc.Arbitrary<PlacementNode> = fc.record(
  {
    id: fc.string({ minLength: 1, maxLength: 4 }),
    weight: fc.integer({ min: 1, max: 5 }),
    zone: fc.constantFrom('x', 'y', 'z'),
    labels: fc.subarray(['gpu', 'arm']),
    capacity: fc.integer({ min: 0, max: 6 }),
  },
  { requiredKeys: ['id'] },
);
const nodes = fc.uniqueArray(node, { maxLength: 7, selector: ({ id }) => id });
const item: fc.Arbitrary<PlacementItem> = fc.record(
  {
    key: fc.string({ minLength: 1, maxLength: 4 }),
    replicas: fc.integer({ min: 0, max: 3 }),
    size: fc.integer({ min: 0, max: 2 }),
    required: fc.subarray(['gpu', 'arm']),
    forbidden: fc.subarray(['gpu']),
    locality: fc.constantFrom({ type: 'spread' }, { type: 'near', zone: 'x' }, { type: 'any' }),
  },
  { requiredKeys: ['key'] },
) as fc.Arbitrary<PlacementItem>;
const items = fc.uniqueArray(item, { maxLength: 12, selector: ({ key }) => key });

t.test('shares are proportional to weights: chi-square over 40,000 keys', (t) => {
  const weighted: readonly PlacementNode[] = [1, 1, 2, 3, 5, 0.5].map((weight, index) => ({ id: `n${index}`, weight }));
  const total = weighted.reduce((sum, { weight = 1 }) => sum + weight, 0);
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed);
    const counts = new Map<string, number>();
    const count = 40_000;
    for (let one = 0; one < count; one += 1) {
      const id = best(`key ${random.next()} ${one}`, weighted)?.id ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const square = weighted.reduce((sum, { id, weight = 1 }) => {
      const expected = (count * weight) / total;
      return sum + ((counts.get(id) ?? 0) - expected) ** 2 / expected;
    }, 0);
    // 99.9 % of chi-square with five degrees of freedom.
    t.ok(square < 20.5, `seed ${seed}: ${square.toFixed(2)}`);
  }
  t.end();
});

t.test(
  'minimal disruption: a node that comes takes its share and moves nothing else, one that goes leaves only its own',
  (t) => {
    fc.assert(
      fc.property(nodes, node, (some, newcomer) => {
        const before = some.map(({ capacity: _none, ...rest }) => rest).filter(({ id }) => id !== newcomer.id);
        const { capacity: _limit, ...unlimited } = newcomer;
        const all = keys(30).map((one) => ({ ...one, replicas: 2, locality: { type: 'any' as const } }));
        const small = place(all, before).placement;
        const large = place(all, [...before, unlimited]).placement;
        return all.every(({ key }) => {
          const gained = (large.get(key) ?? []).filter((id) => small.get(key)?.includes(id) !== true);
          const lost = (small.get(key) ?? []).filter((id) => large.get(key)?.includes(id) !== true);
          return gained.every((id) => id === newcomer.id) && lost.length <= gained.length;
        });
      }),
    );
    t.end();
  },
);

t.test('a change of one weight moves items only between that node and the others', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.double({ min: 0.1, max: 9, noNaN: true }), (count, weight) => {
      const before: readonly PlacementNode[] = Array.from({ length: count }, (_, index) => ({ id: `n${index}` }));
      const after = before.map((one) => (one.id === 'n0' ? { ...one, weight } : one));
      return keys(50).every(({ key }) => {
        const [from, to] = [best(key, before)?.id, best(key, after)?.id];
        return from === to || from === 'n0' || to === 'n0';
      });
    }),
  );
  t.end();
});

t.test('the order of nodes and items does not matter', (t) => {
  fc.assert(
    fc.property(items, nodes, fc.nat(), (all, some, seed) => {
      const random = new Random(seed);
      const one = place(all, some);
      const other = place(random.shuffle(all), random.shuffle(some));
      const flat = ({ placement, missing }: typeof one): string =>
        JSON.stringify([[...placement].map(([key, ids]) => [key, ids, missing.get(key)]), missing.size]);
      return flat(one) === flat(other);
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('labels, capacities and distinct nodes are kept, and nothing is missing that has a place', (t) => {
  fc.assert(
    fc.property(items, nodes, (all, some) => {
      const { placement, missing } = place(all, some);
      const used = new Map<string, number>();
      for (const { key, replicas = 1, size = 1, required = [], forbidden = [] } of all) {
        const ids = placement.get(key) ?? [];
        if (new Set(ids).size !== ids.length || ids.length + (missing.get(key) ?? 0) !== replicas) return false;
        for (const id of ids) {
          const labels = some.find((one) => one.id === id)?.labels ?? [];
          if (!required.every((label) => labels.includes(label))) return false;
          if (forbidden.some((label) => labels.includes(label))) return false;
          used.set(id, (used.get(id) ?? 0) + size);
        }
      }
      const free = ({ id, capacity = Infinity }: PlacementNode): number => capacity - (used.get(id) ?? 0);
      if (some.some((one) => free(one) < 0)) return false;
      return all.every(
        (one) =>
          !missing.has(one.key) ||
          candidatesOf(one, some).every((id) => {
            const host = some.find((other) => other.id === id);
            return host === undefined || placement.get(one.key)?.includes(id) === true || free(host) < (one.size ?? 1);
          }),
      );
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('replicas are in distinct zones as far as there are zones with room', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(node, { minLength: 1, maxLength: 7, selector: ({ id }) => id }), (some) => {
      const roomy = some.map(({ capacity: _none, ...rest }) => rest);
      const zones = new Set(roomy.map(zoneOf)).size;
      const { placement } = place([{ key: 'k', replicas: 3 }], roomy);
      const ids = placement.get('k') ?? [];
      const used = new Set(ids.map((id) => zoneOf(roomy.find((one) => one.id === id) as PlacementNode)));
      return used.size === Math.min(3, zones) && ids.length === Math.min(3, roomy.length);
    }),
  );
  t.end();
});

t.test('near: nodes of the zone come first, and what has no room there goes to the next best', (t) => {
  const some: readonly PlacementNode[] = [
    { id: 'a', zone: 'x', capacity: 2 },
    { id: 'b', zone: 'x', capacity: 1 },
    { id: 'c', zone: 'y' },
  ];
  const all = keys(5).map((one) => ({ ...one, locality: { type: 'near' as const, zone: 'x' } }));
  const { placement } = place(all, some);
  const count = (id: string): number => [...placement.values()].filter((ids) => ids.includes(id)).length;
  t.same([count('a'), count('b'), count('c')], [2, 1, 2]);
  t.end();
});

t.test('overflow is a stable matching: nobody would rather be where it would rather be had', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), (count, capacity) => {
      const some: readonly PlacementNode[] = Array.from({ length: count }, (_, index) => ({
        id: `n${index}`,
        capacity,
      }));
      const all = keys(count * capacity + 2);
      const { placement } = place(all, some);
      const at = new Map(all.map(({ key }) => [key, placement.get(key)?.[0]]));
      return all.every(({ key }) =>
        rank(key, some).every(({ node: wanted, score }) => {
          const own = some.find(({ id }) => id === at.get(key));
          if (own !== undefined && scoreOf(key, own) >= score) return true;
          // Full of items that it wants more.
          const holders = all.filter((other) => at.get(other.key) === wanted.id);
          return holders.length === capacity && holders.every((other) => scoreOf(other.key, wanted) >= score);
        }),
      );
    }),
  );
  t.end();
});

t.test('two of one name and numbers that are none are refused by name', (t) => {
  const one: PlacementNode = { id: 'a' };
  t.throws(() => place([], [one, one]), { code: 'BAD_USAGE', message: /two nodes are called a/ });
  t.throws(() => place([{ key: 'k' }, { key: 'k' }], []), { code: 'BAD_USAGE', message: /two items are called k/ });
  t.throws(() => place([], [{ id: 'a', weight: 0 }]), { code: 'BAD_USAGE', message: /weight of a is 0/ });
  t.throws(() => place([], [{ id: 'a', capacity: -1 }]), { code: 'BAD_USAGE', message: /capacity of a/ });
  t.throws(() => place([{ key: 'k', size: NaN }], []), { code: 'BAD_USAGE', message: /size of k/ });
  t.throws(() => place([{ key: 'k', replicas: 1.5 }], []), { code: 'BAD_USAGE', message: /replicas of k/ });
  t.same([...place([{ key: 'k' }], []).missing], [['k', 1]]);
  t.end();
});
