/** Ping-pong in nact; see `bench/programs/savina/ping-pong.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, play, spawnLatch } from './stage.mjs';

function ponger(state, message, { sender, self }) {
  if (message.type === 'ping') {
    state.pings += 1;
    dispatch(sender, { type: 'pong' }, self);
  } else {
    dispatch(state.latch, { type: 'done', operations: state.pings });
    state.pings = 0;
  }
  return state;
}

function pinger(state, message, { self }) {
  if (message.type === 'start') {
    dispatch(message.ponger, { type: 'ping' }, self);
    return { ...state, ponger: message.ponger, wanted: message.pings, pongs: 0 };
  }
  state.pongs += 1;
  if (state.pongs < state.wanted) dispatch(state.ponger, { type: 'ping' }, self);
  else {
    dispatch(state.latch, { type: 'done', operations: state.pongs });
    dispatch(state.ponger, { type: 'finish' });
  }
  return state;
}

const pingPong = play(async (system, { pings }) => {
  const latch = spawnLatch(system);
  const first = spawn(system, pinger, 'pinger', { initialState: { latch } });
  const second = spawn(system, ponger, 'ponger', { initialState: { latch, pings: 0 } });
  return () => {
    const done = ask(latch, { type: 'wait', parties: 2 });
    dispatch(first, { type: 'start', ponger: second, pings });
    return done;
  };
});

await serve('nact', { 'ping-pong': pingPong });
