/** The dining philosophers in nact; see `bench/programs/savina/philosophers.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, many, play, spawnLatch } from './stage.mjs';

function arbiter(taken, { type, index }, { sender, self }) {
  const right = (index + 1) % taken.length;
  if (type === 'hungry' && (taken[index] || taken[right])) dispatch(sender, { type: 'denied' }, self);
  else {
    taken[index] = type === 'hungry';
    taken[right] = type === 'hungry';
    if (type === 'hungry') dispatch(sender, { type: 'eat' }, self);
  }
  return taken;
}

function philosopher(state, message, { self }) {
  switch (message.type) {
    case 'start':
    case 'denied':
      dispatch(state.arbiter, { type: 'hungry', index: state.index }, self);
      return state;
    case 'eat':
      state.meals += 1;
      dispatch(state.arbiter, { type: 'done', index: state.index }, self);
      if (state.meals < state.rounds) dispatch(self, { type: 'start' }, self);
      else {
        dispatch(state.latch, { type: 'done', operations: state.meals });
        state.meals = 0;
      }
      return state;
  }
}

const philosophers = play(async (system, { actors, rounds }) => {
  const latch = spawnLatch(system);
  const host = spawn(system, arbiter, 'arbiter', { initialState: new Array(actors).fill(false) });
  const guests = many(actors, (index) =>
    spawn(system, philosopher, `philosopher-${index}`, {
      initialState: { index, rounds, arbiter: host, latch, meals: 0 },
    }),
  );
  return () => {
    const done = ask(latch, { type: 'wait', parties: actors });
    for (const each of guests) dispatch(each, { type: 'start' });
    return done;
  };
});

await serve('nact', { philosophers });
