/** Chameneos in nact; see `bench/programs/savina/chameneos.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, many, play, spawnLatch } from './stage.mjs';

function mall(state, message, { sender, self }) {
  switch (message.type) {
    case 'open':
      return { ...state, left: message.meetings, faded: 0, met: 0, waiting: undefined };
    case 'meet':
      if (state.left === 0) dispatch(sender, { type: 'finish' }, self);
      else if (state.waiting === undefined) state.waiting = sender;
      else {
        state.left -= 1;
        // In the name of the other creature, which it answers.
        dispatch(state.waiting, message, sender);
        state.waiting = undefined;
      }
      return state;
    case 'faded':
      state.faded += 1;
      state.met += message.met;
      if (state.faded === state.creatures) dispatch(state.latch, { type: 'done', operations: state.met / 2 });
      return state;
  }
}

function creature(state, message, { sender, self }) {
  switch (message.type) {
    case 'start':
      state.met = 0;
      break;
    case 'meet':
      state.colour = complement(state.colour, message.colour);
      state.met += 1;
      dispatch(sender, { type: 'change', colour: state.colour }, self);
      break;
    case 'change':
      state.colour = message.colour;
      state.met += 1;
      break;
    case 'finish':
      dispatch(state.mall, { type: 'faded', met: state.met }, self);
      return state;
  }
  dispatch(state.mall, { type: 'meet', colour: state.colour }, self);
  return state;
}

function complement(one, other) {
  return one === other ? one : 3 - one - other;
}

const chameneos = play(async (system, { actors, meetings }) => {
  const latch = spawnLatch(system);
  const place = spawn(system, mall, 'mall', { initialState: { latch, creatures: actors } });
  const creatures = many(actors, (index) =>
    spawn(system, creature, `creature-${index}`, { initialState: { mall: place, colour: index % 3, met: 0 } }),
  );
  return () => {
    const done = ask(latch, { type: 'wait', parties: 1 });
    dispatch(place, { type: 'open', meetings });
    for (const each of creatures) dispatch(each, { type: 'start' });
    return done;
  };
});

await serve('nact', { chameneos });
