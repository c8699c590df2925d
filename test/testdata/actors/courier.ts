/** A stored sender and a receiver of durable casts; a module, so that executors in threads can load it too. */
import { type ActorAddress, defineActor } from '#runtime';

/** Keeps the numbers that it handled, in order. */
export const inbox = defineActor({
  name: 'inbox',
  init: () => ({ handled: [] as number[] }),
  reliable: { durable: true, resendMs: 50, maxResendMs: 200 },
  casts: { take: (state, n: number) => void state.handled.push(n) },
  calls: { all: (state) => state.handled },
});

/** An order to send the numbers from `from` on, `count` of them. */
export interface Errand {
  /** The receiver: a name on a node, or an address. */
  readonly to: { readonly name: string; readonly node: string } | { readonly address: ActorAddress };
  readonly from: number;
  readonly count: number;
}

/** Sends numbers; its replies come when they are stored. */
export const courier = defineActor({
  name: 'courier',
  init: (_args: { readonly key: string }) => null,
  durable: { key: (args) => args.key },
  supervision: { maxRestarts: 1_000 },
  calls: {
    send: async (_state, { to, from, count }: Errand, ctx): Promise<number> => {
      const ref = 'address' in to ? ctx.ref(inbox, to.address) : await ctx.lookup(inbox, to.name, to.node);
      if (ref === undefined) throw new Error('there is no such receiver');
      for (let n = from; n < from + count; n += 1) {
        const outcome = ref.tryCast('take', n);
        if (outcome === 'refused') throw new Error(`${n} is refused`);
        if (outcome === 'wait') await ref.drained();
      }
      return count;
    },
    /** Waits for what is stored itself, and tells how often it was. */
    sendAndWait: async (_state, errand: Errand & { readonly to: { readonly address: ActorAddress } }, ctx) => {
      const ref = ctx.ref(inbox, errand.to.address);
      ref.cast('take', errand.from);
      await ctx.stored();
      return 'stored';
    },
    erase: (_state, _message: undefined, ctx) => ctx.erase(),
    where: (_state, _message: undefined, ctx) => ctx.executor,
  },
  casts: {
    crash: (): never => {
      throw new Error('asked to crash');
    },
    exit: (): void => {
      process.exit(3);
    },
  },
});
