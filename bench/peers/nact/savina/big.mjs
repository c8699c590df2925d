/** Big in nact; see `bench/programs/savina/big.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { below, nextOf, seedOf } from './chance.mjs';
import { ask, many, play, spawnLatch } from './stage.mjs';

function member(state, message, { sender, self }) {
  switch (message.type) {
    case 'meet':
      return { ...state, neighbours: message.all };
    case 'start':
      state.chance = seedOf(state.index);
      state.pongs = 0;
      pingNext(state, self);
      return state;
    case 'ping':
      dispatch(sender, { type: 'pong' }, self);
      return state;
    case 'pong':
      state.pongs += 1;
      if (state.pongs < state.pings) pingNext(state, self);
      else dispatch(state.latch, { type: 'done', operations: state.pongs });
      return state;
  }
}

function pingNext(state, self) {
  state.chance = nextOf(state.chance);
  dispatch(state.neighbours[below(state.chance, state.neighbours.length)], { type: 'ping' }, self);
}

const big = play(async (system, { actors, pings }) => {
  const latch = spawnLatch(system);
  const members = many(actors, (index) =>
    spawn(system, member, `member-${index}`, { initialState: { index, pings, latch, chance: 0, pongs: 0 } }),
  );
  for (const each of members) dispatch(each, { type: 'meet', all: members });
  return () => {
    const done = ask(latch, { type: 'wait', parties: actors });
    for (const each of members) dispatch(each, { type: 'start' });
    return done;
  };
});

await serve('nact', { big });
