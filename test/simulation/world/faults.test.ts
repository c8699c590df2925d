/** Each kind of fault has its effect, and ends. */
import t, { type Test } from 'tap';
import { describeFault, drawFaults, type Fault, inject } from '#runtime/simulation/faults';
import { calm, faultKinds, type FaultKind } from '#runtime/simulation/knobs';
import { Random } from '#runtime/testing/random';
import { type Bare, type BareOptions, bare, fault, packet } from './bare.js';

/** A world in which the fault is about to strike at 1 ms. */
function struck(planned: Fault, options: BareOptions = {}): Bare {
  const world = bare(options);
  inject(world.world, world.simulated, planned);
  return world;
}

/** Bytes that arrive at a time from a node to a node. */
function passes({ world, arrivals, until }: Bare, from: number, to: number): boolean {
  const before = arrivals.length;
  world.network.send(from, to, packet(from));
  until(world.nowUs + 20_000);
  return arrivals.slice(before).some((arrival) => arrival.to === to && arrival.from === from);
}

const proven = new Set<FaultKind>();

/** A test of one kind of fault. */
function proves(kind: FaultKind, promise: string, test: (t: Test) => Promise<void>): void {
  proven.add(kind);
  t.test(`${kind}: ${promise}`, test);
}

proves('kill', 'the node is down for its time, its timers are gone, its disk is whole', async (t) => {
  const { world, news, until } = struck(fault('kill'));
  let ticks = 0;
  world.every(10_000, 0, () => (ticks += 1));
  world.disk(0).write('a', packet(1));
  until(50_000);
  t.notOk(world.up(0));
  t.equal(ticks, 0);
  until(101_000);
  t.ok(world.up(0));
  t.same(news, ['crash n1', 'restart n1']);
  t.equal(world.lifeOf(0), 2);
  until(500_000);
  t.equal(ticks, 0, 'timers of an earlier life do not fire');
  t.same(world.disk(0).read('a'), packet(1));
});

proves('power', 'what was not synced may be gone', async (t) => {
  let lost = 0;
  for (let seed = 1; seed <= 30; seed += 1) {
    const { world, news, until } = struck(fault('power'), { seed });
    world.disk(0).write('a', packet(1));
    until(200_000);
    t.same(news, ['crash n1', 'restart n1']);
    if (world.disk(0).read('a') === undefined) lost += 1;
  }
  t.ok(lost > 5 && lost < 25, `${lost} of 30 lost it`);
});

proves('pause', 'what is due waits and happens in order when the node goes on, a timer once', async (t) => {
  const world = struck(fault('pause'));
  const { network } = world.world;
  const times: number[] = [];
  world.world.every(10_000, 0, () => times.push(world.world.nowUs));
  for (const [index, atUs] of [20_000, 40_000, 60_000].entries())
    world.world.at(atUs, -1, 0, () => network.send(1, 0, packet(index)));
  world.until(100_999);
  t.ok(world.world.paused(0));
  t.same(world.arrivals, []);
  world.until(101_000);
  t.notOk(world.world.paused(0));
  t.same(
    world.arrivals.map(({ byte, atUs }) => [byte, atUs]),
    [
      [0, 101_000],
      [1, 101_000],
      [2, 101_000],
    ],
  );
  t.same(times, [101_000], 'ten were due, one fires');
  world.until(120_000);
  t.same(times, [101_000, 111_000]);
});

t.test('two pauses of one node: it goes on when both are over; a crash ends them all', async (t) => {
  const world = struck(fault('pause', { forUs: 50_000 }));
  inject(world.world, world.simulated, fault('pause', { atUs: 10_000, forUs: 90_000 }));
  world.until(60_000);
  t.ok(world.world.paused(0), 'the first is over');
  world.until(100_000);
  t.notOk(world.world.paused(0));
  const crashing = struck(fault('pause'));
  inject(crashing.world, crashing.simulated, fault('kill', { atUs: 10_000, forUs: 10_000 }));
  inject(crashing.world, crashing.simulated, fault('pause', { atUs: 50_000 }));
  crashing.until(30_000);
  t.ok(crashing.world.up(0));
  t.notOk(crashing.world.paused(0));
  crashing.until(120_000);
  t.ok(crashing.world.paused(0), 'the end of the first pause is not that of the second');
  crashing.until(150_000);
  t.notOk(crashing.world.paused(0));
});

proves('partition', 'no packet passes between its sides in either direction, all pass within', async (t) => {
  const links = [
    [0, 1],
    [1, 0],
    [0, 2],
    [2, 0],
  ] as const;
  const world = struck(fault('partition', { node: -1, links }));
  world.until(1_000);
  t.notOk(passes(world, 0, 1));
  t.notOk(passes(world, 2, 0));
  t.ok(passes(world, 1, 2));
  world.until(101_000);
  t.ok(passes(world, 0, 1));
});

proves('oneway', 'a node is heard and hears nothing', async (t) => {
  const world = struck(
    fault('oneway', {
      node: -1,
      links: [
        [1, 0],
        [2, 0],
      ],
    }),
  );
  world.until(1_000);
  t.ok(passes(world, 0, 1));
  t.notOk(passes(world, 1, 0));
  world.until(101_000);
  t.ok(passes(world, 1, 0));
});

proves('bridge', 'two halves that only one node sees both of', async (t) => {
  const world = struck(
    fault('bridge', {
      node: -1,
      links: [
        [1, 2],
        [2, 1],
      ],
    }),
  );
  world.until(1_000);
  t.ok(passes(world, 0, 1) && passes(world, 0, 2) && passes(world, 1, 0) && passes(world, 2, 0));
  t.notOk(passes(world, 1, 2));
  world.until(101_000);
  t.ok(passes(world, 1, 2));
});

proves('clog', 'packets are held back, and arrive all at once', async (t) => {
  const world = struck(fault('clog', { node: -1, links: [[0, 1]] }));
  world.until(2_000);
  t.notOk(passes(world, 0, 1));
  t.notOk(passes(world, 0, 1));
  t.ok(passes(world, 1, 0));
  world.until(101_000);
  t.equal(world.arrivals.filter(({ to, atUs }) => to === 1 && atUs === 101_000).length, 2);
  t.ok(passes(world, 0, 1));
});

proves('jump', 'the wall clock is set, timers go on as they were', async (t) => {
  const { world, until } = struck(fault('jump', { byUs: -3_600_000_000 }));
  const times: number[] = [];
  world.after(50_000, 0, () => times.push(world.nowUs));
  until(1_000);
  t.equal(world.wallUs(0), 1_000 - 3_600_000_000);
  t.equal(world.wallUs(1), 1_000);
  until(200_000);
  t.same(times, [50_000]);
});

proves('slowdisk', 'syncs take long', async (t) => {
  const { world, until } = struck(fault('slowdisk'));
  const times: number[] = [];
  const sync = (): void => {
    const startUs = world.nowUs;
    world.disk(0).sync(() => times.push(world.nowUs - startUs));
  };
  until(1_000);
  sync();
  until(900_000);
  sync();
  until(2e6);
  const [slow = 0, quick = 0] = times;
  t.ok(slow >= 10_000 && quick <= 5_000, `${slow} and ${quick}`);
});

proves('fulldisk', 'writes fail, and succeed afterwards', async (t) => {
  const { world, until } = struck(fault('fulldisk'));
  until(1_000);
  t.throws(() => world.disk(0).write('a', packet(1)), { name: 'DiskFull' });
  world.disk(1).write('a', packet(1));
  until(101_000);
  world.disk(0).write('a', packet(1));
  t.same(world.disk(0).keys(), ['a']);
});

proves('badsync', 'the next sync kills the node and is not done', async (t) => {
  const { world, news, until } = struck(fault('badsync'));
  let done = 0;
  until(2_000);
  world.disk(0).write('a', packet(1));
  world.disk(0).sync(() => (done += 1));
  until(50_000);
  t.same(news, ['crash n1']);
  t.equal(done, 0);
  until(200_000);
  t.same(news, ['crash n1', 'restart n1']);
  world.disk(0).sync(() => (done += 1));
  until(300_000);
  t.equal(done, 1, 'one sync failed, not all that follow');
});

t.test('every kind of fault is proven here', async (t) => {
  t.same(
    faultKinds.filter((kind) => !proven.has(kind)),
    [],
  );
});

t.test('a fault that changes nothing is not counted', async (t) => {
  const { world, simulated, until } = struck(fault('kill'));
  inject(world, simulated, fault('power', { atUs: 50_000 }));
  inject(world, simulated, fault('pause', { atUs: 60_000 }));
  until(200_000);
  t.equal(world.sometimes.get('fault kill'), 1);
  t.equal(world.sometimes.get('fault power'), undefined);
  t.equal(world.sometimes.get('fault pause'), undefined);
});

t.test('when a world calms down, no fault strikes any more and none is left', async (t) => {
  const world = struck(fault('partition', { node: -1, links: [[0, 1]], forUs: 1e9 }));
  const more = [
    fault('pause', { node: 1, forUs: 1e9 }),
    fault('fulldisk', { node: 2, forUs: 1e9 }),
    fault('badsync', { node: 2 }),
    fault('clog', { node: -1, links: [[0, 2]], forUs: 1e9 }),
    fault('kill', { atUs: 500_000 }),
  ];
  for (const each of more) inject(world.world, world.simulated, each);
  world.until(10_000);
  world.world.calm(calm);
  t.ok(passes(world, 0, 1), 'neither cut off nor hung');
  t.ok(passes(world, 0, 2));
  let done = 0;
  world.world.disk(2).write('a', packet(1));
  world.world.disk(2).sync(() => (done += 1));
  world.until(2e9);
  t.equal(done, 1);
  t.same(world.news, [], 'the kill of later does not strike');
});

t.test('a clock that went wrong goes on from where it is when the world calms down', async (t) => {
  const { world, until } = bare({ seed: 3, knobs: { drift: 0.1, offsetUs: 1_000_000 } });
  until(10e6);
  const before = [0, 1, 2].map((node) => world.wallUs(node));
  t.equal(new Set(before).size, 3);
  world.calm(calm);
  t.same(
    [0, 1, 2].map((node) => world.wallUs(node)),
    before,
  );
  until(11e6);
  t.same(
    [0, 1, 2].map((node) => world.wallUs(node)),
    before.map((wallUs) => wallUs + 1e6),
  );
});

t.test('faults are drawn so that each can strike, and end before the run is over', async (t) => {
  const knobs = { ...calm, faultMeanUs: 20_000, faults: faultKinds };
  const untilUs = 5_000_000;
  for (const size of [1, 2, 3, 7]) {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      for (const drawn of drawFaults(new Random(seed), knobs, size, untilUs)) {
        const { kind, atUs, forUs, node, links } = drawn;
        kinds.add(kind);
        const isOfLinks = ['partition', 'oneway', 'bridge', 'clog'].includes(kind);
        const places = isOfLinks ? links.flat() : [node];
        if (
          !(atUs >= 0 && forUs > 0 && atUs + forUs <= untilUs) ||
          places.length === 0 ||
          !places.every((place) => place >= 0 && place < size)
        )
          t.fail(`${size} nodes, seed ${seed}: ${describeFault(drawn)}`);
      }
    }
    t.equal(kinds.size, size === 1 ? 7 : size === 2 ? 10 : 11, `${size} nodes`);
  }
});
