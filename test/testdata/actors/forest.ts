/** A supervisor declared as data, with its children on other threads. */
import { type ActorAddress, defineActor, defineSupervisor } from '#runtime';

export const leaf = defineActor({
  name: 'leaf',
  init: (args: { readonly linkTo?: ActorAddress } | null, ctx) => {
    if (args?.linkTo !== undefined) ctx.link(args.linkTo);
    return null;
  },
  calls: { life: (_state, _message: undefined, ctx) => ctx.incarnation, executor: (_state, _message: undefined, ctx) => ctx.executor },
  casts: {
    crash: (): never => {
      throw new Error('boom');
    },
    /** Ends the thread. */
    die: () => void setImmediate(() => process.exit(3)),
    /** The thread answers nobody for that long. */
    block: (_state, forMs: number) => {
      const end = performance.now() + forMs;
      while (performance.now() < end);
    },
  },
});

export const forest = defineSupervisor({
  name: 'forest',
  strategy: 'one-for-all',
  intensity: { maxRestarts: 10 },
  children: [
    { id: 'oak', definition: leaf, executor: 1 },
    { id: 'elm', definition: leaf, executor: 2, shutdown: 200 },
  ],
});
