/**
 * Effect's cluster between two processes by sockets: a runner that hosts one entity, and a client of the cluster. Runners
 * find each other in a storage, which is an SQL database in production; here it is a list, because it has no part in
 * the work. Messages are not persisted, as theirs are not who are measured beside it. It knows no cast: a `discard` is a
 * request whose sender does not wait for the handler.
 */
import { createServer } from 'node:net';
import { Entity, MessageStorage, Runner, RunnerAddress, RunnerStorage } from '@effect/cluster';
import { NodeClusterSocket } from '@effect/platform-node';
import { Rpc } from '@effect/rpc';
import { Effect, Layer, Logger, LogLevel, ManagedRuntime, Option, Schema, Stream } from 'effect';
import { beSecond, countOf, latencies, startSecond } from '../second.mjs';
import { serve } from '../serve.mjs';

const FAR = 'far';
const TEXT = 'a small message';
/** Discards under way at once; more bring no more speed, and too many fill the entity's mailbox. */
const CASTS_IN_FLIGHT = 1_000;

const Note = Schema.Struct({ n: Schema.Number, text: Schema.String });
const Totals = Schema.Struct({ count: Schema.Number, sum: Schema.Number });

const Sink = Entity.make('Sink', [
  Rpc.make('Note', { payload: Note }),
  Rpc.make('Take', { success: Totals }),
  Rpc.make('Echo', { payload: Note, success: Schema.Number }),
  Rpc.make('Notes', { payload: { count: Schema.Number }, success: Note, stream: true }),
]);

const sinkLive = Sink.toLayer(
  Effect.sync(() => {
    let totals = { count: 0, sum: 0 };
    return Sink.of({
      Note: ({ payload }) =>
        Effect.sync(() => {
          totals = { count: totals.count + 1, sum: totals.sum + payload.n };
        }),
      Take: () =>
        Effect.sync(() => {
          const taken = totals;
          totals = { count: 0, sum: 0 };
          return taken;
        }),
      Echo: ({ payload }) => Effect.succeed(payload.n),
      Notes: ({ payload }) => Stream.fromIterable(notes(payload.count)),
    });
  }),
);

function* notes(count) {
  for (let n = 0; n < count; n += 1) yield { n, text: TEXT };
}

/** The one runner that hosts entities, known to both sides; it gets every shard that it asks for. */
function storageOf(port) {
  const runner = Runner.make({ address: RunnerAddress.make('127.0.0.1', port), groups: ['default'], weight: 1 });
  return Layer.succeed(
    RunnerStorage.RunnerStorage,
    RunnerStorage.RunnerStorage.of({
      register: () => Effect.succeed(1),
      unregister: () => Effect.void,
      getRunners: Effect.succeed([[runner, true]]),
      setRunnerHealth: () => Effect.void,
      acquire: (_address, shards) => Effect.succeed([...shards]),
      refresh: (_address, shards) => Effect.succeed([...shards]),
      release: () => Effect.void,
      releaseAll: () => Effect.void,
    }),
  );
}

function clusterOf(port, clientOnly) {
  return NodeClusterSocket.layer({
    clientOnly,
    storage: 'byo',
    shardingConfig: {
      runnerAddress: clientOnly ? Option.none() : Option.some(RunnerAddress.make('127.0.0.1', port)),
      entityMailboxCapacity: 'unbounded',
    },
  }).pipe(
    Layer.provideMerge(MessageStorage.layerNoop),
    Layer.provide(storageOf(port)),
    Layer.provide(Logger.minimumLogLevel(LogLevel.None)),
  );
}

async function far(port) {
  const runtime = ManagedRuntime.make(sinkLive.pipe(Layer.provide(clusterOf(port, false))));
  await runtime.runtime();
  beSecond(() => runtime.dispose());
}

const between = (make) => async () => {
  const port = await freePort();
  const second = await startSecond(import.meta.filename, [FAR, String(port)]);
  const runtime = ManagedRuntime.make(clusterOf(port, true));
  const client = await runtime.runPromise(Effect.map(Sink.client, (clientOf) => clientOf('one')));
  // The first request waits until the shards have their place.
  await runtime.runPromise(client.Take());
  const stop = async () => {
    await runtime.dispose();
    await second.stop();
  };
  return { run: make(client, (effect) => runtime.runPromise(effect)), stop };
};

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const cast = between((client, run) => async ({ messages }) => {
  const start = performance.now();
  await run(
    Effect.forEach(notes(messages), (note) => client.Note(note, { discard: true }), {
      concurrency: CASTS_IN_FLIGHT,
      discard: true,
    }),
  );
  const all = { count: 0, sum: 0 };
  while (all.count < messages) {
    const { count, sum } = await run(client.Take());
    all.count += count;
    all.sum += sum;
  }
  return { ms: performance.now() - start, operations: countOf(all, messages) };
});

const call = between((client, run) => async ({ calls, depth = 1 }) => {
  const took = [];
  let sum = 0;
  const echo = (note) =>
    Effect.suspend(() => {
      const start = performance.now();
      return Effect.map(client.Echo(note), (reply) => {
        took.push(performance.now() - start);
        sum += reply;
      });
    });
  const start = performance.now();
  await run(Effect.forEach(notes(calls), echo, { concurrency: depth, discard: true }));
  const ms = performance.now() - start;
  return { ms, operations: countOf({ count: took.length, sum }, calls), ...latencies(took) };
});

const stream = between((client, run) => async ({ items }) => {
  const start = performance.now();
  const add = ({ count, sum }, { n }) => ({ count: count + 1, sum: sum + n });
  const totals = await run(Stream.runFold(client.Notes({ count: items }), { count: 0, sum: 0 }, add));
  return { ms: performance.now() - start, operations: countOf(totals, items) };
});

const [role, port] = process.argv.slice(2);
if (role === FAR) await far(Number(port));
else await serve('@effect/cluster', { cast, call, stream });
