/**
 * What refs infer, held by the compiler: each `@ts-expect-error` line fails the build when the line under it begins to
 * compile. The calls below run as well, so that the types are those of what really comes back.
 */
import { type ActorRef, type ArgsOf, castFace, type CastHandlers, defineActor } from '#runtime';
import t from 'tap';
import { inlineSystem } from '../support.js';

const typed = defineActor({
  name: 'typed',
  init: (args: { readonly start: number }) => ({ count: args.start }),
  calls: {
    add: (state, message: { readonly amount: number }) => (state.count += message.amount),
    describe: async (state) => `count ${state.count}`,
    async *countdown(state, message: { readonly step: number }) {
      for (let count = state.count; count > 0; count -= message.step) yield count;
    },
    maybe: (_state, message?: string) => message ?? null,
  },
  casts: {
    set: (state, message: { readonly count: number }) => {
      state.count = message.count;
    },
    clear: (state) => {
      state.count = 0;
    },
  },
});

/** Whether two types are the same; `true` compiles only when they are. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(value: T): T => value;

/** Never called: only its types matter. */
export function mistakes(ref: ActorRef<typeof typed>): void {
  // @ts-expect-error -- no such call
  void ref.call('subtract', { amount: 1 });
  // @ts-expect-error -- the message is of another type
  void ref.call('add', { amount: '1' });
  // @ts-expect-error -- the message is missing
  void ref.call('add');
  // @ts-expect-error -- a stream is not awaited for one value
  void ref.call('countdown', { step: 1 }).then(() => {});
  // @ts-expect-error -- a call is not a cast
  ref.cast('add', { amount: 1 });
  // @ts-expect-error -- a cast is not a call
  void ref.call('set', { count: 1 });
  // @ts-expect-error -- the message of a cast is of another type
  ref.cast('set', { count: 'one' });
  // @ts-expect-error -- a cast gives no promise
  void ref.cast('clear').then(() => {});
}

t.test('messages, replies and arguments are inferred from the handlers', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [typed] });
  same<Same<ArgsOf<typeof typed>, { readonly start: number }>>(true);
  // @ts-expect-error -- the arguments are of another type
  await t.rejects(system.spawn(typed, { start: 'one' }, { name: '' }), { code: 'BAD_NAME' });
  const ref = await system.spawn(typed, { start: 3 });

  const added = ref.call('add', { amount: 2 });
  same<Same<typeof added, Promise<number>>>(true);
  t.equal(await added, 5);
  const described = ref.call('describe');
  same<Same<typeof described, Promise<string>>>(true);
  t.equal(await described, 'count 5');
  const stream = ref.call('countdown', { step: 2 });
  same<Same<typeof stream, AsyncIterable<number>>>(true);
  const items: number[] = [];
  for await (const item of stream) items.push(item);
  t.same(items, [5, 3, 1]);
  const maybe = ref.call('maybe');
  same<Same<typeof maybe, Promise<string | null>>>(true);
  t.equal(await maybe, null);
  const cast = ref.cast('clear');
  same<Same<typeof cast, boolean>>(true);
  t.equal(cast, true);
});

t.test('a face has the casts of an actor without its definition', async (t) => {
  const { system } = await inlineSystem(t, { definitions: [typed] });
  type Casts = { readonly set: { readonly count: number } };
  const handlers: CastHandlers<{ count: number }, Casts> = { set: typed.casts.set };
  t.equal(handlers.set, typed.casts.set);
  const ref = await system.spawn(typed, { start: 1 });
  const face = system.ref(castFace<Casts>(), ref.address);
  face.cast('set', { count: 9 });
  // @ts-expect-error -- not a cast of this face
  face.cast('clear');
  t.equal(await ref.call('describe'), 'count 0');
});

t.test('a definition with a bad name, version, capacity or intensity is refused where it is written', async (t) => {
  const init = () => null;
  t.throws(() => defineActor({ name: 'a b', init }), { code: 'BAD_NAME' });
  t.throws(() => defineActor({ name: 'a', init, version: 1.5 }), { code: 'BAD_CONFIG', message: /version/ });
  for (const capacity of [0, -1, Number.NaN, 1.5]) {
    t.throws(() => defineActor({ name: 'a', init, mailbox: { capacity } }), {
      code: 'BAD_CONFIG',
      message: /mailbox\.capacity/,
    });
  }
  t.throws(() => defineActor({ name: 'a', init, supervision: { maxRestarts: -1 } }), { code: 'BAD_CONFIG' });
});
