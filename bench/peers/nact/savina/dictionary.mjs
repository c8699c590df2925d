/** The concurrent dictionary in nact; see `bench/programs/savina/dictionary.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { below, nextOf, seedOf } from './chance.mjs';
import { ask, many, play, spawnLatch } from './stage.mjs';

const KEY_BITS = 19;
const KEYS = 2 ** KEY_BITS;

function dictionary(table, message, { sender, self }) {
  if (message.type === 'write') table.set(message.key, message.value);
  dispatch(sender, { type: 'result', value: table.get(message.key) }, self);
  return table;
}

function worker(state, message, { self }) {
  if (message.type === 'start') {
    state.chance = seedOf(state.index);
    state.answered = 0;
    send(state, self);
    return state;
  }
  if (message.value % KEYS !== state.key) throw new Error(`${message.value} was found under ${state.key}`);
  state.answered += 1;
  if (state.answered < state.messages) send(state, self);
  else dispatch(state.latch, { type: 'done', operations: state.answered });
  return state;
}

function send(state, self) {
  state.chance = nextOf(state.chance);
  const writes = below(state.chance, 100) < state.writePercent;
  state.chance = nextOf(state.chance);
  const key = state.chance >>> (32 - KEY_BITS);
  state.key = key;
  const message = writes ? { type: 'write', key, value: key + KEYS * state.answered } : { type: 'read', key };
  dispatch(state.dictionary, message, self);
}

const concurrentDictionary = play(async (system, { actors, messages, writePercent }) => {
  const latch = spawnLatch(system);
  const initialState = new Map(many(KEYS, (key) => [key, key]));
  const table = spawn(system, dictionary, 'dictionary', { initialState });
  const common = { messages, writePercent, dictionary: table, latch };
  const workers = many(actors, (index) =>
    spawn(system, worker, `worker-${index}`, { initialState: { ...common, index, chance: 0, key: 0, answered: 0 } }),
  );
  return () => {
    const done = ask(latch, { type: 'wait', parties: actors });
    for (const each of workers) dispatch(each, { type: 'start' });
    return done;
  };
});

await serve('nact', { dictionary: concurrentDictionary });
