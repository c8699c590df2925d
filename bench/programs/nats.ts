/**
 * What skep's nodes are measured beside: two processes with the very client that it is built on, the same codec and the
 * same server, but one NATS message for each message. As the client's own documentation has it: callbacks for
 * subscriptions, which are quicker than iterators, and a flush now and then, so that a publisher lets its socket write.
 */
import { pack, unpack } from 'msgpackr';
import { connect, type NatsConnection, type NodeConnectionOptions } from 'nats';
import { startNatsServer } from '#cluster/transport/nats-server';
import { type Prepare, serve, type Work } from '../harness/program.js';
import { latencies, LatencyLog } from './latency.js';
import { type Note, TEXT, type Totals } from './nodes-actors.js';
import { beSecond, startSecond } from './second.js';

const FAR = 'far';
/** Publishes between two flushes: the quickest of 100, 1,000 and 10,000. */
const FLUSH_EVERY = 10_000;
/** No request may end by its deadline; the client knows no infinite one. */
const PATIENT = { timeout: 120_000 };
const NOTHING = new Uint8Array();

/** Without the stack trace that the client else takes for each request, which halves what it does with 128 in flight. */
function optionsFor(url: string): NodeConnectionOptions {
  return { servers: url, noAsyncTraces: true };
}

function between(make: (connection: NatsConnection) => Promise<Work['run']>): Prepare {
  return async () => {
    const server = await startNatsServer();
    const second = await startSecond(import.meta.filename, [FAR, server.url]);
    const connection = await connect(optionsFor(server.url));
    return {
      run: await make(connection),
      stop: async () => {
        await connection.close();
        await second.stop();
        await server.stop();
      },
    };
  };
}

/** The second process: counts, answers, and publishes when it is asked to. */
async function far(url: string): Promise<void> {
  const connection = await connect(optionsFor(url));
  let totals = { count: 0, sum: 0 };
  const on = (subject: string, act: (body: Uint8Array, reply: (answer: unknown) => void) => void): void => {
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) throw error;
        act(message.data, (answer) => void message.respond(pack(answer)));
      },
    });
  };
  on('note', (body) => {
    totals.count += 1;
    totals.sum += noteOf(body).n;
  });
  on('take', (_body, reply) => {
    reply(totals);
    totals = { count: 0, sum: 0 };
  });
  on('echo', (body, reply) => reply(noteOf(body).n));
  on('ping', (body) => connection.publish('pong', pack(noteOf(body))));
  on('notes', (body) => {
    const { count, to } = unpack(body) as { readonly count: number; readonly to: string };
    void publishAll(connection, to, 0, count);
  });
  await connection.flush();
  beSecond(() => connection.close());
}

function noteOf(body: Uint8Array): Note {
  return unpack(body) as Note;
}

async function publishAll(connection: NatsConnection, subject: string, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n += 1) {
    connection.publish(subject, pack({ n, text: TEXT }));
    if (n % FLUSH_EVERY === FLUSH_EVERY - 1) await connection.flush();
  }
}

const casting: Prepare = between(async (connection) => async ({ messages = 0 }) => {
  const startMs = performance.now();
  await publishAll(connection, 'note', 0, messages);
  // It comes after the notes, by the same two connections.
  const reply = await connection.request('take', NOTHING, PATIENT);
  const ms = performance.now() - startMs;
  return { ms, operations: countOf(unpack(reply.data) as Totals, messages) };
});

const calling: Prepare = between(async (connection) => async ({ calls = 0, depth = 1 }) => {
  const log = new LatencyLog(calls);
  let next = 0;
  let sum = 0;
  const caller = async (): Promise<void> => {
    while (next < calls) {
      const n = next++;
      const startMs = performance.now();
      const reply = await connection.request('echo', pack({ n, text: TEXT }), PATIENT);
      log.add(performance.now() - startMs);
      sum += unpack(reply.data) as number;
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: depth }, caller));
  const ms = performance.now() - startMs;
  return { ms, operations: countOf({ count: log.count, sum }, calls), ...latencies(log) };
});

const streaming: Prepare = between(async (connection) => async ({ items = 0 }) => {
  const to = 'items';
  const subscription = connection.subscribe(to, { max: items });
  await connection.flush();
  const startMs = performance.now();
  connection.publish('notes', pack({ count: items, to }));
  const totals = { count: 0, sum: 0 };
  for await (const { data } of subscription) {
    totals.count += 1;
    totals.sum += noteOf(data).n;
  }
  return { ms: performance.now() - startMs, operations: countOf(totals, items) };
});

const pinging: Prepare = between(async (connection) => {
  let totals = { count: 0, sum: 0 };
  let whenAll: { readonly wanted: number; readonly tell: () => void } | undefined;
  connection.subscribe('pong', {
    callback: (error, message) => {
      if (error !== null) throw error;
      totals.count += 1;
      totals.sum += noteOf(message.data).n;
      if (totals.count === whenAll?.wanted) whenAll.tell();
    },
  });
  await connection.flush();
  return async ({ pings = 0 }) => {
    totals = { count: 0, sum: 0 };
    const all = new Promise<void>((tell) => (whenAll = { wanted: pings, tell }));
    const startMs = performance.now();
    await publishAll(connection, 'ping', 0, pings);
    await all;
    return { ms: performance.now() - startMs, operations: 2 * countOf(totals, pings) };
  };
});

/** How many arrived. @throws Error when the numbers from 0 have not arrived once each. */
function countOf({ count, sum }: Totals, messages: number): number {
  if (sum === (messages * (messages - 1)) / 2) return count;
  throw new Error(`${count} of ${messages} arrived, with a wrong sum`);
}

const works = { cast: casting, call: calling, stream: streaming, 'ping-pong': pinging };
const [role, url = ''] = process.argv.slice(2);
if (role === FAR) void far(url);
else serve(import.meta.filename, works);
