/** Routees of pools, for scenarios over several threads. */
import { appendFileSync } from 'node:fs';
import { defineActor } from '#runtime';

export const worker = defineActor({
  name: 'worker',
  init: (args: { readonly file?: string }) => ({ ...args, done: 0 }),
  calls: {
    work: async (state, forMs: number, ctx) => {
      await new Promise<void>((resolve) => ctx.clock.after(forMs, resolve));
      state.done += 1;
      return { by: ctx.self, executor: ctx.executor };
    },
    crash: (): never => {
      throw new Error('boom');
    },
    die: () => {
      setImmediate(() => process.exit(3));
      return new Promise<never>(() => {});
    },
  },
  casts: {
    /** Takes its time and writes down that it is done. */
    job: async (state, n: number, ctx) => {
      await new Promise<void>((resolve) => ctx.clock.after(1, resolve));
      if (state.file !== undefined) appendFileSync(state.file, `${n}\n`);
    },
  },
});

/** The same, by reliable casts. */
export const steadyWorker = defineActor({
  name: 'steady-worker',
  init: (args: { readonly file: string }) => args,
  reliable: { window: 4 },
  casts: {
    job: async (state, n: number, ctx) => {
      await new Promise<void>((resolve) => ctx.clock.after(1, resolve));
      appendFileSync(state.file, `${n}\n`);
    },
  },
});
