/** Actors that harm the thread they live on, and actors that want to go on all the same. */
import { type ActorAddress, defineActor } from '#runtime';

/** Harms its thread in the way it is told. */
export const harmful = defineActor({
  name: 'harmful',
  init: (args: { readonly stuckInit?: boolean } | undefined, ctx) => {
    // Only the first life of a thread: the life number begins again on each.
    if (args?.stuckInit === true && ctx.executor === 1) spin();
    return { hoard: [] as object[] };
  },
  calls: {
    ping: () => 'pong',
    /** Never gives the event loop back. */
    spin: (): never => spin(),
    /** The same, but from after its turn. */
    spinLater: async (): Promise<never> => {
      await new Promise((resolve) => setImmediate(resolve));
      return spin();
    },
    /** Fills the heap until the thread dies. */
    hoard: (state): never => {
      for (;;) state.hoard.push(Array.from({ length: 1_000 }, (_, index) => ({ index })));
    },
    /** Holds memory that is not on the heap. */
    buffers: (state, mebibytes: number): number => {
      state.hoard.push(Array.from({ length: mebibytes }, () => Buffer.alloc(2 ** 20, 1)));
      return mebibytes;
    },
    /** Busy for a while. */
    busy: (_state, forMs: number): number => busy(forMs),
    exit: () => process.exit(3),
  },
  casts: { busy: (_state, forMs: number) => void busy(forMs) },
});

function spin(): never {
  for (;;);
}

function busy(forMs: number): number {
  const end = performance.now() + forMs;
  while (performance.now() < end);
  return forMs;
}

/** Harmless, and counts. */
export const bystander = defineActor({
  name: 'bystander',
  init: () => ({ count: 0 }),
  calls: {
    add: (state, amount: number) => (state.count += amount),
    hang: () => new Promise<never>(() => {}),
  },
});

/** A supervisor that gives up a child alone, and makes many of them. */
export const brood = defineActor({
  name: 'brood',
  supervision: { whenExceeded: 'stop-child' },
  init: () => ({ addresses: [] as ActorAddress[] }),
  calls: {
    /** Makes `count` bystanders on an executor. */
    hatch: async (
      state,
      { count, executor }: { readonly count: number; readonly executor: number },
      ctx,
    ): Promise<readonly ActorAddress[]> => {
      const refs = await Promise.all(Array.from({ length: count }, () => ctx.spawn(bystander, undefined, { executor })));
      const addresses = refs.map(({ address }) => address);
      state.addresses.push(...addresses);
      return addresses;
    },
  },
});
