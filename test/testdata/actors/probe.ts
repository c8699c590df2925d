/** Actors for scenarios over several threads. */
import { appendFileSync } from 'node:fs';
import { type ActorAddress, type ActorContext, defineActor, type Info, type RestartPolicy } from '#runtime';

/** Keeps what it gets, with its sender. */
export const recorder = defineActor({
  name: 'recorder',
  init: () => ({ seen: [] as { readonly from: ActorAddress | undefined; readonly n: number }[] }),
  calls: {
    seen: (state) => [...state.seen],
    count: (state) => state.seen.length,
    bytes: (_state, bytes: Uint8Array) => bytes.length,
  },
  casts: { note: (state, n: number, ctx) => void state.seen.push({ from: ctx.sender, n }) },
});

/** Sends numbers to a recorder, casts and calls mixed, and waits when it is told to. */
export const sender = defineActor({
  name: 'sender',
  init: () => null,
  calls: {
    send: async (_state, message: { readonly to: ActorAddress; readonly count: number }, ctx): Promise<number> => {
      const ref = ctx.ref(recorder, message.to);
      let waits = 0;
      for (let n = 0; n < message.count; n += 1) {
        if (ref.cast('note', n)) continue;
        waits += 1;
        await ref.drained();
      }
      return waits;
    },
    ask: (_state, message: { readonly to: ActorAddress }, ctx): Promise<number> => ctx.ref(recorder, message.to).call('count'),
  },
});

/** Can be made to end its thread in several ways. */
export const fragile = defineActor({
  name: 'fragile',
  init: () => ({ count: 0 }),
  calls: {
    add: (state, amount: number) => (state.count += amount),
    hang: () => new Promise<never>(() => {}),
    /** Ends the thread: by an error outside of any handler, or as if it were done. The call fails with EXECUTOR_DOWN. */
    die: (_state, how: 'error' | 'exit') => {
      setImmediate(() => {
        if (how === 'exit') process.exit(3);
        throw new Error('thread killed');
      });
      return new Promise<never>(() => {});
    },
    executor: (_state, _message: undefined, ctx) => ctx.executor,
    incarnation: (_state, _message: undefined, ctx) => ctx.incarnation,
    async *forever() {
      for (let n = 0; ; n += 1) yield n;
    },
  },
  casts: {
    /** The thread is busy and answers nobody. */
    block: (_state, forMs: number) => {
      const end = performance.now() + forMs;
      while (performance.now() < end);
    },
    crash: (): never => {
      throw new Error('boom');
    },
  },
});

/** Crashes in its first life, before the answer to the call that started it can have been read. */
export const eager = defineActor({
  name: 'eager',
  init: (_args: unknown, ctx) => {
    if (ctx.incarnation === 1) ctx.ref(fragile, ctx.self).cast('crash');
    return null;
  },
  calls: { life: (_state, _message: undefined, ctx) => ctx.incarnation },
  casts: {
    crash: (): never => {
      throw new Error('at once');
    },
  },
});

/** Makes children, watches, and keeps what it is told. */
export const overseer = defineActor({
  name: 'overseer',
  init: () => ({ infos: [] as Info[] }),
  calls: {
    make: async (
      _state,
      message: { readonly executor: number; readonly name?: string; readonly restart?: RestartPolicy },
      ctx,
    ): Promise<ActorAddress> => (await ctx.spawn(fragile, undefined, message)).address,
    makeEager: async (_state, executor: number, ctx): Promise<ActorAddress> =>
      (await ctx.spawn(eager, undefined, { executor })).address,
    watch: (_state, address: ActorAddress, ctx) => ctx.monitor(address),
    infos: (state) => [...state.infos],
  },
  info: (state, info) => void state.infos.push(info),
});

/** Writes a line to a file when it ends. */
export const diarist = defineActor({
  name: 'diarist',
  init: (args: { readonly file: string; readonly line: string; readonly child?: number }, ctx) => withChild(args, ctx),
  terminate: (state) => appendFileSync(state.file, `${state.line}\n`),
});

async function withChild(args: { readonly file: string; readonly line: string; readonly child?: number }, ctx: ActorContext) {
  if (args.child !== undefined) {
    await ctx.spawn(childDiarist, { file: args.file, line: `${args.line}-child` }, { executor: args.child });
  }
  return args;
}

/** The child of a diarist. */
export const childDiarist = defineActor({
  name: 'child-diarist',
  init: (args: { readonly file: string; readonly line: string }) => args,
  terminate: (state) => appendFileSync(state.file, `${state.line}\n`),
});

/** An init that fails, after a while or at once. */
export const doomed = defineActor({
  name: 'doomed',
  init: async (args: { readonly why: string }): Promise<null> => {
    await Promise.resolve();
    throw new Error(args.why);
  },
});
