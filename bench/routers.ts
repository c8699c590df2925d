/** What does choosing a routee cost beside a cast through a plain ref, and what does reliable delivery cost? */
import { setImmediate as turn } from 'node:timers/promises';
import { type ActorRef, ActorSystem, defineActor, type RouterOptions } from '#runtime';
import type { Contender, Question } from './harness.js';

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

const strategies: Readonly<Record<string, RouterOptions>> = {
  'round-robin': { strategy: 'round-robin' },
  random: { strategy: 'random', seed: 1 },
  'least-mailbox': { strategy: 'least-mailbox', seed: 1 },
  'consistent-hash': { strategy: 'consistent-hash', key: (message) => (message as { user: string }).user },
  broadcast: { strategy: 'broadcast' },
};

/** Sends a burst at a time until `messages` have arrived, `fanOut` for each cast. */
async function measure(
  to: Pick<ActorRef<typeof receiver>, 'cast' | 'drained'>,
  refs: readonly ActorRef<typeof receiver>[],
  messages: number,
  fanOut: number,
): Promise<{ readonly ms: number; readonly 'thousand a second': number }> {
  const arrived = async (): Promise<number> =>
    (await Promise.all(refs.map((ref) => ref.call('count')))).reduce((sum, count) => sum + count, 0);
  const users = Array.from({ length: 97 }, (_, index) => ({ user: `user-${index}` }));
  const before = await arrived();
  const startMs = performance.now();
  for (let sent = 0; sent < messages / fanOut; ) {
    for (let n = 0; n < BURST && sent < messages / fanOut; n += 1) {
      if (!to.cast('take', users[sent % users.length] ?? { user: '' })) await to.drained();
      sent += 1;
    }
    await turn();
  }
  // Asked behind the casts, so that every one has been handled; reliable casts may come in later turns.
  while ((await arrived()) - before < messages) await turn();
  const ms = performance.now() - startMs;
  const count = (await arrived()) - before;
  if (count !== messages) throw new Error(`${count} messages arrived of ${messages}`);
  return { ms, 'thousand a second': messages / ms };
}

export const routers: Question = {
  name: 'routers',
  asks: 'What does each strategy of a router, and reliable delivery, cost beside a cast through a plain ref?',
  prepare: async (quick) => {
    const messages = quick ? 8_000 : 400_000;
    const system = await ActorSystem.create({ definitions: [receiver, steady], freezeMessages: false });
    const refs = await Promise.all(Array.from({ length: ROUTEES }, () => system.spawn(receiver, undefined)));
    const [first] = refs;
    if (first === undefined) throw new Error('no routees');
    const reliable = await system.spawn(steady, undefined);
    const contenders: Contender[] = [
      { name: 'plain ref', run: () => measure(first, refs, messages, 1) },
      { name: 'reliable ref', run: () => measure(reliable, [reliable], messages, 1) },
    ];
    for (const [name, options] of Object.entries(strategies)) {
      const router = await system.router(receiver, { refs }, options);
      const fanOut = name === 'broadcast' ? ROUTEES : 1;
      contenders.push({ name, run: () => measure(router, refs, messages, fanOut) });
    }
    return {
      contenders,
      rounds: quick ? 1 : 5,
      setting: `${messages.toLocaleString('en')} casts to ${ROUTEES} actors on one executor (broadcast: deliveries)`,
      dispose: () => system.shutdown(),
    };
  },
};
