/** Skynet in nact; see `bench/programs/savina/skynet.ts`. */
import { dispatch, spawn, stop } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, play } from './stage.mjs';

const FAN_OUT = 10;

function node(state, message, { self, parent }) {
  if (message.type === 'start') {
    const { first, leaves } = message;
    if (leaves === 1) {
      dispatch(parent, { type: 'part', sum: first, actors: 1 });
      stop(self);
      return state;
    }
    const share = leaves / FAN_OUT;
    for (let index = 0; index < FAN_OUT; index += 1)
      dispatch(spawn(self, node, `${index}`), { type: 'start', first: first + index * share, leaves: share });
    return { missing: FAN_OUT, sum: 0, actors: 1 };
  }
  state.sum += message.sum;
  state.actors += message.actors;
  state.missing -= 1;
  if (state.missing === 0) {
    dispatch(parent, { type: 'part', sum: state.sum, actors: state.actors });
    stop(self);
  }
  return state;
}

function root(state, message, { self, sender }) {
  if (message.type === 'part') {
    dispatch(state.asker, message);
    return state;
  }
  dispatch(spawn(self, node, 'node'), { type: 'start', first: 0, leaves: message.leaves });
  return { asker: sender };
}

const skynet = play(async (system, { leaves }) => {
  const top = spawn(system, root, 'root');
  return async () => {
    const { sum, actors } = await ask(top, { type: 'grow', leaves });
    if (sum !== (leaves * (leaves - 1)) / 2) throw new Error(`the leaves add up to ${sum}`);
    return actors;
  };
});

await serve('nact', { skynet });
