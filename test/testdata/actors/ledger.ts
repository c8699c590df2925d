/** Actors that persist, for the scenarios of persistence; a module, so that executors in threads can load it too. */
import { appendFileSync } from 'node:fs';
import { defineActor } from '#runtime';
import { z } from 'zod';

const tallyEvents = z.discriminatedUnion('type', [
  z.object({ type: z.literal('added'), amount: z.number() }),
  z.object({ type: z.literal('noted'), text: z.string() }),
]);

/** Counts; each command may carry an id. */
export const tally = defineActor({
  name: 'tally',
  init: (_args: { readonly key: string }) => ({ count: 0, applied: 0, notes: [] as string[] }),
  persistence: {
    key: (args) => args.key,
    events: tallyEvents,
    snapshotEvery: 10,
    apply: (state, event) => {
      state.applied += 1;
      if (event.type === 'added') state.count += event.amount;
      else state.notes.push(event.text);
    },
  },
  calls: {
    add: async (state, { amount, id }: { readonly amount: number; readonly id?: string }, ctx): Promise<number> => {
      await ctx.persist({ type: 'added', amount }, id === undefined ? {} : { id });
      return state.count;
    },
    /** Answers without waiting for what it persists. */
    hasty: (state, { amount }: { readonly amount: number }, ctx): number => {
      void ctx.persist({ type: 'added', amount });
      return state.count;
    },
    /** Persists what no schema or codec takes. */
    bad: async (_state, event: unknown, ctx) => {
      await ctx.persist(event as { type: 'noted'; text: string });
    },
    get: (state) => ({ ...state }),
    erase: (_state, _message: undefined, ctx) => ctx.erase(),
    executor: (_state, _message: undefined, ctx) => ctx.executor,
  },
  casts: {
    crash: (): never => {
      throw new Error('asked to crash');
    },
    /** Ends the thread at once. */
    exit: (): void => {
      process.exit(3);
    },
    /** Ends the thread by filling its heap. */
    hoard: (): void => {
      const hoarded: number[][] = [];
      for (;;) hoarded.push(Array.from({ length: 1_000_000 }, (_, index) => index * 1.5));
    },
  },
});

/** Keeps every event and makes no snapshots, so that each life replays all of them. */
export const logbook = defineActor({
  name: 'logbook',
  init: (_args: { readonly key: string }) => ({ entries: 0, sum: 0 }),
  persistence: {
    key: (args) => args.key,
    snapshotEvery: 0,
    apply: (state, event: number) => {
      state.entries += 1;
      state.sum = (state.sum * 31 + event) % 1_000_003;
    },
  },
  calls: {
    /** Writes so many entries, the numbers from 1. */
    fill: async (state, { entries, batch }: { readonly entries: number; readonly batch: number }, ctx) => {
      for (let done = 0; done < entries; done += batch)
        await ctx.persist(Array.from({ length: batch }, (_, index) => done + index + 1));
      return { ...state };
    },
    get: (state) => ({ ...state }),
  },
});

/** Saves its whole state. */
export const draft = defineActor({
  name: 'draft',
  init: (_args: { readonly key: string }) => ({ text: '', revision: 0 }),
  durable: { key: (args) => args.key },
  calls: {
    write: async (state, text: string, ctx): Promise<number> => {
      state.text = text;
      state.revision += 1;
      await ctx.save();
      return state.revision;
    },
    scribble: (state, text: string): void => {
      state.text = text;
    },
    get: (state) => ({ ...state }),
  },
  casts: {
    crash: (): never => {
      throw new Error('asked to crash');
    },
  },
});

/** Sets durable timers and writes what they tell into a file, one line each. */
export const alarm = defineActor({
  name: 'alarm',
  init: (args: { readonly key: string; readonly file: string }) => ({ file: args.file, rings: 0, failures: 0 }),
  persistence: {
    key: (args) => args.key,
    snapshotEvery: 0,
    apply: (state, _event: { readonly rang: string }) => {
      state.rings += 1;
    },
  },
  calls: {
    set: (_state, { delayMs, key }: { readonly delayMs: number; readonly key: string }, ctx) =>
      ctx.afterDurable(delayMs, key),
    repeat: (_state, { periodMs, key }: { readonly periodMs: number; readonly key: string }, ctx) =>
      ctx.everyDurable(periodMs, key),
    cancel: (_state, key: string, ctx) => ctx.cancelDurable(key),
    /** Lets the handler of the next timers fail so many times. */
    fail: (state, times: number): void => {
      state.failures = times;
    },
    rings: (state) => state.rings,
  },
  casts: {
    crash: (): never => {
      throw new Error('asked to crash');
    },
    exit: (): void => {
      process.exit(3);
    },
  },
  info: async (state, info, ctx) => {
    if (info.type !== 'timer') return;
    appendFileSync(state.file, `${info.key}@${info.dueMs ?? 'none'}\n`);
    if (state.failures > 0) {
      state.failures -= 1;
      throw new Error('the handler of a timer failed');
    }
    await ctx.persist({ rang: info.key }, { id: `${info.key}@${info.dueMs ?? 0}` });
  },
});
