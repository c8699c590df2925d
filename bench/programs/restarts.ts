/** How fast a supervisor restarts: one child crashes again and again, and answers a call after each time. */
import { ActorSystem, defineActor, defineSupervisor } from '#runtime';
import { serve } from '../harness/program.js';

/** Knows which of its lives it is in. */
const child = defineActor({
  name: 'bench.crashing',
  init: (_args: undefined, ctx) => ({ incarnation: ctx.incarnation }),
  casts: {
    crash: (): void => {
      throw new Error('as the benchmark wants it');
    },
  },
  calls: { incarnation: (state) => state.incarnation },
});

/** Restarts as often as it has to, at once: OTP knows no back-off. */
const supervisor = defineSupervisor({
  name: 'bench.supervisor',
  strategy: 'simple-one-for-one',
  child: { id: 'child', definition: child },
  intensity: { maxRestarts: 1_000_000, withinMs: 1_000 },
  backoff: { firstMs: 0, maxMs: 0 },
});

serve(import.meta.filename, {
  restarts: async () => {
    const system = await ActorSystem.create({
      node: 'bench',
      definitions: [child, supervisor],
      log: { level: 'silent', format: 'json' },
    });
    const parent = await system.spawn(supervisor, undefined);
    const ref = system.ref(child, await parent.call('startChild', {}));
    return {
      run: async ({ restarts = 0 }) => {
        const before = await ref.call('incarnation');
        let life = before;
        const startMs = performance.now();
        while (life < before + restarts) {
          ref.cast('crash');
          const now = await ref.call('incarnation');
          if (now !== life + 1) throw new Error(`life ${now} answered after life ${life}`);
          life = now;
        }
        const ms = performance.now() - startMs;
        return { ms, operations: life - before };
      },
      stop: () => system.shutdown(),
    };
  },
});
