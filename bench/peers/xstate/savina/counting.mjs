/**
 * Counting in XState; see `bench/programs/savina/counting.ts`. Callbacks are the fastest of its actors that can hear and
 * send; a message is handled before `send` returns.
 */
import { createActor, fromCallback } from 'xstate';
import { serve } from '../../serve.mjs';

const counter = fromCallback(({ input, receive }) => {
  let count = 0;
  receive((event) => {
    if (event.type === 'increment') count += 1;
    else {
      input.done(count);
      count = 0;
    }
  });
});

const producer = fromCallback(({ input, receive }) => {
  const { counter: to, messages } = input;
  receive(() => {
    for (let sent = 0; sent < messages; sent += 1) to.send({ type: 'increment' });
    to.send({ type: 'take' });
  });
});

async function counting({ messages }) {
  let operations = 0;
  const done = (count) => {
    operations = count;
  };
  const to = createActor(counter, { input: { done } }).start();
  const from = createActor(producer, { input: { counter: to, messages } }).start();
  return {
    run: async () => {
      const startMs = performance.now();
      from.send({ type: 'start' });
      return { ms: performance.now() - startMs, operations };
    },
  };
}

await serve('xstate', { counting });
