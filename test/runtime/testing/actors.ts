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

const told = castFace<{ readonly tell: { readonly text: string } }>();

/** Answers when it is asked, and tells a messenger beforehand. */
export const source = defineActor({
  name: 'source',
  init: (args: { readonly tell: ActorAddress }) => args,
  calls: {
    ask: (state, _message: undefined, ctx) => {
      ctx.ref(told, state.tell).cast('tell', { text: 'asked' });
      return true;
    },
  },
});

/** Passes on that it was told. */
export const messenger = defineActor({
  name: 'messenger',
  init: (args: { readonly tell: ActorAddress }) => args,
  casts: {
    tell: (state, _message: { readonly text: string }, ctx) =>
      void ctx.ref(told, state.tell).cast('tell', { text: 'messenger' }),
  },
});

/** Asks, and once it has the answer tells of it. */
export const waiter = defineActor({
  name: 'waiter',
  init: (args: { readonly ask: ActorAddress; readonly tell: ActorAddress }) => args,
  casts: {
    go: async (state, _message: undefined, ctx) => {
      await ctx.ref(source, state.ask).call('ask');
      ctx.ref(told, state.tell).cast('tell', { text: 'waiter' });
    },
  },
});
