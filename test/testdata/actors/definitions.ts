/**
 * The examples of docs/definitions.md: each region is a block of that page, and a test compiles, runs and compares them
 * (UPDATE_DOCS=1 rewrites the page).
 */
import { z } from 'zod';
import { defineActor, type ReplyToken, SkepError } from '#runtime';

// #region counter
export const counter = defineActor({
  name: 'counter',
  description: 'Counts up, and down as a stream.',
  init: (args: { readonly start: number }) => ({ count: args.start }),
  calls: {
    add: (state, message: { readonly amount: number }) => (state.count += message.amount),
    async *countdown(state, message: { readonly step: number }) {
      for (let count = state.count; count > 0; count -= message.step) yield count;
    },
  },
  casts: {
    reset: (state) => {
      state.count = 0;
    },
  },
});
// #endregion

// #region infos
export const heater = defineActor({
  name: 'heater',
  init: (args: { readonly periodMs: number }, ctx) => {
    ctx.every(args.periodMs, 'measure');
    return { measured: 0, heats: false };
  },
  calls: { measured: (state) => state.measured },
  info: (state, info) => {
    if (info.type === 'timer' && info.key === 'measure') state.measured += 1;
    if (info.type === 'down' || info.type === 'exit') state.heats = false;
  },
  terminate: (state, reason, ctx) => ctx.log.info('heater off', { heats: state.heats, reason: reason.class }),
});
// #endregion

// #region door
interface Locked {
  readonly phase: 'locked';
  readonly code: string;
  wrong: number;
}
interface Open {
  readonly phase: 'open';
  readonly code: string;
}
interface Barred {
  readonly phase: 'barred';
  readonly code: string;
}

export const door = defineActor({
  name: 'door',
  init: (args: { readonly code: string }): Locked | Open | Barred => ({ phase: 'locked', code: args.code, wrong: 0 }),
  phases: {
    locked: {
      calls: {
        unlock: (state, message: { readonly code: string }, ctx): boolean => {
          const { code } = state;
          if (message.code === code) ctx.next({ phase: 'open', code });
          else if ((state.wrong += 1) === 3) ctx.next({ phase: 'barred', code });
          return message.code === code;
        },
      },
      // Who wants to pass waits until the door is open.
      casts: { pass: (_state, _message: { readonly who: string }, ctx) => ctx.postpone() },
    },
    open: {
      enter: (_state, from, ctx) => ctx.log.info('open', { from }),
      casts: { pass: (_state, message: { readonly who: string }, ctx) => ctx.log.info('welcome', message) },
      timeoutMs: 10_000,
      timeouts: { state: ({ code }, ctx) => ctx.next({ phase: 'locked', code, wrong: 0 }) },
    },
    barred: {
      timeoutMs: 60_000,
      timeouts: { state: ({ code }, ctx) => ctx.next({ phase: 'locked', code, wrong: 0 }) },
    },
  },
  calls: { phase: (state) => state.phase },
});
// #endregion

// #region stash
export const library = defineActor({
  name: 'library',
  init: () => ({ books: undefined as readonly string[] | undefined }),
  stash: { capacity: 100 },
  calls: {
    find: (state, title: string, ctx) => {
      // The call is answered when it is handled again, within the deadline that its caller gave it.
      if (state.books === undefined) ctx.stash();
      return state.books?.includes(title) === true;
    },
  },
  casts: {
    loaded: (state, books: readonly string[], ctx) => {
      state.books = books;
      ctx.unstashAll();
    },
  },
});
// #endregion

// #region defer
export const dispenser = defineActor({
  name: 'dispenser',
  init: () => ({ items: [] as string[], waiting: [] as ReplyToken<string>[] }),
  calls: {
    take: (state, _message: undefined, ctx) => {
      const item = state.items.shift();
      if (item !== undefined) return item;
      const token = ctx.defer<string>();
      state.waiting.push(token);
      return token;
    },
  },
  casts: {
    put: (state, item: string, ctx) => {
      // A caller whose deadline has passed does not count: the next one gets the item.
      while (state.waiting.length > 0) {
        const token = state.waiting.shift();
        if (token !== undefined && ctx.reply(token, item)) return;
      }
      state.items.push(item);
    },
    close: (state, _message: undefined, ctx) => {
      for (const token of state.waiting.splice(0)) ctx.fail(token, new SkepError('BAD_USAGE', 'sold out'));
    },
  },
});
// #endregion

// #region versions
export const account = defineActor({
  name: 'account',
  version: 3,
  init: (args: { readonly owner: string }) => ({ owner: args.owner, cents: 0, currency: 'EUR' }),
  calls: { balance: (state) => `${state.cents / 100} ${state.currency}` },
  migrations: {
    // Version 1 kept whole euros, version 2 knew no currency.
    1: (state: { readonly owner: string; readonly euros: number }) => ({
      owner: state.owner,
      cents: state.euros * 100,
    }),
    2: (state: { readonly owner: string; readonly cents: number }) => ({ ...state, currency: 'EUR' }),
  },
});
// #endregion

// #region schemas
export const thermostat = defineActor({
  name: 'thermostat',
  init: (args: { readonly celsius: number }) => ({ celsius: args.celsius }),
  calls: { set: (state, message: { readonly celsius: number }) => (state.celsius = message.celsius) },
  schemas: {
    args: z.object({ celsius: z.number().default(20) }),
    calls: { set: z.object({ celsius: z.number().min(5).max(30).describe('the wanted temperature') }) },
  },
});
// #endregion
