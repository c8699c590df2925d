/**
 * The peer of `bench/programs/messages.ts` in nact: casts are `dispatch`, calls are `query`. nact holds up no sender: the
 * queue of a slow actor grows.
 */
import { dispatch, query, spawn, start, stop } from 'nact';
import { callAll, expectSum, sumBelow } from '../checks.mjs';
import { serve } from '../serve.mjs';

const TIMEOUT_MS = 120_000;

function spawnSink(system) {
  return spawn(
    system,
    (state, message, { sender }) => {
      switch (message.type) {
        case 'note':
          return { count: state.count + 1, sum: state.sum + message.n };
        case 'reached':
          dispatch(sender, null);
          return state;
        case 'take':
          dispatch(sender, state);
          return { count: 0, sum: 0 };
      }
    },
    'sink',
    { initialState: { count: 0, sum: 0 } },
  );
}

function spawnSource(system, to) {
  return spawn(system, async (state, { count }, { sender }) => {
    for (let n = 0; n < count; n += 1) dispatch(to, { type: 'note', n });
    await query(to, { type: 'reached' }, TIMEOUT_MS);
    dispatch(sender, null);
    return state;
  });
}

async function casts({ senders = 1 }) {
  const system = start();
  const to = spawnSink(system);
  const sources = Array.from({ length: senders }, () => spawnSource(system, to));
  return {
    run: async ({ messages }) => {
      const count = messages / senders;
      const startMs = performance.now();
      await Promise.all(sources.map((source) => query(source, { count }, TIMEOUT_MS)));
      const ms = performance.now() - startMs;
      const taken = await query(to, { type: 'take' }, TIMEOUT_MS);
      expectSum(taken.sum, senders * sumBelow(count));
      return { ms, operations: taken.count };
    },
    stop: async () => stop(system),
  };
}

async function calls({ callers: count = 1 }) {
  const system = start();
  const to = spawn(
    system,
    (state, message, { sender }) => {
      dispatch(sender, message.type === 'add' ? message.n + 1 : state);
      return message.type === 'add' ? state + 1 : 0;
    },
    'server',
    { initialState: 0 },
  );
  const caller = () =>
    spawn(system, async (state, { calls: wanted }, { sender }) => {
      dispatch(sender, await callAll(wanted, (n) => query(to, { type: 'add', n }, TIMEOUT_MS)));
      return state;
    });
  const callers = Array.from({ length: count }, caller);
  return {
    run: async ({ calls: wanted }) => {
      const startMs = performance.now();
      const [latency] = await Promise.all(callers.map((each) => query(each, { calls: wanted / count }, TIMEOUT_MS)));
      const ms = performance.now() - startMs;
      const operations = await query(to, { type: 'take' }, TIMEOUT_MS);
      return { ms, operations, ...(count === 1 ? latency : {}) };
    },
    stop: async () => stop(system),
  };
}

async function bounces({ pairs }) {
  const system = start();
  let over = () => {};
  const player = () =>
    spawn(
      system,
      (state, message, { self, sender }) => {
        switch (message.type) {
          case 'meet':
            return { ...state, partner: message.partner };
          case 'take':
            dispatch(sender, state.count);
            return { ...state, count: 0 };
          case 'ball':
            if (message.left > 0) dispatch(state.partner, { type: 'ball', left: message.left - 1 }, self);
            else over();
            return { ...state, count: state.count + 1 };
        }
      },
      undefined,
      { initialState: { partner: undefined, count: 0 } },
    );
  const first = Array.from({ length: pairs }, player);
  const second = first.map(player);
  first.forEach((each, index) => dispatch(each, { type: 'meet', partner: second[index] }));
  second.forEach((each, index) => dispatch(each, { type: 'meet', partner: first[index] }));
  return {
    run: async ({ bounces: each }) => {
      let open = pairs;
      const done = new Promise((resolve) => {
        over = () => {
          open -= 1;
          if (open === 0) resolve();
        };
      });
      const startMs = performance.now();
      for (const one of first) dispatch(one, { type: 'ball', left: each - 1 });
      await done;
      const ms = performance.now() - startMs;
      const counts = await Promise.all([...first, ...second].map((one) => query(one, { type: 'take' }, TIMEOUT_MS)));
      return { ms, operations: counts.reduce((sum, count) => sum + count, 0) };
    },
    stop: async () => stop(system),
  };
}

await serve('nact', { cast: casts, call: calls, bounce: bounces });
