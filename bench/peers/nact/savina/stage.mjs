/**
 * Where nact plays Savina's benchmarks, as `bench/programs/savina/stage.ts` is ours: a system, and a latch, which waits
 * until all who take part in a run have said that they are done. Actors are functions of state and message, as nact's
 * documentation has them; they give back the state that they were given, changed, because a copy for each message would
 * only take time. nact has no bounds on mailboxes and no flow control, so nothing waits.
 */
import { dispatch, query, spawn, start, stop } from 'nact';

const PATIENCE_MS = 150_000;

/** Plays a benchmark as many times in a run as the size has `repeats`. */
export function play(prepare) {
  return async (size) => {
    const system = start();
    const once = await prepare(system, size);
    return {
      run: async ({ repeats = 1 }) => {
        const startMs = performance.now();
        let operations = 0;
        for (let repeat = 0; repeat < repeats; repeat += 1) operations += await once();
        return { ms: performance.now() - startMs, operations };
      },
      stop: async () => stop(system),
    };
  };
}

/**
 * Asks an actor and waits for what it sends to the sender of the question.
 * @returns {Promise<any>}
 */
export function ask(actor, message) {
  return query(actor, message, PATIENCE_MS);
}

/** An actor that answers `{ type: 'wait', parties }` once so many numbers have come, with their sum. */
export function spawnLatch(system) {
  return spawn(
    system,
    (state, message, ctx) => {
      if (message.type === 'wait') return { parties: message.parties, operations: 0, waiting: ctx.sender };
      state.operations += message.operations;
      state.parties -= 1;
      if (state.parties === 0) dispatch(state.waiting, state.operations);
      return state;
    },
    'latch',
  );
}

/** So many values, made by their index. */
export function many(count, make) {
  return Array.from({ length: count }, (_, index) => make(index));
}
