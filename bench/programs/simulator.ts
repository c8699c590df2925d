/** Runs of the simulator, counted in events; and the loop below it, without a world. */
import { Models, shippedModels } from '#cli/simulate/models';
import { faultKinds } from '#runtime/simulation/knobs';
import { runSeed } from '#runtime/simulation/run';
import { Timeline } from '#runtime/simulation/timeline';
import { type Model, Random, type Simulated, type World } from 'skep/testing';
import { type Prepare, serve, type Work } from '../harness/program.js';

const TICK_US = 10_000;
/** Of a protocol of consensus: a header and a small entry. */
const PACKET_BYTES = 100;
/** Things that wait in the bare heap, and events of one of its runs. */
const WAITING = 1_000;
const BARE_EVENTS = 100_000;

/** Five nodes that send to each other, keep a record of each packet that arrives, and want nothing. */
const empty: Model = {
  name: 'empty',
  about: 'nodes that send, write and want nothing',
  faults: faultKinds.filter((kind) => kind !== 'fulldisk'),
  sometimes: [],
  busyUs: 10_000_000,
  settleUs: 1_000_000,
  plan: () => ({ size: 5, setup: null, operations: [], spare: 0 }),
  start: (world) => {
    for (let node = 0; node < world.size; node += 1) beat(world, node);
    return {
      ...still,
      receive: (to, from, packet) => {
        const disk = world.disk(to);
        disk.write(`from ${from}`, packet);
        disk.sync(() => {});
      },
      restarted: (node) => beat(world, node),
    };
  },
};

const still: Simulated = {
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
};

function beat(world: World, node: number): void {
  let number = 0;
  world.every(TICK_US, node, () => {
    number += 1;
    const to = (node + 1 + (number % (world.size - 1))) % world.size;
    world.network.send(node, to, new Uint8Array(PACKET_BYTES).fill(number));
  });
}

/** Seeds of a model, from the first. */
function stepped(load: () => Promise<Model>): Prepare {
  return async () => {
    const model = await load();
    return measured((run) => {
      const { events, failure } = runSeed(model, run + 1);
      if (failure !== undefined) throw new Error(`${model.name}, seed ${run + 1}: ${failure.message}`);
      return events;
    });
  };
}

/** Takes an event from the heap and puts another into it. */
const bare: Prepare = async () =>
  measured((run) => {
    const random = new Random(run);
    const timeline = new Timeline();
    let nowUs = 0;
    const add = (): void => timeline.add(nowUs + random.below(1_000_000), 0, 0, add);
    for (let waiting = 0; waiting < WAITING; waiting += 1) add();
    for (let event = 0; event < BARE_EVENTS; event += 1) {
      const next = timeline.take();
      nowUs = next?.atUs ?? nowUs;
      next?.run();
    }
    return BARE_EVENTS;
  });

function measured(eventsOf: (run: number) => number): Work {
  return {
    run: async ({ runs = 0 }) => {
      const startMs = performance.now();
      let events = 0;
      for (let run = 0; run < runs; run += 1) events += eventsOf(run);
      const ms = performance.now() - startMs;
      return { ms, operations: runs, 'events/s': (events * 1_000) / ms };
    },
  };
}

const models = await Models.of([]);
serve(import.meta.filename, {
  empty: stepped(async () => empty),
  bare,
  ...Object.fromEntries(shippedModels.map((name) => [name, stepped(() => models.load(name))])),
});
