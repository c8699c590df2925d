/** Counting in nact; see `bench/programs/savina/counting.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, play } from './stage.mjs';

function counter(state, message, { sender }) {
  if (message.type === 'increment') return { count: state.count + 1 };
  dispatch(sender, state.count);
  return { count: 0 };
}

async function producer(state, message, { sender }) {
  for (let sent = 0; sent < message.messages; sent += 1) dispatch(state.counter, { type: 'increment' });
  dispatch(sender, await ask(state.counter, { type: 'take' }));
  return state;
}

const counting = play(async (system, { messages }) => {
  const to = spawn(system, counter, 'counter', { initialState: { count: 0 } });
  const from = spawn(system, producer, 'producer', { initialState: { counter: to } });
  return () => ask(from, { type: 'send', messages });
});

await serve('nact', { counting });
