/**
 * What the public types infer, held by the compiler: this file compiles only while each type below is exactly what it
 * says, and each line under a `@ts-expect-error` is refused. At run time is left to see that streams are where the types
 * have them.
 */
import type { ActorAddress, ActorRef, ArgsOf } from '#runtime';
import { defineActor } from '#runtime';
import type { ProbeCast, TestSystem } from '#runtime/testing/index';
import t from 'tap';

/** An actor with a handler of every form. */
export const sample = defineActor({
  name: 'sample',
  init: async (args: { readonly start: number; readonly label?: string }) => ({ count: args.start }),
  calls: {
    sum: (state, message: { readonly by: number }) => state.count + message.by,
    later: async (_state, message: { readonly text: string }) => [message.text],
    nothing: (_state, _message: { readonly id: string }) => {},
    either: (state): number | string => (state.count > 0 ? state.count : 'none'),
    refuses: (): never => {
      throw new Error('always');
    },
    numbers: async function* (state, message: { readonly upTo: number }) {
      for (let i = state.count; i < message.upTo; i += 1) yield i;
    },
    pages: async function* () {
      yield { rows: ['a'], next: null as string | null };
    },
  },
  casts: {
    set: (state, message: { readonly to: number }) => void (state.count = message.to),
    clear: (state) => void (state.count = 0),
    maybe: (state, message?: number) => void (state.count = message ?? 0),
  },
});

/** Another actor, whose refs are not those of the first. */
export const other = defineActor({ name: 'other', init: () => null, calls: { ping: () => 'pong' as const } });

/** `true` only for two types that are the same; assignability either way is not enough. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles for `true` only. */
type Holds<T extends true> = T;
type Sample = ActorRef<typeof sample>;

/** Replies, one by one: each line is an equality that the compiler checks. */
export type Replies = [
  Holds<Same<ReturnType<typeof plain.sum>, Promise<number>>>,
  Holds<Same<ReturnType<typeof plain.later>, Promise<string[]>>>,
  Holds<Same<ReturnType<typeof plain.nothing>, Promise<void>>>,
  Holds<Same<ReturnType<typeof plain.either>, Promise<number | string>>>,
  Holds<Same<ReturnType<typeof plain.refuses>, Promise<never>>>,
  Holds<Same<ReturnType<typeof plain.numbers>, AsyncIterable<number>>>,
  Holds<Same<ReturnType<typeof plain.pages>, AsyncIterable<{ rows: string[]; next: string | null }>>>,
  Holds<Same<ReturnType<typeof plain.cast>, boolean>>,
  Holds<Same<ReturnType<typeof plain.ping>, Promise<'pong'>>>,
];

const plain = {
  sum: (ref: Sample) => ref.call('sum', { by: 1 }),
  later: (ref: Sample) => ref.call('later', { text: 'x' }),
  nothing: (ref: Sample) => ref.call('nothing', { id: 'x' }),
  either: (ref: Sample) => ref.call('either'),
  refuses: (ref: Sample) => ref.call('refuses'),
  numbers: (ref: Sample) => ref.call('numbers', { upTo: 3 }),
  pages: (ref: Sample) => ref.call('pages'),
  cast: (ref: Sample) => ref.cast('clear'),
  ping: (ref: ActorRef<typeof other>) => ref.call('ping', undefined, { timeoutMs: 10 }),
};

/** Arguments and refs. */
export type Spawning = [
  Holds<Same<ArgsOf<typeof sample>, { readonly start: number; readonly label?: string }>>,
  Holds<Same<Awaited<ReturnType<typeof spawned>>, Sample>>,
  Holds<Same<ActorRef['address'], ActorAddress>>,
  Holds<Same<Parameters<Sample['cast']>[0], 'set' | 'clear' | 'maybe'>>,
  Holds<Same<Awaited<ReturnType<typeof probed>>, ProbeCast>>,
  Holds<Same<ReturnType<typeof probeRef>, Promise<Sample>>>,
];

const spawned = (system: TestSystem) => system.spawn(sample, { start: 1 });
const probed = async (system: TestSystem) => (await system.probe()).expectCast('x');
const probeRef = async (system: TestSystem) => (await system.probe()).ref(sample);

/** What is refused; the programs of `programs.test.ts` show the same to a compiler of their own. */
export async function refused(ref: Sample, system: TestSystem): Promise<void> {
  // @ts-expect-error -- the argument `by` has another type
  await ref.call('sum', { by: '1' });
  // @ts-expect-error -- the message is missing
  await ref.call('sum');
  // @ts-expect-error -- no such call
  await ref.call('product', { by: 1 });
  // @ts-expect-error -- a cast is not a call
  await ref.call('clear');
  // @ts-expect-error -- a call is not a cast
  ref.cast('sum', { by: 1 });
  // @ts-expect-error -- there is no reply to use
  void (await ref.call('nothing', { id: 'x' })).length;
  // @ts-expect-error -- a stream is no promise of one value
  await ref.call('numbers', { upTo: 1 }).then(() => {});
  // @ts-expect-error -- the arguments of init are missing
  await system.spawn(sample);
  // @ts-expect-error -- one of them is
  await system.spawn(sample, { label: 'x' });
  // @ts-expect-error -- the ref of another actor
  ref = await system.spawn(other, undefined);
  // @ts-expect-error -- no such option
  await ref.call('either', undefined, { timeout: 5 });
  // @ts-expect-error -- any text is not an address
  system.ref(sample, 'node@life/0/16');
}

/** Definitions that are refused where they are written. */
export function refusedDefinitions(): void {
  // @ts-expect-error -- no name
  defineActor({ init: () => null });
  // @ts-expect-error -- no init
  defineActor({ name: 'x' });
  // @ts-expect-error -- a cast has no reply
  defineActor({ name: 'x', init: () => null, casts: { set: () => 5 } });
  // @ts-expect-error -- the state has no such field
  defineActor({ name: 'x', init: () => ({ count: 0 }), calls: { get: (state) => state.cuont } });
  // @ts-expect-error -- no such policy
  defineActor({ name: 'x', init: () => null, mailbox: { policy: 'drop-all' } });
}

t.test('the calls that are streams for the compiler are those that are streams at run time', async (t) => {
  type Calls = (typeof sample)['calls'];
  type StreamNames = {
    [K in keyof Calls]: [ReturnType<Calls[K]>] extends [never]
      ? never
      : ReturnType<Calls[K]> extends AsyncGenerator
        ? K
        : never;
  }[keyof Calls];
  // A record has to name every one of them, and none besides.
  const streams: Readonly<Record<StreamNames, true>> = { numbers: true, pages: true };
  t.same([...sample.streams].sort(), Object.keys(streams).sort());
});
