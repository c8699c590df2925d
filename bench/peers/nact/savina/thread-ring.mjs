/** The thread ring in nact; see `bench/programs/savina/thread-ring.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, many, play, spawnLatch } from './stage.mjs';

function node(state, message) {
  if (message.type === 'join') return { ...state, next: message.next };
  if (message.hop < state.hops) dispatch(state.next, { type: 'token', hop: message.hop + 1 });
  else dispatch(state.latch, { type: 'done', operations: message.hop });
  return state;
}

const threadRing = play(async (system, { actors, hops }) => {
  const latch = spawnLatch(system);
  const ring = many(actors, (index) => spawn(system, node, `node-${index}`, { initialState: { hops, latch } }));
  ring.forEach((each, index) => dispatch(each, { type: 'join', next: ring[(index + 1) % actors] }));
  return () => {
    const done = ask(latch, { type: 'wait', parties: 1 });
    dispatch(ring[0], { type: 'token', hop: 1 });
    return done;
  };
});

await serve('nact', { 'thread-ring': threadRing });
