/** Fork-join creation in nact; see `bench/programs/savina/create.ts`. Actors have names, or they get random ones that clash. */
import { dispatch, spawn, stop } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, play, spawnLatch } from './stage.mjs';

function worker(state, { n }, { self }) {
  const sine = Math.sin(37.2 * n);
  if (!(sine * sine >= 0)) throw new Error(`a square is ${sine * sine}`);
  dispatch(state.latch, { type: 'done', operations: 1 });
  stop(self);
  return state;
}

function creator(state, { actors }, { self }) {
  for (let n = 1; n <= actors; n += 1)
    dispatch(spawn(self, worker, `worker-${n}`, { initialState: { latch: state.latch } }), { type: 'work', n });
  return state;
}

const create = play(async (system, { actors }) => {
  const latch = spawnLatch(system);
  const maker = spawn(system, creator, 'creator', { initialState: { latch } });
  return () => {
    const done = ask(latch, { type: 'wait', parties: actors });
    dispatch(maker, { type: 'create', actors });
    return done;
  };
});

await serve('nact', { create });
