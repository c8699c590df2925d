/**
 * The peer of `bench/programs/messages.ts` in XState: transition logic that counts, and callback logic that sends. Actors
 * handle an event within `send`, so a sender is never ahead. There are no calls: nothing of XState answers an event.
 */
import { createActor, fromCallback, fromTransition } from 'xstate';
import { expectSum, sumBelow } from '../checks.mjs';
import { serve } from '../serve.mjs';

const counting = fromTransition(
  (state, event) =>
    event.type === 'note' ? { count: state.count + 1, sum: state.sum + event.n } : { count: 0, sum: 0 },
  { count: 0, sum: 0 },
);

const flooding = fromCallback(({ receive, input }) => {
  receive(({ count }) => {
    for (let n = 0; n < count; n += 1) input.to.send({ type: 'note', n });
  });
});

async function casts({ senders = 1 }) {
  const to = createActor(counting).start();
  const sources = Array.from({ length: senders }, () => createActor(flooding, { input: { to } }).start());
  return {
    run: async ({ messages }) => {
      const count = messages / senders;
      const startMs = performance.now();
      for (const source of sources) source.send({ type: 'flood', count });
      const ms = performance.now() - startMs;
      const taken = to.getSnapshot().context;
      to.send({ type: 'reset' });
      expectSum(taken.sum, senders * sumBelow(count));
      return { ms, operations: taken.count };
    },
  };
}

const bouncing = fromCallback(({ receive, input }) => {
  let partner;
  receive((event) => {
    if (event.type === 'meet') {
      partner = event.partner;
      return;
    }
    input.bounced();
    if (event.left > 0) partner.send({ type: 'ball', left: event.left - 1 });
    else input.over();
  });
});

async function bounces({ pairs }) {
  let count = 0;
  let open = 0;
  const input = { bounced: () => (count += 1), over: () => (open -= 1) };
  const player = () => createActor(bouncing, { input }).start();
  const first = Array.from({ length: pairs }, player);
  const second = first.map(player);
  first.forEach((each, index) => each.send({ type: 'meet', partner: second[index] }));
  second.forEach((each, index) => each.send({ type: 'meet', partner: first[index] }));
  return {
    run: async ({ bounces: each }) => {
      count = 0;
      open = pairs;
      const startMs = performance.now();
      for (const one of first) one.send({ type: 'ball', left: each - 1 });
      const ms = performance.now() - startMs;
      if (open !== 0) throw new Error(`${open} balls are still in the air`);
      return { ms, operations: count };
    },
  };
}

await serve('xstate', { cast: casts, bounce: bounces });
