/**
 * The counter of the README: spawn, cast, call, stream. Run it after `npm run build`:
 *
 *     node dist/examples/hello.js
 */
import { ActorSystem, defineActor } from '#runtime';

export const counter = defineActor({
  name: 'counter',
  init: (args: { readonly start: number }) => ({ count: args.start }),
  calls: {
    add: (state, message: { readonly amount: number }) => (state.count += message.amount),
    async *countdown(state, message: { readonly step: number }) {
      for (let count = state.count; count > 0; count -= message.step) yield count;
    },
  },
  casts: {
    reset: (state, message: { readonly reason: string }, ctx) => {
      ctx.log.info('reset', { reason: message.reason });
      state.count = 0;
    },
  },
});

const system = await ActorSystem.create({ definitions: [counter] });
const hits = await system.spawn(counter, { start: 5 }, { name: 'hits' });
console.log(`spawned ${(await system.lookup(counter, 'hits'))?.address === hits.address ? 'hits' : 'nothing'}`);

console.log(`5 + 2 = ${await hits.call('add', { amount: 2 })}`);

hits.cast('reset', { reason: 'demo' });
console.log(`after a reset, 0 + 3 = ${await hits.call('add', { amount: 3 }, { timeoutMs: 500 })}`);

for await (const n of hits.call('countdown', { step: 1 })) console.log(`countdown ${n}`);

await system.shutdown();
console.log('done');
