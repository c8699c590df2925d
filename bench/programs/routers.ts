/** Casts to eight actors on one executor: through a plain ref to one of them, reliably to one, and by each strategy. */
import { setImmediate as turn } from 'node:timers/promises';
import { type ActorRef, ActorSystem, defineActor, type RouterOptions } from '#runtime';
import { serve, type Work } from '../harness/program.js';

const ROUTEES = 8;
/** Casts before the receivers get their turn; a mailbox holds them all. */
const BURST = 1_000;

const receiver = defineActor({
  name: 'bench.receiver',
  init: () => ({ count: 0 }),
  casts: { take: (state, message: { readonly user: string }) => void (state.count += message.user.length > 0 ? 1 : 0) },
  calls: { count: (state) => state.count },
});

const steady = defineActor({ ...receiver, name: 'bench.steady', reliable: true });

const users = Array.from({ length: 97 }, (_, index) => ({ user: `user-${index}` }));

type Receiver = ActorRef<typeof receiver>;
type Way = Pick<Receiver, 'cast' | 'drained'>;

/** Sends a burst at a time until `deliveries` have arrived, `fanOut` for each cast. */
function flood(system: ActorSystem, to: Way, refs: readonly Receiver[], fanOut = 1): Work {
  const arrived = async (): Promise<number> =>
    (await Promise.all(refs.map((ref) => ref.call('count')))).reduce((sum, count) => sum + count, 0);
  return {
    run: async ({ deliveries = 0 }) => {
      const before = await arrived();
      const startMs = performance.now();
      for (let sent = 0; sent < deliveries / fanOut; ) {
        for (let n = 0; n < BURST && sent < deliveries / fanOut; n += 1) {
          if (!to.cast('take', users[sent % users.length] ?? { user: '' })) await to.drained();
          sent += 1;
        }
        await turn();
      }
      // Asked behind the casts, so that every one has been handled; reliable casts may come in later turns.
      while ((await arrived()) - before < deliveries) await turn();
      const ms = performance.now() - startMs;
      return { ms, operations: (await arrived()) - before };
    },
    stop: () => system.shutdown(),
  };
}

async function start(): Promise<{ readonly system: ActorSystem; readonly refs: readonly [Receiver, ...Receiver[]] }> {
  const system = await ActorSystem.create({ node: 'bench', definitions: [receiver, steady] });
  const first = await system.spawn(receiver, undefined);
  const others = Array.from({ length: ROUTEES - 1 }, () => system.spawn(receiver, undefined));
  return { system, refs: [first, ...(await Promise.all(others))] };
}

const routed = (options: RouterOptions) => async (): Promise<Work> => {
  const { system, refs } = await start();
  const router = await system.router(receiver, { refs }, options);
  return flood(system, router, refs, options.strategy === 'broadcast' ? ROUTEES : 1);
};

serve(import.meta.filename, {
  plain: async () => {
    const { system, refs } = await start();
    return flood(system, refs[0], refs);
  },
  reliable: async () => {
    const { system } = await start();
    const ref = await system.spawn(steady, undefined);
    return flood(system, ref, [ref]);
  },
  'round-robin': routed({ strategy: 'round-robin' }),
  random: routed({ strategy: 'random', seed: 1 }),
  'least-mailbox': routed({ strategy: 'least-mailbox', seed: 1 }),
  'consistent-hash': routed({ strategy: 'consistent-hash', key: (message) => (message as { user: string }).user }),
  broadcast: routed({ strategy: 'broadcast' }),
});
