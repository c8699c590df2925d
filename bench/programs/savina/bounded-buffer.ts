/**
 * Savina's bounded buffer: producers make items, a manager holds a few of them, consumers use them. A producer makes its
 * next item when the manager asks for it, and a consumer gets one when it has said that it is free.
 */
import { type ActorAddress, type ActorRef, castFace, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { latch, PATIENCE, play } from './stage.js';

const producerFace = castFace<{ readonly produce: undefined }>();
const consumerFace = castFace<{ readonly consume: number }>();

interface Manager {
  readonly latch: ActorRef<typeof latch>;
  readonly room: number;
  /** Producers that wait for room. */
  readonly producers: ActorRef<typeof producerFace>[];
  /** Consumers that wait for items. */
  readonly consumers: ActorRef<typeof consumerFace>[];
  readonly items: number[];
  readonly all: { readonly producers: number; readonly consumers: number };
  finished: number;
}

const manager = defineActor({
  name: 'bench.manager',
  init: (
    args: {
      readonly latch: ActorAddress;
      readonly buffer: number;
      readonly producers: number;
      readonly consumers: number;
    },
    ctx,
  ): Manager => ({
    latch: ctx.ref(latch, args.latch),
    // Each producer may have made one more item when it is told to wait.
    room: args.buffer - args.producers,
    producers: [],
    consumers: [],
    items: [],
    all: args,
    finished: 0,
  }),
  casts: {
    item: (state, { item, from }: { readonly item: number; readonly from: ActorAddress }, ctx) => {
      const consumer = state.consumers.shift();
      if (consumer === undefined) state.items.push(item);
      else consumer.cast('consume', item);
      const producer = ctx.ref(producerFace, from);
      if (state.items.length >= state.room) state.producers.push(producer);
      else producer.cast('produce');
    },
    free: (state, from: ActorAddress, ctx) => {
      const consumer = ctx.ref(consumerFace, from);
      const item = state.items.shift();
      if (item === undefined) {
        state.consumers.push(consumer);
        endIfAllRest(state);
      } else {
        consumer.cast('consume', item);
        state.producers.shift()?.cast('produce');
      }
    },
    finished: (state) => {
      state.finished += 1;
      endIfAllRest(state);
    },
  },
});

function endIfAllRest(state: Manager): void {
  if (state.finished < state.all.producers || state.consumers.length < state.all.consumers) return;
  state.finished = 0;
  state.latch.cast('done', 0);
}

const producer = defineActor({
  name: 'bench.item-producer',
  init: (args: { readonly manager: ActorAddress; readonly items: number }, ctx) => ({
    manager: ctx.ref(manager, args.manager),
    items: args.items,
    made: 0,
  }),
  casts: {
    produce: (state, _: undefined, ctx) => {
      if (state.made === state.items) {
        state.made = 0;
        state.manager.cast('finished');
        return;
      }
      state.made += 1;
      state.manager.cast('item', { item: state.made, from: ctx.self });
    },
  },
});

const consumer = defineActor({
  name: 'bench.item-consumer',
  init: (args: { readonly manager: ActorAddress }, ctx) => ({
    manager: ctx.ref(manager, args.manager),
    used: 0,
    sum: 0,
  }),
  calls: {
    /** What was consumed. */
    take: (state) => {
      const { used, sum } = state;
      state.used = 0;
      state.sum = 0;
      return { used, sum };
    },
  },
  casts: {
    start: (state, _: undefined, ctx) => {
      state.manager.cast('free', ctx.self);
    },
    consume: (state, item: number, ctx) => {
      state.used += 1;
      state.sum += item;
      state.manager.cast('free', ctx.self);
    },
  },
});

const boundedBuffer = play(
  [manager, producer, consumer],
  async (system, { buffer = 0, producers = 0, consumers = 0, items = 0 }) => {
    const end = await system.spawn(latch, undefined);
    const middle = await system.spawn(manager, { latch: end.address, buffer, producers, consumers });
    const args = { manager: middle.address };
    const makers = await Promise.all(
      Array.from({ length: producers }, () => system.spawn(producer, { ...args, items })),
    );
    const users = await Promise.all(Array.from({ length: consumers }, () => system.spawn(consumer, args)));
    // Once: between runs the consumers stay in the queue of the manager.
    for (const each of users) each.cast('start');
    return {
      once: async () => {
        const done = end.call('wait', 1, PATIENCE);
        for (const each of makers) each.cast('produce');
        await done;
        const taken = await Promise.all(users.map((each) => each.call('take', undefined, PATIENCE)));
        const sum = taken.reduce((total, each) => total + each.sum, 0);
        const made = (producers * items * (items + 1)) / 2;
        if (sum !== made) throw new Error(`items of ${made} were made and of ${sum} were used`);
        return taken.reduce((total, each) => total + each.used, 0);
      },
    };
  },
);

serve(import.meta.filename, { 'bounded-buffer': boundedBuffer });
