/** The actors of the questions about two nodes; a module, because the executors of both load it. */
import { type ActorAddress, defineActor } from '#runtime';
import { latencies, type Latencies, LatencyLog } from './latency.js';

/** A small message: a number that is summed up where it arrives, and some text. */
export interface Note {
  readonly n: number;
  readonly text: string;
}

export const TEXT = 'a small message';
/** Nothing here may end by a deadline: a run that hangs is ended by the harness. */
const PATIENT = { timeoutMs: Number.POSITIVE_INFINITY };

/** What has arrived. */
export interface Totals {
  readonly count: number;
  readonly sum: number;
}

/** On the far node: counts and sums what it gets, answers, and is read from. */
export const sink = defineActor({
  name: 'bench.nodes.sink',
  init: () => ({ count: 0, sum: 0 }),
  casts: {
    note: (state, { n }: Note) => {
      state.count += 1;
      state.sum += n;
    },
  },
  calls: {
    /** What has arrived since it was asked last. */
    take: (state): Totals => {
      const totals = { ...state };
      state.count = 0;
      state.sum = 0;
      return totals;
    },
    echo: (_state, { n }: Note) => n,
    notes: async function* (_state, { count }: { readonly count: number }): AsyncGenerator<Note> {
      for (let n = 0; n < count; n += 1) yield { n, text: TEXT };
    },
  },
});

/** On the near node: sends, calls and reads as it is told to, and says how long it took. */
export const source = defineActor({
  name: 'bench.nodes.source',
  init: () => null,
  calls: {
    /** Casts and waits where it is told to; ends when all of it was handled, because a call comes after casts before it. */
    cast: async (_state, { to, from, count }: Casting, ctx): Promise<void> => {
      const there = ctx.ref(sink, to);
      for (let n = from; n < from + count; n += 1) {
        if (!there.cast('note', { n, text: TEXT })) await there.drained();
      }
      await there.call('echo', { n: 0, text: TEXT }, PATIENT);
    },
    call: async (_state, { to, count, depth }: Calling, ctx): Promise<Called> => {
      const there = ctx.ref(sink, to);
      const log = new LatencyLog(count);
      let next = 0;
      let sum = 0;
      const caller = async (): Promise<void> => {
        while (next < count) {
          const n = next++;
          const startMs = performance.now();
          const reply = await there.call('echo', { n, text: TEXT }, PATIENT);
          sum += reply;
          log.add(performance.now() - startMs);
        }
      };
      await Promise.all(Array.from({ length: depth }, caller));
      return { count: log.count, sum, latencies: latencies(log) };
    },
    read: async (_state, { to, count }: Pick<Calling, 'to' | 'count'>, ctx): Promise<Totals> => {
      const totals = { count: 0, sum: 0 };
      for await (const { n } of ctx.ref(sink, to).call('notes', { count }, PATIENT)) {
        totals.count += 1;
        totals.sum += n;
      }
      return totals;
    },
    /** The sending half of the ping-pong: pongs go to an actor beside it. */
    ping: async (_state, { to, count }: Pick<Calling, 'to' | 'count'>, ctx): Promise<void> => {
      const there = ctx.ref(ponger, to);
      for (let n = 0; n < count; n += 1) {
        if (!there.cast('ping', { n, text: TEXT })) await there.drained();
      }
    },
  },
});

interface Casting {
  readonly to: ActorAddress;
  /** The first number. */
  readonly from: number;
  readonly count: number;
}

interface Calling {
  readonly to: ActorAddress;
  readonly count: number;
  /** Calls in flight at once. */
  readonly depth: number;
}

interface Called extends Totals {
  readonly latencies: Latencies;
}

/** On the far node: answers each ping with a pong to whoever was named at the start. */
export const ponger = defineActor({
  name: 'bench.nodes.ponger',
  init: () => ({ sender: undefined as ActorAddress | undefined }),
  calls: {
    start: (state, { sender }: { readonly sender: ActorAddress }) => void (state.sender = sender),
  },
  casts: {
    ping: (state, note: Note, ctx): void | Promise<void> => {
      if (state.sender === undefined) throw new Error('a ping came before the start');
      const there = ctx.ref(ponged, state.sender);
      if (!there.cast('pong', note)) return there.drained();
    },
  },
});

/** On the near node: counts pongs, and answers once all are there. */
export const ponged = defineActor({
  name: 'bench.nodes.ponged',
  init: () => ({ count: 0, sum: 0, wanted: 0, waiting: undefined as (() => void) | undefined }),
  casts: {
    pong: (state, { n }: Note) => {
      state.count += 1;
      state.sum += n;
      if (state.count === state.wanted) state.waiting?.();
    },
  },
  calls: {
    /** Begins again, and is answered with what came once so many pongs have come. */
    expect: (state, { count }: { readonly count: number }, ctx) => {
      Object.assign(state, { count: 0, sum: 0, wanted: count });
      const token = ctx.defer<Totals>();
      state.waiting = () => void ctx.reply(token, { count: state.count, sum: state.sum });
      return token;
    },
  },
});
