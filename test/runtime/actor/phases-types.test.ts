/**
 * What a definition with phases infers, held by the compiler: each `@ts-expect-error` line fails the build when the line
 * under it begins to compile. What is left runs as well.
 */
import { type ActorRef, defineActor } from '#runtime';
import t from 'tap';
import { z } from 'zod';
import { inlineSystem } from '../support.js';

interface Locked {
  readonly phase: 'locked';
  readonly code: string;
  tries: number;
}
interface Open {
  readonly phase: 'open';
  readonly code: string;
}

const door = defineActor({
  name: 'door',
  init: (args: { readonly code: string }): Locked | Open => ({ phase: 'locked', code: args.code, tries: 0 }),
  phases: {
    locked: {
      calls: {
        unlock: (state, message: { readonly code: string }, ctx) => {
          state.tries += 1;
          if (message.code === state.code) ctx.next({ phase: 'open', code: state.code });
          return state.tries;
        },
        knock: (state) => `nobody opens, for the ${state.tries}. time`,
      },
    },
    open: {
      calls: {
        knock: () => ({ welcome: true }),
        async *visitors(_state, message: { readonly count: number }) {
          for (let n = 0; n < message.count; n += 1) yield n;
        },
        later: (_state, _message: undefined, ctx) => ctx.defer<boolean>(),
      },
      casts: { close: (state, _message: { readonly hard: boolean }, ctx) => ctx.next({ ...locked, code: state.code }) },
    },
  },
  calls: { which: (state) => state.phase },
  casts: { reset: (state, _message: undefined, ctx) => ctx.next({ ...locked, code: state.code }) },
  schemas: {
    args: z.object({ code: z.string() }),
    calls: { unlock: z.object({ code: z.string() }), which: z.null() },
    casts: { close: z.object({ hard: z.boolean().default(false) }) },
  },
});

const locked = { phase: 'locked', code: '', tries: 0 } as const;
const init = (): Locked | Open => ({ ...locked });

/** Whether two types are the same; `true` compiles only when they are. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(value: T): T => value;

/** Never called: only its types matter. */
export function mistakesOfCallers(ref: ActorRef<typeof door>): void {
  // @ts-expect-error -- no phase has such a call
  void ref.call('paint');
  // @ts-expect-error -- the message is of another type, and no other phase changes that
  void ref.call('unlock', { code: 7 });
  // @ts-expect-error -- the message is missing
  void ref.call('unlock');
  // @ts-expect-error -- the message of a cast is of another type
  ref.cast('close', { hard: 'very' });
  // @ts-expect-error -- a common cast takes no message
  ref.cast('reset', { now: true });
}

/** Never called: only its types matter. */
export function mistakesOfDefinitions(): void {
  // @ts-expect-error -- a phase of the state has no entry
  defineActor({ name: 'x', init, phases: { locked: {} } });
  // @ts-expect-error -- the state has no such phase
  defineActor({ name: 'x', init, phases: { locked: {}, open: {}, ajar: {} } });
  // @ts-expect-error -- the state of a phase is narrowed to it
  defineActor({ name: 'x', init, phases: { locked: {}, open: { calls: { tries: (state) => state.tries } } } });
  defineActor({
    name: 'x',
    init,
    phases: {
      // @ts-expect-error -- handlers of one name take one message
      locked: { calls: { turn: (_state, message: { readonly by: number }) => message.by } },
      // @ts-expect-error -- as above
      open: { calls: { turn: (_state, message: { readonly by: string }) => message.by } },
    },
  });
  defineActor({
    name: 'x',
    init,
    // @ts-expect-error -- nor may a handler that all phases share take another
    phases: { locked: { casts: { nod: (_s, _m: number) => {} } }, open: {} },
    casts: { nod: (_s, _m: string) => {} },
  });
  defineActor({
    name: 'x',
    init,
    // @ts-expect-error -- the next state is none of the phases
    phases: { locked: { casts: { go: (_s, _m, ctx) => ctx.next({ phase: 'ajar' }) } }, open: {} },
  });
  // @ts-expect-error -- entering a phase does not leave it
  defineActor({ name: 'x', init, phases: { locked: { enter: (_s, _from, ctx) => ctx.next(locked) }, open: {} } });
  // @ts-expect-error -- a definition without phases has no transitions
  defineActor({ name: 'x', init: () => ({ n: 0 }), casts: { go: (_s, _m, ctx) => ctx.postpone() } });
}

/** Never called: only its types matter. */
export function mistakesOfSchemas(): void {
  const add = (state: { count: number }, message: { readonly amount: number }) => (state.count += message.amount);
  const start = (args: { readonly start: number }) => ({ count: args.start });
  defineActor({
    name: 'x',
    init: start,
    calls: { add },
    schemas: { calls: { add: z.object({ amount: z.number() }) } },
  });
  defineActor({
    name: 'x',
    init: start,
    calls: { add },
    // @ts-expect-error -- the schema lets texts through
    schemas: { calls: { add: z.object({ amount: z.string() }) } },
  });
  // @ts-expect-error -- there is no such call
  defineActor({ name: 'x', init: start, calls: { add }, schemas: { calls: { sub: z.object({}) } } });
  // @ts-expect-error -- the arguments are of another type
  defineActor({ name: 'x', init: start, schemas: { args: z.object({ start: z.string() }) } });
  defineActor({
    name: 'x',
    init,
    phases: { locked: { calls: { dial: (_s, _m: number) => 1 } }, open: {} },
    // @ts-expect-error -- the call of one phase, too
    schemas: { calls: { dial: z.string() } },
  });
}

t.test('refs of a phased definition have the calls and casts of all phases', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [door] });
  const ref = await system.spawn(door, { code: 'x' });
  const which = ref.call('which');
  same<Same<typeof which, Promise<'locked' | 'open'>>>(true);
  t.equal(await which, 'locked');
  const knocked = ref.call('knock');
  same<Same<typeof knocked, Promise<string | { welcome: boolean }>>>(true);
  t.match(await knocked, /nobody/);
  const tries = ref.call('unlock', { code: 'x' });
  same<Same<typeof tries, Promise<number>>>(true);
  t.equal(await tries, 1);
  t.same(await ref.call('knock'), { welcome: true });
  const later = (): Promise<boolean> => ref.call('later');
  same<Same<ReturnType<typeof later>, Promise<boolean>>>(true);
  const visitors = ref.call('visitors', { count: 2 });
  same<Same<typeof visitors, AsyncIterable<number>>>(true);
  const seen: number[] = [];
  for await (const visitor of visitors) seen.push(visitor);
  t.same(seen, [0, 1]);
  ref.cast('close', { hard: true });
  t.equal(await ref.call('which'), 'locked');
});

t.test('a phased definition whose tables cannot be right is refused where it is written', async (t) => {
  const none = { calls: { watch: () => 1 } };
  const stream = {
    calls: {
      async *watch() {
        yield 1;
      },
    },
  };
  const refused = [
    { phases: { locked: { timeoutMs: 5 }, open: {} }, says: /locked\.timeoutMs needs a handler/ },
    { phases: { locked: { timeoutMs: -1, timeouts: { state: () => {} } }, open: {} }, says: /timeoutMs is -1/ },
    { phases: { locked: none, open: stream }, says: /"watch" is a stream in one phase/ },
  ];
  for (const { phases, says } of refused)
    t.throws(() => defineActor({ name: 'x', init, phases }), { code: 'BAD_CONFIG', message: says });
  t.throws(() => defineActor({ name: 'x', init: () => null, stash: { capacity: 0 } }), { code: 'BAD_CONFIG' });
});
