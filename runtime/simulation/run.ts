/**
 * One run of a model under one seed: faults and operations of a plan strike while every invariant is looked at after
 * every event; then the faults end, and everything has to come right within a bounded time. (Safety first, liveness
 * after: the order of TigerBeetle's VOPR.)
 */
import { Random } from '../testing/random.js';
import { describeFault, drawFaults, type Fault, inject } from './faults.js';
import { calm, describeKnobs, drawKnobs, type Knobs } from './knobs.js';
import type { Model, Planned, Simulated } from './model.js';
import { Violation } from './violation.js';
import { streams, World } from './world.js';

/** Everything that happens in a run by decree; with the seed it is the run. Survives JSON. */
export interface RunPlan extends Planned<unknown, unknown> {
  readonly knobs: Knobs;
  readonly faults: readonly Fault[];
  /** Nodes that do not come back when the faults end. */
  readonly lost: readonly number[];
  /** Nodes whose disks rot, if any do. */
  readonly rotten: readonly number[];
}

/** How a run failed. */
export interface Failure {
  /** The invariant that was broken; `crash` when the code threw something else. */
  readonly invariant: string;
  readonly message: string;
  readonly atUs: number;
  /** Number of the last line of the trace. */
  readonly event: number;
}

/** What came of a run. */
export interface Outcome {
  readonly seed: number;
  readonly plan: RunPlan;
  /** Events that happened: arrivals, ticks, ends of syncs, faults, operations. */
  readonly events: number;
  readonly virtualUs: number;
  /** Over all that the trace has, what the disks hold at the end and, when nothing failed, the state of the nodes. */
  readonly hash: string;
  readonly sometimes: ReadonlyMap<string, number>;
  readonly failure?: Failure;
  /** The last events, as many as were asked for, and the state of each node at the end. */
  readonly lines: () => readonly string[];
}

/** How to run. */
export interface RunOptions {
  /** Events to keep for reading. Default 0. */
  readonly keep?: number;
  /** In the place of the plan that the seed draws. */
  readonly plan?: RunPlan;
}

/** A run with more events than this does not end by itself: those that do have ten thousand or so. */
const MOST_EVENTS = 1_000_000;
/** Events between two questions whether all has settled. */
const ASK_EVERY = 64;

/** The plan that a seed draws. */
export function planOf(model: Model, seed: number): RunPlan {
  const knobs = drawKnobs(new Random(seed, streams.knobs), model.faults);
  const random = new Random(seed, streams.plan);
  const planned = model.plan(random, knobs);
  const nodes = random.shuffle(Array.from({ length: planned.size }, (_, node) => node));
  const gone = nodes.slice(0, random.below(planned.spare + 1));
  return {
    ...planned,
    knobs,
    faults: drawFaults(random, knobs, planned.size, model.busyUs),
    lost: random.chance(0.5) ? gone : [],
    // Those that are lost take their disks with them: what is spared is spared once.
    rotten: gone,
  };
}

/** Runs one seed. Once there is a plan it never throws: whatever goes wrong in the run is the outcome. */
export function runSeed(
  model: Model,
  seed: number,
  { keep = 0, plan = planOf(model, seed) }: RunOptions = {},
): Outcome {
  const world: World = new World({
    seed,
    size: plan.size,
    knobs: plan.knobs,
    keep,
    receive: (to, from, packet) => simulated?.receive(to, from, packet),
    words: (packet) => simulated?.words(packet) ?? '',
  });
  let simulated: Simulated | undefined;
  let failure: Failure | undefined;
  try {
    for (let node = 0; node < plan.size; node += 1)
      if (!plan.rotten.includes(node)) world.disk(node).knobs = { ...plan.knobs, corruption: 0 };
    simulated = model.start(world, plan);
    safety(world, simulated, model, plan);
    liveness(world, simulated, model, plan);
    simulated.finish();
    for (const line of simulated.state()) world.trace.seal(line);
  } catch (error) {
    const invariant = error instanceof Violation ? error.invariant : 'crash';
    const message = error instanceof Violation ? error.message : stackOf(error);
    failure = { invariant, message, atUs: world.nowUs, event: world.trace.count };
  }
  sealDisks(world);
  return {
    seed,
    plan,
    events: world.steps,
    virtualUs: world.nowUs,
    hash: world.trace.hash,
    sometimes: world.sometimes,
    ...(failure === undefined ? {} : { failure }),
    lines: () => [...world.trace.lines(), ...(simulated?.state() ?? [])],
  };
}

/** Where the code threw, up to here: who called the run has no part in it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = (error.stack ?? error.message).split('\n');
  const last = frames.findIndex((frame) => /\brunSeed\b/.test(frame));
  return frames.slice(0, last < 0 ? frames.length : last).join('\n');
}

/** Faults and operations strike; whatever happens, no invariant breaks. */
function safety(world: World, simulated: Simulated, { busyUs }: Model, plan: RunPlan): void {
  for (const fault of plan.faults) inject(world, simulated, fault);
  for (const { atUs, operation } of plan.operations)
    world.at(atUs, -1, 0, () => {
      // A plan that was written for a longer run may have some left.
      if (world.healed) return;
      world.trace.add('operate', world.nowUs, -1, -1, JSON.stringify(operation));
      simulated.operate(operation);
    });
  while (world.step(busyUs)) {
    simulated.check();
    bounded(world);
  }
}

/** The faults are over: all comes right in a bounded time. */
function liveness(world: World, simulated: Simulated, { settleUs }: Model, plan: RunPlan): void {
  world.calm(calm);
  for (let node = 0; node < world.size; node += 1) {
    if (plan.lost.includes(node)) {
      if (world.up(node)) {
        world.crash(node, true);
        simulated.crashed(node);
      }
      world.retire(node);
    } else if (!world.up(node)) {
      world.restart(node);
      simulated.restarted(node);
    }
  }
  simulated.healed();
  const untilUs = world.nowUs + settleUs;
  while (!simulated.settled()) {
    for (let some = 0; some < ASK_EVERY; some += 1) {
      if (!world.step(untilUs)) {
        // A protocol that is at rest has nothing left to do, and one that settled late did so in time.
        if (simulated.settled()) return;
        throw new Violation(
          'Liveness',
          `not settled ${settleUs / 1e6} s after the last fault: ${simulated.state().join('; ')}`,
        );
      }
      simulated.check();
    }
    bounded(world);
  }
}

/** What the disks hold belongs to what a run came to. */
function sealDisks(world: World): void {
  for (let node = 0; node < world.size; node += 1) {
    const disk = world.disk(node);
    for (const key of disk.keys()) {
      world.trace.seal(key);
      world.trace.seal(disk.read(key) ?? '');
    }
  }
}

function bounded(world: World): void {
  if (world.steps > MOST_EVENTS) throw new Violation('Termination', `more than ${MOST_EVENTS} events`);
}

/** A plan in words: what the run has, then its faults and operations in the order of time, a line each. */
export function describePlan({ faults, operations, lost, rotten, size, setup, knobs }: RunPlan): readonly string[] {
  const lines = [
    ...faults.map((fault) => ({ atUs: fault.atUs, text: describeFault(fault) })),
    ...operations.map(({ atUs, operation }) => ({ atUs, text: JSON.stringify(operation) })),
  ].toSorted((one, other) => one.atUs - other.atUs);
  return [
    `${size} nodes, ${JSON.stringify(setup)}`,
    `network, disks and clocks: ${describeKnobs(knobs)}`,
    ...(lost.length > 0 ? [`lost for good at the end: ${lost.map((node) => `n${node + 1}`).join(' ')}`] : []),
    ...(rotten.length > 0 ? [`disks that may rot: ${rotten.map((node) => `n${node + 1}`).join(' ')}`] : []),
    ...lines.map(({ atUs, text }) => `${(atUs / 1e6).toFixed(6).padStart(12)} ${text}`),
  ];
}
