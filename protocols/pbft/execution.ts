/**
 * What committed is executed in the order of sequence numbers, each request at most once (OSDI 1999, section 4.2): one
 * whose timestamp is not above that of the last request executed for its client is passed over. The service works
 * outside; one batch is in its hands at a time, so that what a batch leaves out is decided with all before it done.
 */
import { NULL_DIGEST } from './encoding.js';
import type { Request, Signed } from './message.js';
import { answer, settle } from './requests.js';
import type { Effects, ReplicaState } from './state.js';

/** Hands the next committed batch to the service, when that is free and the batch is here. */
export function tryExecute(state: ReplicaState, effects: Effects): void {
  if (state.executing !== undefined) return;
  const seq = state.executed + 1;
  const digest = state.decided.get(seq);
  if (digest === undefined) return;
  const batch = digest === NULL_DIGEST ? [] : state.batches.get(digest)?.requests;
  if (batch === undefined) return;
  const requests = fresh(state, batch);
  state.executing = { seq, requests };
  effects.push({ type: 'execute', seq, digest, requests });
}

/** Those of a batch that were not executed before, nor earlier in the batch. */
function fresh({ clients }: ReplicaState, batch: readonly Signed<Request>[]): readonly Signed<Request>[] {
  const last = new Map<string, number>();
  return batch.filter(({ client, timestamp }) => {
    if (timestamp <= (last.get(client) ?? clients.get(client)?.timestamp ?? -1)) return false;
    last.set(client, timestamp);
    return true;
  });
}

/** The service is done with a batch. */
export function executed(state: ReplicaState, seq: number, results: readonly Uint8Array[], effects: Effects): void {
  // A state that was transferred meanwhile may have overtaken the service.
  if (state.executing?.seq !== seq) return;
  const { requests } = state.executing;
  state.executing = undefined;
  state.executed = seq;
  requests.forEach(({ client, timestamp }, index) => {
    state.clients.set(client, { timestamp, result: results[index] ?? new Uint8Array(0) });
    settle(state, client, timestamp);
    answer(state, client, effects);
  });
  if (requests.length > 0) state.progressed = true;
  if (seq % state.config.settings.checkpointEvery === 0) {
    state.snapshotting.set(seq, new Map(state.clients));
    effects.push({ type: 'snapshot', seq });
  }
}
