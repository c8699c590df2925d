/**
 * Casts, calls, bounces and streams between actors: on one executor, which is the main thread, or from one executor to
 * another in threads of their own. The actors are made once; each run uses them again.
 */
import { type ActorRef, ActorSystem, type AnyDefinition, type ArgsOf } from '#runtime';
import { serve, type Work } from '../harness/program.js';
import type { Size } from '../harness/question.js';
import * as actors from './messages-actors.js';

const { ENDLESS } = actors;
const TEXT = 'a small message';

/** A system with a place for those who send and one for those who receive. */
interface Ground {
  readonly system: ActorSystem;
  readonly spawnNear: Spawn;
  readonly spawnFar: Spawn;
  readonly text?: string;
}

type Spawn = <D extends AnyDefinition>(definition: D, args: ArgsOf<D>) => Promise<ActorRef<D>>;

async function oneThread(): Promise<Ground> {
  const definitions = Object.values(actors).filter((each) => 'kind' in each);
  const system = await ActorSystem.create({ node: 'bench', definitions });
  const spawn: Spawn = (definition, args) => system.spawn(definition, args);
  return { system, spawnNear: spawn, spawnFar: spawn };
}

async function twoThreads(): Promise<Ground> {
  const modules = [new URL('./messages-actors.js', import.meta.url).href];
  const system = await ActorSystem.create({ node: 'bench', executors: 2, modules });
  return {
    system,
    spawnNear: (definition, args) => system.spawn(definition, args, { executor: 1 }),
    spawnFar: (definition, args) => system.spawn(definition, args, { executor: 2 }),
    text: TEXT,
  };
}

/**
 * Casts of `senders` (default 1) to one receiver, under flow control; each sender knows that all of its were handled.
 * With `besideSlow` they also send to a receiver that never catches up: a new one for each run, for an old one has mail
 * for minutes.
 */
async function casts(ground: Ground, { senders = 1 }: Size, besideSlow = false): Promise<Work> {
  const { system, spawnNear, spawnFar, text } = ground;
  const sources = await times(senders, () => spawnNear(actors.source, undefined));
  const to = await spawnFar(actors.sink, undefined);
  return {
    run: async ({ messages = 0 }) => {
      const slow = besideSlow ? (await spawnFar(actors.slowSink, undefined)).address : undefined;
      const count = messages / senders;
      const message = { to: to.address, count, ...(text && { text }), ...(slow && { slow }) };
      const startMs = performance.now();
      await Promise.all(sources.map((source) => source.call('flood', message, ENDLESS)));
      const ms = performance.now() - startMs;
      if (slow !== undefined) system.stopActor(slow);
      const taken = await to.call('take');
      expectSum(taken.sum, senders * sumBelow(count));
      return { ms, operations: taken.count };
    },
    stop: () => system.shutdown(),
  };
}

/** Calls of `callers` (default 1) to one server; with one caller, how long each call took. */
async function calls({ system, spawnNear, spawnFar }: Ground, size: Size): Promise<Work> {
  const callers = await times(size['callers'] ?? 1, () => spawnNear(actors.caller, undefined));
  const to = await spawnFar(actors.server, undefined);
  return {
    run: async ({ calls: wanted = 0 }) => {
      const message = { to: to.address, count: wanted / callers.length };
      const startMs = performance.now();
      const [latency] = await Promise.all(callers.map((caller) => caller.call('run', message, ENDLESS)));
      const ms = performance.now() - startMs;
      return { ms, operations: await to.call('take'), ...(callers.length === 1 ? latency : {}) };
    },
    stop: () => system.shutdown(),
  };
}

/** `pairs` of actors, each with one ball that they bounce to each other `bounces` times. */
async function bounces({ system, spawnNear, spawnFar }: Ground, { pairs = 0 }: Size): Promise<Work> {
  const first = await times(pairs, () => spawnNear(actors.player, undefined));
  const second = await times(pairs, () => spawnFar(actors.player, undefined));
  const referee = await spawnNear(actors.referee, undefined);
  const meet = (some: typeof first, others: typeof first) =>
    Promise.all(
      some.flatMap((each, index) => {
        const partner = others[index]?.address;
        return partner === undefined ? [] : [each.call('meet', { partner })];
      }),
    );
  await Promise.all([meet(first, second), meet(second, first)]);
  const players = first.map(({ address }) => address);
  return {
    run: async ({ bounces: each = 0 }) => {
      const startMs = performance.now();
      await referee.call('play', { players, bounces: each }, ENDLESS);
      const ms = performance.now() - startMs;
      const counts = await Promise.all([...first, ...second].map((player) => player.call('take')));
      return { ms, operations: counts.reduce((sum, count) => sum + count, 0) };
    },
    stop: () => system.shutdown(),
  };
}

/** One stream of `values`, read to its end. */
async function streams({ system, spawnNear, spawnFar }: Ground): Promise<Work> {
  const consumer = await spawnNear(actors.consumer, undefined);
  const { address: from } = await spawnFar(actors.producer, undefined);
  return {
    run: async ({ values: count = 0 }) => {
      const startMs = performance.now();
      const read = await consumer.call('read', { from, count }, ENDLESS);
      const ms = performance.now() - startMs;
      expectSum(read.sum, sumBelow(count));
      return { ms, operations: read.count };
    },
    stop: () => system.shutdown(),
  };
}

async function times<T>(count: number, make: () => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, make));
}

/** Sum of the whole numbers from 0 to below this one. */
function sumBelow(count: number): number {
  return (count * (count - 1)) / 2;
}

function expectSum(sum: number, expected: number): void {
  if (sum !== expected) throw new Error(`what arrived sums up to ${sum}: expected ${expected}`);
}

serve(import.meta.filename, {
  cast: async (size) => casts(await oneThread(), size),
  'cast-threads': async (size) => casts(await twoThreads(), size),
  'cast-threads-slow': async (size) => casts(await twoThreads(), size, true),
  call: async (size) => calls(await oneThread(), size),
  'call-threads': async (size) => calls(await twoThreads(), size),
  bounce: async (size) => bounces(await oneThread(), size),
  'bounce-threads': async (size) => bounces(await twoThreads(), size),
  stream: async () => streams(await oneThread()),
  'stream-threads': async () => streams(await twoThreads()),
});
