/**
 * Skynet (github.com/atemerev/skynet): an actor starts ten, each of these ten, and so on down to the leaves; a leaf gives
 * its number to its parent, every other actor the sum of its children, and each ends with that.
 */
import { type ActorContext, castFace, defineActor, type ReplyToken } from '#runtime';
import { serve } from '../../harness/program.js';
import { eventually } from './settle.js';
import { PATIENCE, play } from './stage.js';

const FAN_OUT = 10;

/** What a part of the tree adds up to, and the actors that it had. */
interface Part {
  readonly sum: number;
  readonly actors: number;
}
const parentFace = castFace<{ readonly part: Part }>();

interface Node {
  readonly first: number;
  readonly leaves: number;
  missing: number;
  sum: number;
  actors: number;
}

const node = defineActor({
  name: 'bench.skynet-node',
  init: ({ first, leaves }: { readonly first: number; readonly leaves: number }): Node => ({
    first,
    leaves,
    missing: FAN_OUT,
    sum: 0,
    actors: 1,
  }),
  casts: {
    start: async ({ first, leaves }, _: undefined, ctx): Promise<void> => {
      if (leaves === 1) {
        finish(ctx, { sum: first, actors: 1 });
        return;
      }
      const share = leaves / FAN_OUT;
      const starting = Array.from({ length: FAN_OUT }, (__, index) =>
        ctx.spawn(node, { first: first + index * share, leaves: share }, { restart: 'temporary' }),
      );
      for (const child of await Promise.all(starting)) child.cast('start');
    },
    part: (state, { sum, actors }: Part, ctx): void => {
      state.sum += sum;
      state.actors += actors;
      state.missing -= 1;
      if (state.missing === 0) finish(ctx, state);
    },
  },
});

function finish(ctx: ActorContext<unknown, Node>, { sum, actors }: Part): void {
  if (ctx.parent !== undefined) ctx.ref(parentFace, ctx.parent).cast('part', { sum, actors });
  ctx.stop();
}

const root = defineActor({
  name: 'bench.skynet',
  init: () => ({ waiting: undefined as ReplyToken<Part> | undefined }),
  calls: {
    grow: async (state, leaves: number, ctx): Promise<ReplyToken<Part>> => {
      state.waiting = ctx.defer<Part>();
      const child = await ctx.spawn(node, { first: 0, leaves }, { restart: 'temporary' });
      child.cast('start');
      return state.waiting;
    },
  },
  casts: {
    part: (state, part: Part, ctx) => {
      if (state.waiting !== undefined) ctx.reply(state.waiting, part);
    },
  },
});

const skynet = play([root, node], async (system, { leaves = 0 }) => {
  const top = await system.spawn(root, undefined);
  const { length: atRest } = await system.list();
  return {
    once: async () => {
      const { sum, actors } = await top.call('grow', leaves, PATIENCE);
      if (sum !== (leaves * (leaves - 1)) / 2) throw new Error(`the leaves add up to ${sum}`);
      return actors;
    },
    settled: () => eventually(async () => (await system.list()).length === atRest),
  };
});

serve(import.meta.filename, { skynet });
