/**
 * Prints what 100 seeds of each model come to, as JSON: a program, so that a test can run it in two processes. Models
 * are those that are shipped and those of the modules named; their runs are cut short, since it is whether they are the
 * same that counts here.
 */
import { Models } from '#cli/simulate/models';
import { runSeed } from '#runtime/simulation/run';
import type { Model, Simulated } from '#runtime/simulation/index';

const SEEDS = 100;
const MOST_US = 500_000;

/** The model in a short run that ends with its faults. */
function shortened(model: Model): Model {
  const { name, about, faults, sometimes, settleUs } = model;
  return {
    ...{ name, about, faults, sometimes, settleUs },
    busyUs: Math.min(model.busyUs, MOST_US),
    plan: (random, knobs) => model.plan(random, knobs),
    start: (world, plan) => withoutEnd(model.start(world, plan)),
  };
}

function withoutEnd(simulated: Simulated): Simulated {
  return {
    receive: (to, from, packet) => simulated.receive(to, from, packet),
    words: (packet) => simulated.words(packet),
    operate: (operation) => simulated.operate(operation),
    crashed: (node) => simulated.crashed(node),
    restarted: (node) => simulated.restarted(node),
    healed: () => simulated.healed(),
    // What an observer finds out has no part in the run, and most of its cost.
    check: () => {},
    settled: () => true,
    finish: () => {},
    state: () => simulated.state(),
  };
}

const models = await Models.of(process.argv.slice(2));
for (const name of models.names) {
  // oxlint-disable-next-line no-await-in-loop -- one line after another
  const model = shortened(await models.load(name));
  const runs = Array.from({ length: SEEDS }, (_, index) => {
    const { hash, events, sometimes, failure } = runSeed(model, index + 1);
    return { hash, events, sometimes: Object.fromEntries(sometimes), failure: failure?.message };
  });
  process.stdout.write(`${JSON.stringify({ name, runs })}\n`);
}
