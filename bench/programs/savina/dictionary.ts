/**
 * Savina's concurrent dictionary: workers read and write a table that one actor owns, one request of each at a time. What
 * is written under a key can be told from other values, so that a worker sees a wrong answer.
 */
import { type ActorAddress, type ActorRef, castFace, defineActor } from '#runtime';
import { serve } from '../../harness/program.js';
import { below, nextOf, seedOf } from './chance.js';
import { latch, PATIENCE, play } from './stage.js';

/** Bits of a key. The table is full from the start, as Savina's is. */
const KEY_BITS = 19;
const KEYS = 2 ** KEY_BITS;

interface Read {
  readonly key: number;
  readonly from: ActorAddress;
}
interface Write extends Read {
  readonly value: number;
}

const workerFace = castFace<{ readonly result: number }>();

const dictionary = defineActor({
  name: 'bench.dictionary',
  init: () => ({ table: new Map(Array.from({ length: KEYS }, (_, key) => [key, key])) }),
  casts: {
    read: (state, { key, from }: Read, ctx) => {
      ctx.ref(workerFace, from).cast('result', state.table.get(key) ?? Number.NaN);
    },
    write: (state, { key, value, from }: Write, ctx) => {
      state.table.set(key, value);
      ctx.ref(workerFace, from).cast('result', value);
    },
  },
});

interface Worker {
  readonly index: number;
  readonly messages: number;
  readonly writePercent: number;
  readonly self: ActorAddress;
  readonly dictionary: ActorRef<typeof dictionary>;
  readonly latch: ActorRef<typeof latch>;
  chance: number;
  key: number;
  answered: number;
}

interface WorkerArgs extends Pick<Worker, 'index' | 'messages' | 'writePercent'> {
  readonly dictionary: ActorAddress;
  readonly latch: ActorAddress;
}

const worker = defineActor({
  name: 'bench.dictionary-worker',
  init: (args: WorkerArgs, ctx): Worker => ({
    ...args,
    self: ctx.self,
    dictionary: ctx.ref(dictionary, args.dictionary),
    latch: ctx.ref(latch, args.latch),
    chance: 0,
    key: 0,
    answered: 0,
  }),
  casts: {
    start: (state) => {
      state.chance = seedOf(state.index);
      state.answered = 0;
      ask(state);
    },
    result: (state, value: number) => {
      if (value % KEYS !== state.key) throw new Error(`${value} was found under ${state.key}`);
      state.answered += 1;
      if (state.answered < state.messages) ask(state);
      else state.latch.cast('done', state.answered);
    },
  },
});

/** Writes or reads, by chance. */
function ask(state: Worker): void {
  const { self: from, answered } = state;
  state.chance = nextOf(state.chance);
  const writes = below(state.chance, 100) < state.writePercent;
  state.chance = nextOf(state.chance);
  const key = state.chance >>> (32 - KEY_BITS);
  state.key = key;
  if (writes) state.dictionary.cast('write', { key, value: key + KEYS * answered, from });
  else state.dictionary.cast('read', { key, from });
}

const concurrentDictionary = play(
  [dictionary, worker],
  async (system, { actors = 0, messages = 0, writePercent = 0 }) => {
    const end = await system.spawn(latch, undefined);
    const table = await system.spawn(dictionary, undefined);
    const args = { messages, writePercent, dictionary: table.address, latch: end.address };
    const workers = await Promise.all(
      Array.from({ length: actors }, (_, index) => system.spawn(worker, { ...args, index })),
    );
    return {
      once: () => {
        const done = end.call('wait', actors, PATIENCE);
        for (const each of workers) each.cast('start');
        return done;
      },
    };
  },
);

serve(import.meta.filename, { dictionary: concurrentDictionary });
