/** Actors for the tests of the testkit. */
import { castFace, defineActor } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';

/** A number that is added to. */
export const counter = defineActor({
  name: 'counter',
  init: (args: { readonly start: number }) => ({ count: args.start }),
  calls: {
    add: (state, message: { readonly by: number }) => (state.count += message.by),
    get: (state) => state.count,
    async *upTo(state) {
      for (let i = 1; i <= state.count; i += 1) yield i;
    },
  },
  casts: {
    inc: (state) => {
      state.count += 1;
    },
    fail: () => {
      throw new Error('asked to fail');
    },
  },
});

/** Passes on what it is told, and keeps what it got in order. */
export const relay = defineActor({
  name: 'relay',
  init: (args: { readonly to?: ActorAddress }) => ({ to: args.to, got: [] as string[] }),
  calls: {
    got: (state) => [...state.got],
    late: async (_state, message: { readonly delayMs: number }, ctx) => {
      await new Promise<void>((resolve) => ctx.clock.after(message.delayMs, resolve));
      return ctx.clock.now();
    },
  },
  casts: {
    tell: (state, message: { readonly text: string }, ctx) => {
      state.got.push(message.text);
      if (state.to !== undefined) ctx.ref(relay, state.to).cast('tell', { text: `${message.text}'` });
    },
  },
});

/** Counts its ticks, one every `periodMs`. */
export const ticker = defineActor({
  name: 'ticker',
  init: (args: { readonly periodMs: number }, ctx) => {
    ctx.every(args.periodMs, 'tick');
    return { ticks: 0 };
  },
  calls: { ticks: (state) => state.ticks },
  info: (state, info) => {
    if (info.type === 'timer') state.ticks += 1;
  },
});

/** Sends itself the same message for ever. */
export const spinner = defineActor({
  name: 'spinner',
  init: () => ({}),
  casts: {
    spin: (_state, _message: undefined, ctx) => {
      ctx.ref(circle, ctx.self).cast('spin');
    },
  },
});

/** What the spinner knows of itself. */
const circle = castFace<{ readonly spin: undefined }>();
