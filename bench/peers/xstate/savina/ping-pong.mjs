/**
 * Ping-pong in XState; see `bench/programs/savina/ping-pong.ts`. Of its kinds of actors that can hear and send, callbacks
 * are the fastest (transition functions take twice as long). A message goes through the mailbox of its receiver, which
 * handles it before `send` returns.
 */
import { createActor, fromCallback } from 'xstate';
import { serve } from '../../serve.mjs';

const ponger = fromCallback(({ input, receive }) => {
  let pings = 0;
  receive((event) => {
    if (event.type === 'ping') {
      pings += 1;
      event.from.send({ type: 'pong' });
    } else {
      input.done(pings);
      pings = 0;
    }
  });
});

const pinger = fromCallback(({ input, receive, self }) => {
  const { ponger: to, pings, done } = input;
  let pongs = 0;
  receive((event) => {
    pongs = event.type === 'start' ? 0 : pongs + 1;
    if (pongs < pings) to.send({ type: 'ping', from: self });
    else {
      done(pongs);
      to.send({ type: 'finish' });
    }
  });
});

async function pingPong({ pings }) {
  let operations = 0;
  const done = (count) => {
    operations += count;
  };
  const second = createActor(ponger, { input: { done } }).start();
  const first = createActor(pinger, { input: { ponger: second, pings, done } }).start();
  return {
    run: async ({ repeats = 1 }) => {
      const startMs = performance.now();
      operations = 0;
      for (let repeat = 0; repeat < repeats; repeat += 1) first.send({ type: 'start' });
      return { ms: performance.now() - startMs, operations };
    },
  };
}

await serve('xstate', { 'ping-pong': pingPong });
