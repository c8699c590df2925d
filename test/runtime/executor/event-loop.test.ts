/** Who gets a turn next to actors that always have something to do. */
import { ActorSystem, defineActor } from '#runtime';
import t from 'tap';

/** Calls after which a loop gives up, and the test with it. */
const ENDLESS = 2_000_000;

const echo = defineActor({
  name: 'echo',
  init: () => null,
  calls: { ping: () => 'pong' },
});

t.test('actors that answer each other without a pause leave the event loop its turns', async (t) => {
  let stop = false;
  const asker = defineActor({
    name: 'asker',
    init: () => null,
    calls: {
      loop: async (_state, _message: undefined, ctx): Promise<number> => {
        const partner = await ctx.spawn(echo, undefined);
        let calls = 0;
        while (!stop && calls < ENDLESS) {
          await partner.call('ping');
          calls += 1;
        }
        return calls;
      },
    },
  });
  const system = await ActorSystem.create({ definitions: [asker, echo], log: { level: 'silent', format: 'json' } });
  t.teardown(() => system.shutdown());
  const ref = await system.spawn(asker, undefined);
  const looping = ref.call('loop', undefined, { timeoutMs: Number.POSITIVE_INFINITY });
  // A timer and an immediate are events like any message from a thread or a socket.
  await new Promise((resolve) => setTimeout(() => setImmediate(resolve), 5));
  stop = true;
  const calls = await looping;
  t.ok(calls > 0 && calls < ENDLESS, `the timer fired after ${calls} calls`);
});
