/** Actors that harm the thread they live on, and actors that want to go on all the same. */
import { type ActorAddress, defineActor, type Info } from '#runtime';

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
    heapUsed: () => heapUsed(),
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

/** Bytes of heap that are in use on the thread of an actor, once the garbage is gone. */
function heapUsed(): number {
  (globalThis as { readonly gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

/** A supervisor that makes many children on another executor. */
export const brood = defineActor({
  name: 'brood',
  init: () => ({ children: [] as ActorAddress[] }),
  calls: {
    /** Makes `count` bystanders on an executor; every tenth has a name. */
    hatch: async (
      state,
      { count, executor }: { readonly count: number; readonly executor: number },
      ctx,
    ): Promise<number> => {
      const spawns = Array.from({ length: count }, (_, index) =>
        ctx.spawn(bystander, undefined, { executor, ...(index % 10 === 0 ? { name: `child-${index}` } : {}) }),
      );
      state.children = (await Promise.all(spawns)).map(({ address }) => address);
      return state.children.length;
    },
    /** How many children answer at the addresses that they were given. */
    census: async (state, timeoutMs: number, ctx): Promise<number> => {
      const calls = state.children.map((address) => ctx.ref(bystander, address).call('add', 1, { timeoutMs }));
      return (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled').length;
    },
    some: (state, count: number) => state.children.slice(0, count),
    heapUsed: () => heapUsed(),
  },
});

/** Makes harmful children anywhere, watches, asks, and keeps what it is told. */
export const guard = defineActor({
  name: 'guard',
  init: () => ({ infos: [] as Info[] }),
  calls: {
    make: async (
      _state,
      { node, executor }: { readonly node: string; readonly executor: number },
      ctx,
    ): Promise<ActorAddress> => (await ctx.spawn(harmful, undefined, { node, executor })).address,
    watch: (_state, address: ActorAddress, ctx) => ctx.monitor(address),
    infos: (state) => state.infos.map((info) => (info.type === 'down' ? `down ${info.reason.class} ${info.address}` : info.type)),
  },
  info: (state, info) => void state.infos.push(info),
});

/** Waits for another actor for ever. */
export const waiter = defineActor({
  name: 'waiter',
  init: () => null,
  calls: {
    wait: (_state, address: ActorAddress, ctx) =>
      ctx.ref(bystander, address).call('hang', undefined, { timeoutMs: Number.POSITIVE_INFINITY }),
  },
});
