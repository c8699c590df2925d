/** Savina's fork-join actor creation: starts actors, each of which handles one message, with a little work, and ends. */
import { type ActorAddress, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { eventually } from './settle.js';
import { latch, PATIENCE, play } from './stage.js';

/** Starts that are under way at once. */
const BATCH = 1_000;

const worker = defineActor({
  name: 'bench.short-lived',
  init: (args: { readonly latch: ActorAddress }, ctx) => ({ latch: ctx.ref(latch, args.latch) }),
  casts: {
    work: (state, n: number, ctx) => {
      const sine = Math.sin(37.2 * n);
      if (!(sine * sine >= 0)) throw new Error(`a square is ${sine * sine}`);
      state.latch.cast('done', 1);
      ctx.stop();
    },
  },
});

const creator = defineActor({
  name: 'bench.creator',
  init: (args: { readonly latch: ActorAddress }) => args,
  calls: {
    create: async (args, actors: number, ctx): Promise<void> => {
      for (let made = 0; made < actors; made += BATCH) {
        const starting = Array.from({ length: Math.min(BATCH, actors - made) }, () =>
          ctx.spawn(worker, args, { restart: 'temporary' }),
        );
        for (const [index, each] of (await Promise.all(starting)).entries()) each.cast('work', made + index + 1);
      }
    },
  },
});

const create = play([worker, creator], async (system, { actors = 0 }) => {
  const end = await system.spawn(latch, undefined);
  const maker = await system.spawn(creator, { latch: end.address });
  const { length: atRest } = await system.list();
  return {
    once: async () => {
      const done = end.call('wait', actors, PATIENCE);
      await maker.call('create', actors, PATIENCE);
      return done;
    },
    settled: () => eventually(async () => (await system.list()).length === atRest),
  };
});

serve(import.meta.filename, { create });
