/**
 * The peer of `bench/programs/messages.ts` in Moleculer, on one broker without a transporter: casts are events, calls are
 * actions. An event is awaited, as the documentation has it where a sender must not run ahead of its receivers.
 */
import moleculer from 'moleculer';
import { callAll, expectSum, sumBelow } from '../checks.mjs';
import { serve } from '../serve.mjs';

async function start(schema) {
  const broker = new moleculer.ServiceBroker({ logger: false });
  broker.createService(schema);
  await broker.start();
  return broker;
}

async function casts() {
  let taken = { count: 0, sum: 0 };
  const broker = await start({
    name: 'sink',
    events: {
      // The parameter has to be named so: Moleculer tells by it that the handler takes a context.
      'sink.note'(ctx) {
        taken.count += 1;
        taken.sum += ctx.params.n;
      },
    },
  });
  return {
    run: async ({ messages }) => {
      taken = { count: 0, sum: 0 };
      const startMs = performance.now();
      for (let n = 0; n < messages; n += 1) await broker.emit('sink.note', { n });
      const ms = performance.now() - startMs;
      expectSum(taken.sum, sumBelow(messages));
      return { ms, operations: taken.count };
    },
    stop: () => broker.stop(),
  };
}

async function calls({ callers = 1 }) {
  let count = 0;
  const broker = await start({
    name: 'server',
    actions: {
      add: ({ params }) => {
        count += 1;
        return params.n + 1;
      },
    },
  });
  return {
    run: async ({ calls: wanted }) => {
      count = 0;
      const caller = () => callAll(wanted / callers, (n) => broker.call('server.add', { n }));
      const startMs = performance.now();
      const [latency] = await Promise.all(Array.from({ length: callers }, caller));
      const ms = performance.now() - startMs;
      return { ms, operations: count, ...(callers === 1 ? latency : {}) };
    },
    stop: () => broker.stop(),
  };
}

await serve('moleculer', { cast: casts, call: calls });
