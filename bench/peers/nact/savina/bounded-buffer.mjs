/** The bounded buffer in nact; see `bench/programs/savina/bounded-buffer.ts`. */
import { dispatch, spawn } from 'nact';
import { serve } from '../../serve.mjs';
import { ask, many, play, spawnLatch } from './stage.mjs';

function manager(state, message, { sender, self }) {
  switch (message.type) {
    case 'item': {
      const consumer = state.consumers.shift();
      if (consumer === undefined) state.items.push(message.item);
      else dispatch(consumer, { type: 'consume', item: message.item }, self);
      if (state.items.length >= state.room) state.producers.push(sender);
      else dispatch(sender, { type: 'produce' }, self);
      return state;
    }
    case 'free': {
      const item = state.items.shift();
      if (item === undefined) {
        state.consumers.push(sender);
        endIfAllRest(state);
      } else {
        dispatch(sender, { type: 'consume', item }, self);
        const producer = state.producers.shift();
        if (producer !== undefined) dispatch(producer, { type: 'produce' }, self);
      }
      return state;
    }
    case 'finished':
      state.finished += 1;
      endIfAllRest(state);
      return state;
  }
}

function endIfAllRest(state) {
  if (state.finished < state.all.producers || state.consumers.length < state.all.consumers) return;
  state.finished = 0;
  dispatch(state.latch, { type: 'done', operations: 0 });
}

function producer(state, _message, { self }) {
  if (state.made === state.items) {
    state.made = 0;
    dispatch(state.manager, { type: 'finished' }, self);
    return state;
  }
  state.made += 1;
  dispatch(state.manager, { type: 'item', item: state.made }, self);
  return state;
}

function consumer(state, message, { sender, self }) {
  if (message.type === 'take') {
    dispatch(sender, { used: state.used, sum: state.sum });
    return { ...state, used: 0, sum: 0 };
  }
  if (message.type === 'consume') {
    state.used += 1;
    state.sum += message.item;
  }
  dispatch(state.manager, { type: 'free' }, self);
  return state;
}

const boundedBuffer = play(async (system, { buffer, producers, consumers, items }) => {
  const latch = spawnLatch(system);
  const all = { producers, consumers };
  const initialState = { latch, all, room: buffer - producers, producers: [], consumers: [], items: [], finished: 0 };
  const middle = spawn(system, manager, 'manager', { initialState });
  const makers = many(producers, (index) =>
    spawn(system, producer, `producer-${index}`, { initialState: { manager: middle, items, made: 0 } }),
  );
  const users = many(consumers, (index) =>
    spawn(system, consumer, `consumer-${index}`, { initialState: { manager: middle, used: 0, sum: 0 } }),
  );
  for (const each of users) dispatch(each, { type: 'start' });
  return async () => {
    const done = ask(latch, { type: 'wait', parties: 1 });
    for (const each of makers) dispatch(each, { type: 'produce' });
    await done;
    const taken = await Promise.all(users.map((each) => ask(each, { type: 'take' })));
    const sum = taken.reduce((total, each) => total + each.sum, 0);
    const made = (producers * items * (items + 1)) / 2;
    if (sum !== made) throw new Error(`items of ${made} were made and of ${sum} were used`);
    return taken.reduce((total, each) => total + each.used, 0);
  };
});

await serve('nact', { 'bounded-buffer': boundedBuffer });
