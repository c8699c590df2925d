/** What a network does to packets: loss, duplication, delay, overtaking, cuts of one direction, clogs. */
import t from 'tap';
import { bare, packet } from './bare.js';

/** Sends packets from one node to another, one each millisecond, and waits until nothing is under way. */
function flood(world: ReturnType<typeof bare>, count: number): void {
  for (let number = 0; number < count; number += 1) {
    world.until(world.world.nowUs + 1_000);
    world.world.network.send(0, 1, packet(number % 256));
  }
  world.until(world.world.nowUs + 60e6);
}

t.test('a calm network delivers every packet once, not before the least delay', async (t) => {
  const world = bare({ knobs: { delayLeastUs: 5_000 } });
  flood(world, 200);
  t.equal(world.arrivals.length, 200);
  t.ok(world.arrivals.every(({ atUs, byte }) => atUs >= 1_000 * (byte + 1) + 5_000));
  t.equal(world.world.sometimes.get('packet lost'), undefined);
});

t.test('packets are lost and doubled at the rates of the world', async (t) => {
  const lossy = bare({ knobs: { loss: 0.3 } });
  flood(lossy, 2_000);
  t.ok(Math.abs(lossy.arrivals.length - 1_400) < 100, `${lossy.arrivals.length} of 2,000 arrived`);
  t.equal(lossy.world.sometimes.get('packet lost'), 2_000 - lossy.arrivals.length);
  const doubling = bare({ knobs: { duplication: 0.2 } });
  flood(doubling, 2_000);
  t.ok(Math.abs(doubling.arrivals.length - 2_400) < 100, `${doubling.arrivals.length} of 2,000 arrived`);
});

t.test('packets overtake each other where delays differ more than they are apart', async (t) => {
  const world = bare({ knobs: { delayMeanUs: 10_000, straggling: 0.05 } });
  flood(world, 200);
  const order = world.arrivals.map(({ byte }) => byte);
  t.equal(order.length, 200);
  t.notSame(
    order,
    order.toSorted((one, other) => one - other),
  );
  const late = world.arrivals.filter(({ atUs, byte }) => atUs - 1_000 * (byte + 1) > 1e6).length;
  t.ok(late > 0 && late < 30, `${late} stragglers`);
});

t.test('a cut is of one direction, cuts add up, and a calm world has none', async (t) => {
  const world = bare();
  const { network } = world.world;
  network.cut([[0, 1]]);
  network.cut([[0, 1]]);
  network.send(0, 1, packet(1));
  network.send(1, 0, packet(2));
  network.mend([[0, 1]]);
  network.send(0, 1, packet(3));
  world.until(1e6);
  t.same(
    world.arrivals.map(({ byte }) => byte),
    [2],
  );
  t.equal(world.world.sometimes.get('packet cut off'), 2);
  t.notOk(network.open(0, 1));
  network.mend([[0, 1]]);
  t.ok(network.open(0, 1));
  network.mend([[0, 1]]);
  network.cut([[0, 1]]);
  t.notOk(network.open(0, 1), 'what was mended too often is cut all the same');
  world.world.calm(network.knobs);
  t.ok(network.open(0, 1));
});

t.test('a clog holds packets back and lets them all go at once, and a shorter one does not end it', async (t) => {
  const world = bare();
  const { network } = world.world;
  network.clog([[0, 1]], 500_000);
  network.clog([[0, 1]], 100_000);
  for (const byte of [1, 2, 3]) network.send(0, 1, packet(byte));
  network.send(2, 1, packet(4));
  world.until(499_999);
  t.same(
    world.arrivals.map(({ byte }) => byte),
    [4],
  );
  world.until(500_000);
  t.equal(world.arrivals.length, 4);
});

t.test('a packet to a node that is down is gone, also when the node is back a moment later', async (t) => {
  const world = bare({ knobs: { delayLeastUs: 10_000 } });
  world.world.network.send(0, 1, packet(1));
  world.until(5_000);
  world.world.crash(1, false);
  world.until(20_000);
  world.world.restart(1);
  world.until(1e6);
  t.same(world.arrivals, []);
});
