/** Actors that join groups, subscribe and route, for scenarios over several threads. */
import { type ActorAddress, defineActor, type Info } from '#runtime';

/** Joins what it is told to in each life, and keeps what it gets. */
export const member = defineActor({
  name: 'member',
  init: async (args: { readonly groups?: readonly string[]; readonly patterns?: readonly string[] }, ctx) => {
    for (const group of args.groups ?? []) await ctx.groups.join(group);
    for (const pattern of args.patterns ?? []) await ctx.subscribe(pattern, { cast: 'note' });
    return { notes: [] as unknown[], infos: [] as Info[] };
  },
  calls: {
    notes: (state) => [...state.notes],
    infos: (state) => [...state.infos],
    executor: (_state, _message: undefined, ctx) => ctx.executor,
    who: (_state, _message: undefined, ctx) => ctx.self,
    hang: () => new Promise<never>(() => {}),
    slow: (_state, delayMs: number) => new Promise<number>((resolve) => setTimeout(() => resolve(delayMs), delayMs)),
    join: (_state, group: string, ctx) => ctx.groups.join(group),
    leave: (_state, group: string, ctx) => ctx.groups.leave(group),
    monitor: (_state, group: string, ctx) => ctx.groups.monitor(group),
    subscribe: (_state, message: { readonly pattern: string; readonly cast?: string }, ctx) =>
      ctx.subscribe(message.pattern, message.cast === undefined ? {} : { cast: message.cast }),
    unsubscribe: (_state, pattern: string, ctx) => ctx.unsubscribe(pattern),
    die: () => {
      setImmediate(() => {
        throw new Error('thread killed');
      });
      return new Promise<never>(() => {});
    },
  },
  casts: {
    note: (state, message: unknown) => void state.notes.push(message),
    /** Keeps the thread busy. */
    chew: (state, forMs: number) => {
      const end = performance.now() + forMs;
      while (performance.now() < end);
      state.notes.push(forMs);
    },
    publish: (_state, message: { readonly topic: string; readonly from: number; readonly to: number }, ctx) => {
      for (let n = message.from; n < message.to; n += 1) ctx.publish(message.topic, n);
    },
    crash: (): never => {
      throw new Error('boom');
    },
  },
  info: (state, info) => void state.infos.push(info),
});

/** Sends numbers through a router of its own. */
export const dispatcher = defineActor({
  name: 'dispatcher',
  init: async (args: { readonly group: string; readonly strategy: 'round-robin' | 'least-mailbox' }, ctx) => ({
    router: await ctx.router(member, { group: args.group }, { strategy: args.strategy }),
  }),
  calls: {
    routees: (state): readonly ActorAddress[] => state.router.routees,
    note: (state, count: number) => {
      for (let n = 0; n < count; n += 1) state.router.cast('note', n);
    },
    chew: async (state, message: { readonly count: number; readonly forMs: number }) => {
      for (let n = 0; n < message.count; n += 1) {
        state.router.cast('chew', message.forMs);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  },
});
