/** Fork-join throughput in nact; see `bench/programs/savina/throughput.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, many, play } from './stage.mjs';

function worker(state, message, { sender }) {
  if (message.type === 'work') {
    state.count += 1;
    const sine = Math.sin(37.2 * state.count);
    state.sum += sine * sine;
    return state;
  }
  if (!(state.sum >= 0)) throw new Error(`a sum of squares is ${state.sum}`);
  dispatch(sender, state.count);
  return { count: 0, sum: 0 };
}

async function sender({ workers }, { messages }, { sender: asker }) {
  for (let sent = 0; sent < messages; sent += 1) for (const each of workers) dispatch(each, { type: 'work' });
  const counts = await Promise.all(workers.map((each) => ask(each, { type: 'take' })));
  dispatch(
    asker,
    counts.reduce((sum, count) => sum + count, 0),
  );
  return { workers };
}

const throughput = play(async (system, { actors, messages }) => {
  const workers = many(actors, (index) =>
    spawn(system, worker, `worker-${index}`, { initialState: { count: 0, sum: 0 } }),
  );
  const from = spawn(system, sender, 'sender', { initialState: { workers } });
  return () => ask(from, { type: 'send', messages });
});

await serve('nact', { throughput });
