/**
 * Back-pressure, seen at work. Run it with `node dist/examples/streams.js`.
 *
 * First a stream: its source makes items only as fast as they are read, a window ahead at most. Then casts: a feeder that
 * is far faster than the mill on another executor waits with `drained()` whenever `cast` returns false, so nothing is
 * refused, nothing is lost, and neither side's memory grows.
 *
 * The file is its own module of definitions: each executor imports it, and only the main thread runs `main`.
 */
import { isMainThread } from 'node:worker_threads';
import { type ActorAddress, ActorSystem, defineActor } from '#runtime';

/** Makes numbers on demand, and knows how many it has made. */
export const source = defineActor({
  name: 'source',
  init: () => ({ made: 0 }),
  calls: {
    async *numbers(state) {
      for (;;) {
        state.made += 1;
        yield state.made;
      }
    },
    made: (state) => state.made,
  },
});

/** Takes its time for each grain, and adds up what it ground. */
export const mill = defineActor({
  name: 'mill',
  mailbox: { capacity: 1_000, highWater: 500, lowWater: 250 },
  init: () => ({ ground: 0, sum: 0 }),
  casts: {
    grind: (state, grain: number) => {
      const end = performance.now() + 0.1;
      while (performance.now() < end);
      state.ground += 1;
      state.sum += grain;
    },
  },
  calls: { ground: (state) => ({ ground: state.ground, sum: state.sum }) },
});

/** Casts as fast as it can, and waits when it is told to. */
export const feeder = defineActor({
  name: 'feeder',
  init: () => null,
  calls: {
    feed: async (_state, order: { readonly mill: ActorAddress; readonly grains: number }, ctx) => {
      const to = ctx.ref(mill, order.mill);
      const told = { accepted: 0, wait: 0, refused: 0 };
      for (let grain = 1; grain <= order.grains; grain += 1) {
        const outcome = to.tryCast('grind', grain);
        told[outcome] += 1;
        if (outcome === 'wait') await to.drained();
      }
      // Mail of one sender stays in order, so this answer comes after the last grain.
      return { told, ...(await to.call('ground', undefined, { timeoutMs: 60_000 })) };
    },
  },
});

async function main(): Promise<void> {
  const system = await ActorSystem.create({ node: 'example', executors: 2, modules: [import.meta.url] });

  const numbers = await system.spawn(source, undefined, { executor: 1 });
  let read = 0;
  for await (const item of numbers.call('numbers')) {
    read = item;
    if (read === 1_000) break;
  }
  const made = await numbers.call('made');
  console.log(`stream: read ${read} of an endless stream; its source made ${made - read} more, of a window of 256`);

  const grains = 5_000;
  const to = await system.spawn(mill, undefined, { executor: 2 });
  const from = await system.spawn(feeder, undefined, { executor: 1 });
  const { told, ground, sum } = await from.call('feed', { mill: to.address, grains }, { timeoutMs: 60_000 });
  console.log(`casts: ${grains} sent, told to wait ${told.wait} times, ${told.refused} refused`);
  console.log(`mill: ground ${ground}, sum ${sum === (grains * (grains + 1)) / 2 ? 'right' : 'wrong'}`);

  await system.shutdown();
}

if (isMainThread) {
  // Not awaited here: the executor of this thread imports the file too, and would wait for its end.
  main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
