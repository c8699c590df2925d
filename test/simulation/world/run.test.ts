/** A run: the same again from its seed or its plan, faults first and everything right afterwards, and how it fails. */
import t from 'tap';
import { faultKinds } from '#runtime/simulation/knobs';
import { describePlan, planOf, runSeed } from '#runtime/simulation/run';
import { Trace } from '#runtime/simulation/trace';
import type { Model } from 'skep/testing';
import { toyModel } from '../toy.js';

const toy = toyModel();
const seeds = Array.from({ length: 40 }, (_, index) => index + 1);

t.test('the same seed gives the same run, another seed another', async (t) => {
  const hashes = seeds.map((seed) => runSeed(toy, seed).hash);
  t.same(
    seeds.map((seed) => runSeed(toy, seed).hash),
    hashes,
  );
  t.equal(new Set(hashes).size, seeds.length);
});

t.test('keeping events to read them changes nothing', async (t) => {
  for (const seed of [1, 2, 3]) t.equal(runSeed(toy, seed, { keep: 1_000_000 }).hash, runSeed(toy, seed).hash);
});

t.test('a plan survives JSON and is the run', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const plan = JSON.parse(JSON.stringify(planOf(toy, seed))) as ReturnType<typeof planOf>;
    t.equal(runSeed(toy, seed, { plan }).hash, runSeed(toy, seed).hash);
  }
});

t.test('a correct protocol survives every kind of fault', async (t) => {
  const met = new Set<string>();
  for (const seed of seeds) {
    const { failure, sometimes } = runSeed(toy, seed);
    t.equal(failure, undefined, `seed ${seed}: ${failure?.message}`);
    for (const name of sometimes.keys()) met.add(name);
  }
  for (const kind of toy.faults) t.ok(met.has(`fault ${kind}`), kind);
});

t.test('what the disks hold at the end is in the hash, and so is the state of the nodes', async (t) => {
  const variant = (last: number, byte: number): string => {
    const model: Model = { ...toyModel(), sometimes: [] };
    return runSeed(
      {
        ...model,
        start: (world, plan) => {
          const simulated = model.start(world, plan);
          return Object.assign(Object.create(simulated) as typeof simulated, {
            ...bound(simulated),
            finish: () => world.disk(0).write('extra', Uint8Array.of(byte)),
            state: () => [`last ${last}`],
          });
        },
      },
      1,
    ).hash;
  };
  t.equal(variant(1, 1), variant(1, 1));
  t.not(variant(1, 1), variant(2, 1));
  t.not(variant(1, 1), variant(1, 2));
});

/** The methods of an object whose fields are private, for a variant of it. */
function bound<T extends object>(object: T): T {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object) as object);
  const methods = names.filter((name) => name !== 'constructor');
  return Object.fromEntries(
    methods.map((name) => [name, (object[name as keyof T] as (...args: unknown[]) => unknown).bind(object)]),
  ) as T;
}

t.test('a broken invariant, an error of the code and a run that never settles are told apart', async (t) => {
  const first = (bug: Parameters<typeof toyModel>[0]) => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const { failure } = runSeed(toyModel(bug), seed);
      if (failure !== undefined) return failure;
    }
    return undefined;
  };
  t.match(first('primary forgets to sync'), { invariant: 'Durability', message: /^Durability: \d+ was acknowledged/ });
  t.match(first('throws on the third value'), { invariant: 'crash', message: /^TypeError: the third value\n\s+at / });
  t.match(first('rests for ever'), { invariant: 'Liveness', message: /not settled 3 s after the last fault: n1 / });
});

/** Does nothing at all. */
const idle: Model = {
  name: 'idle',
  about: 'nothing',
  faults: faultKinds,
  sometimes: [],
  busyUs: 1_000_000,
  settleUs: 1_000_000,
  plan: () => ({ size: 4, setup: null, operations: [], spare: 0 }),
  start: () => ({
    receive: () => {},
    words: () => '',
    operate: () => {},
    crashed: () => {},
    restarted: () => {},
    healed: () => {},
    check: () => {},
    settled: () => true,
    finish: () => {},
    state: () => [],
  }),
};

t.test('a protocol that has nothing left to do may settle with its last event', async (t) => {
  let left = 0;
  const model = (wanted: number): Model => ({
    ...idle,
    start: (world, plan) => ({
      ...idle.start(world, plan),
      healed: () => {
        left = wanted;
        for (let number = 0; number < 10; number += 1) world.at(world.nowUs + 10, 0, 0, () => (left -= 1));
      },
      settled: () => left === 0,
    }),
  });
  t.equal(runSeed(model(10), 1).failure, undefined);
  t.match(runSeed(model(11), 1).failure, { invariant: 'Liveness' });
});

t.test('nodes that are lost stay down, the others are up, whatever the plan had in store', async (t) => {
  for (let seed = 1; seed <= 30; seed += 1) {
    let up: readonly boolean[] = [];
    let cut = 0;
    const model: Model = {
      ...idle,
      plan: (random, knobs) => ({ ...idle.plan(random, knobs), spare: 2 }),
      start: (world, plan) => ({
        ...idle.start(world, plan),
        // Long after every restart that was due.
        healed: () => world.at(world.nowUs + 20e6, -1, 0, () => {}),
        settled: () => world.nowUs > 20e6,
        finish: () => {
          up = [0, 1, 2, 3].map((node) => world.up(node));
          for (const from of [0, 1, 2, 3]) for (const to of [0, 1, 2, 3]) if (!world.network.open(from, to)) cut += 1;
        },
      }),
      settleUs: 30e6,
    };
    const { plan, failure } = runSeed(model, seed);
    t.equal(failure, undefined, `${failure?.message}`);
    t.same(
      up,
      [0, 1, 2, 3].map((node) => !plan.lost.includes(node)),
    );
    t.equal(cut, 0);
  }
});

t.test('a plan that was made for a longer run leaves no fault and no operation behind', async (t) => {
  const plan = planOf(toy, 7);
  const late = { kind: 'kill', atUs: 2_500_000, forUs: 1e9, node: 0, links: [], byUs: 0 } as const;
  const partition = {
    ...late,
    kind: 'partition',
    atUs: 1_900_000,
    node: -1,
    links: [
      [0, 1],
      [1, 0],
    ],
  } as const;
  const longer = {
    ...plan,
    size: 3,
    faults: [...plan.faults, partition, late],
    operations: [...plan.operations, { atUs: 2_600_000, operation: { value: 99 } }],
  };
  const { failure, sometimes } = runSeed(toy, 7, { plan: longer });
  t.equal(failure, undefined, `${failure?.message}`);
  t.equal(
    sometimes.get('fault partition'),
    1 + (runSeed(toy, 7, { plan: { ...plan, size: 3 } }).sometimes.get('fault partition') ?? 0),
  );
});

t.test('a plan reads as words: what the world is like, then what happens, in order', async (t) => {
  const [nodes = '', world = '', ...lines] = describePlan(planOf(toy, 3));
  t.match(nodes, /^\d nodes, \{"bug":"none"\}$/);
  t.match(world, /^network, disks and clocks: delayLeastUs \d+/);
  const times = lines.map((line) => Number(line.trim().split(' ')[0]));
  t.same(
    times,
    times.toSorted((one, other) => one - other),
  );
  t.ok(lines.length >= 12);
});

t.test('a trace keeps its last lines and says who sent what to whom', async (t) => {
  const trace = new Trace(2, (bytes) => `byte ${bytes[0]}`);
  for (let number = 0; number < 9; number += 1) trace.add('tick', 1_000_000 * number, 0);
  trace.add('lose', 9_000_000, 0, 2, 17);
  trace.add('deliver', 9_500_000, 1, 0, Uint8Array.of(5));
  t.same(
    [...trace.lines()],
    ['      10     9.000000 n1    lose to n3 17', '      11     9.500000 n2    deliver from n1 byte 5'],
  );
  t.same([...trace.lines(0)], []);
  t.same([...new Trace(0, () => '').lines()], []);
  t.match(trace.hash, /^[0-9a-f]{16}$/);
});
