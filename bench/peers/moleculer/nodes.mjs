/**
 * Moleculer over NATS, two nodes in two processes, as its guide sets a broker up, with logging, metrics and tracing off
 * and its usual JSON serializer. A cast is an emitted event, a call an action, a stream one of Node in object mode.
 */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceBroker } from 'moleculer';
import { startNatsServer } from '../nats-server.mjs';
import { beSecond, countOf, latencies, startSecond } from '../second.mjs';
import { serve } from '../serve.mjs';

const FAR = 'far';
const TEXT = 'a small message';
/** Events that are emitted before their sender lets the others work. */
const BATCH = 1_000;

function brokerOf(nodeID, url) {
  return new ServiceBroker({ nodeID, transporter: url, logger: false, requestTimeout: 0 });
}

/** Counts and sums what arrives. */
class Totals {
  count = 0;
  sum = 0;

  add(n) {
    this.count += 1;
    this.sum += n;
  }

  take() {
    const { count, sum } = this;
    this.count = 0;
    this.sum = 0;
    return { count, sum };
  }
}

async function far(url) {
  const broker = brokerOf(FAR, url);
  const totals = new Totals();
  broker.createService({
    name: 'sink',
    actions: {
      take: () => totals.take(),
      echo: ({ params }) => params.n,
      meet: () => broker.waitForServices('ponged'),
      notes: ({ params }) => Readable.from(notes(params.count), { objectMode: true }),
    },
    events: {
      // Moleculer looks at the name of the parameter: any other than `ctx` would get the payload alone.
      note: (ctx) => totals.add(ctx.params.n),
      ping: (ctx) => void broker.emit('pong', ctx.params),
    },
  });
  await broker.start();
  beSecond(() => broker.stop());
}

function* notes(count) {
  for (let n = 0; n < count; n += 1) yield { n, text: TEXT };
}

const between = (make) => async () => {
  const server = await startNatsServer();
  const second = await startSecond(import.meta.filename, [FAR, server.url]);
  const broker = brokerOf('near', server.url);
  const pongs = new Totals();
  broker.createService({ name: 'ponged', events: { pong: (ctx) => pongs.add(ctx.params.n) } });
  await broker.start();
  await broker.waitForServices('sink');
  // And the other way round: events for services that are not known yet reach nobody.
  await broker.call('sink.meet');
  const stop = async () => {
    await broker.stop();
    await second.stop();
    await server.stop();
  };
  return { run: make(broker, pongs), stop };
};

async function emitAll(broker, name, count) {
  for (const note of notes(count)) {
    const sent = broker.emit(name, note);
    if (note.n % BATCH === BATCH - 1) await sent;
  }
}

const cast = between((broker) => async ({ messages }) => {
  const start = performance.now();
  await emitAll(broker, 'note', messages);
  const all = { count: 0, sum: 0 };
  while (all.count < messages) {
    const { count, sum } = await broker.call('sink.take');
    all.count += count;
    all.sum += sum;
  }
  return { ms: performance.now() - start, operations: countOf(all, messages) };
});

const call = between((broker) => async ({ calls, depth = 1 }) => {
  const took = [];
  let next = 0;
  let sum = 0;
  const caller = async () => {
    while (next < calls) {
      const n = next++;
      const startOne = performance.now();
      const reply = await broker.call('sink.echo', { n, text: TEXT });
      took.push(performance.now() - startOne);
      sum += reply;
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: depth }, caller));
  const ms = performance.now() - start;
  return { ms, operations: countOf({ count: took.length, sum }, calls), ...latencies(took) };
});

const stream = between((broker) => async ({ items }) => {
  const totals = new Totals();
  const start = performance.now();
  for await (const { n } of await broker.call('sink.notes', { count: items })) totals.add(n);
  return { ms: performance.now() - start, operations: countOf(totals, items) };
});

const pingPong = between((broker, pongs) => async ({ pings }) => {
  const start = performance.now();
  await emitAll(broker, 'ping', pings);
  while (pongs.count < pings) await sleep(1);
  return { ms: performance.now() - start, operations: 2 * countOf(pongs.take(), pings) };
});

const [role, url] = process.argv.slice(2);
if (role === FAR) await far(url);
else await serve('moleculer', { cast, call, stream, 'ping-pong': pingPong });
