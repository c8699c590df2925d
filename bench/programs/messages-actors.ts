/** The actors of `messages.ts`, in a module of their own because executors in threads load it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ActorAddress, type ActorRef, defineActor, type ReplyToken } from '#runtime';
import { type Latency, latencyOf } from '../harness/latency.js';

/** A small message; on one thread without the text, which the peers there do not copy either. */
interface Note {
  readonly n: number;
  readonly text?: string;
}

/** Counts what it gets. */
export const sink = defineActor({
  name: 'bench.sink',
  init: () => ({ count: 0, sum: 0 }),
  casts: {
    note: (state, { n }: Note) => {
      state.count += 1;
      state.sum += n;
    },
  },
  calls: {
    /** Answered behind all casts that its sender sent before. */
    reached: () => null,
    take: (state) => {
      const taken = { ...state };
      state.count = 0;
      state.sum = 0;
      return taken;
    },
  },
});

/** Gives its thread back between messages, and is never done with what it is sent. */
export const slowSink = defineActor({
  name: 'bench.slow-sink',
  init: () => null,
  casts: { note: (_state, _message: Note): Promise<void> => sleep(1) },
});

/** Sends casts and waits when it is told to. With `slow` it casts there too, one for ten, and never waits for that. */
export const source = defineActor({
  name: 'bench.source',
  init: () => null,
  calls: {
    flood: async (
      _state,
      message: {
        readonly to: ActorAddress;
        readonly count: number;
        readonly text?: string;
        readonly slow?: ActorAddress;
      },
      ctx,
    ): Promise<void> => {
      const to = ctx.ref(sink, message.to);
      const slow = message.slow === undefined ? undefined : ctx.ref(slowSink, message.slow);
      const { count, text } = message;
      for (let n = 0; n < count; n += 1) {
        const note: Note = text === undefined ? { n } : { n, text };
        if (slow !== undefined && n % 10 === 0) slow.cast('note', note);
        if (!to.cast('note', note)) await to.drained();
      }
      await to.call('reached', undefined, ENDLESS);
    },
  },
});

/** Answers. */
export const server = defineActor({
  name: 'bench.server',
  init: () => ({ count: 0 }),
  calls: {
    add: (state, { n }: { readonly n: number }): number => {
      state.count += 1;
      return n + 1;
    },
    take: (state): number => {
      const { count } = state;
      state.count = 0;
      return count;
    },
  },
});

/** Calls, each time when the last call was answered. */
export const caller = defineActor({
  name: 'bench.caller',
  init: () => null,
  calls: {
    run: async (_state, message: { readonly to: ActorAddress; readonly count: number }, ctx): Promise<Latency> => {
      const to = ctx.ref(server, message.to);
      const times = new Float64Array(message.count);
      let beforeMs = performance.now();
      for (let n = 0; n < message.count; n += 1) {
        if ((await to.call('add', { n })) !== n + 1) throw new Error(`a wrong answer to call ${n}`);
        const afterMs = performance.now();
        times[n] = afterMs - beforeMs;
        beforeMs = afterMs;
      }
      return latencyOf(times);
    },
  },
});

interface PlayerState {
  partner: ActorRef<typeof player> | undefined;
  count: number;
}

/** Bounces balls to its partner. */
export const player = defineActor({
  name: 'bench.player',
  init: (): PlayerState => ({ partner: undefined, count: 0 }),
  casts: {
    ball: (state, { left, referee: whom }: { readonly left: number; readonly referee: ActorAddress }, ctx): void => {
      state.count += 1;
      if (left > 0) state.partner?.cast('ball', { left: left - 1, referee: whom });
      else ctx.ref(referee, whom).cast('over');
    },
  },
  calls: {
    meet: (state, { partner }: { readonly partner: ActorAddress }, ctx): void => {
      state.partner = ctx.ref(player, partner);
    },
    take: (state): number => {
      const { count } = state;
      state.count = 0;
      return count;
    },
  },
});

interface RefereeState {
  open: number;
  token: ReplyToken<null> | undefined;
}

/** Serves a ball to each of these players, and answers when all of them have come to rest. */
export const referee = defineActor({
  name: 'bench.referee',
  init: (): RefereeState => ({ open: 0, token: undefined }),
  calls: {
    play: (state, message: { readonly players: readonly ActorAddress[]; readonly bounces: number }, ctx) => {
      state.open = message.players.length;
      state.token = ctx.defer<null>();
      for (const address of message.players)
        ctx.ref(player, address).cast('ball', { left: message.bounces - 1, referee: ctx.self });
      return state.token;
    },
  },
  casts: {
    over: (state, _message: undefined, ctx): void => {
      state.open -= 1;
      if (state.open === 0 && state.token !== undefined) ctx.reply(state.token, null);
    },
  },
});

/** Gives values as a stream. */
export const producer = defineActor({
  name: 'bench.producer',
  init: () => null,
  calls: {
    async *values(_state, { count }: { readonly count: number }) {
      for (let n = 0; n < count; n += 1) yield n;
    },
  },
});

/** Reads a stream to its end. */
export const consumer = defineActor({
  name: 'bench.consumer',
  init: () => null,
  calls: {
    read: async (_state, message: { readonly from: ActorAddress; readonly count: number }, ctx) => {
      const read = { count: 0, sum: 0 };
      for await (const n of ctx.ref(producer, message.from).call('values', { count: message.count }, ENDLESS)) {
        read.count += 1;
        read.sum += n;
      }
      return read;
    },
  },
});

/** For calls that last as long as a run. */
export const ENDLESS = { timeoutMs: Number.POSITIVE_INFINITY };
