/**
 * Requests of clients at a replica (OSDI 1999, sections 4.1 and 4.2): what was executed is answered from the last reply,
 * what is older is dropped, and what is new waits, one request for each client, in the order of arrival; so a client with
 * a thousand requests keeps nobody from having one served. A backup passes a request on to the primary, as clients that
 * got no answer send theirs to everybody.
 */
import type { Signed, Request } from './message.js';
import { primaryOf } from './settings.js';
import { type Effects, isPrimary, type ReplicaState } from './state.js';

/** A request came, from its client or passed on. */
export function receiveRequest(state: ReplicaState, request: Signed<Request>, effects: Effects): void {
  const { client, timestamp } = request;
  const last = state.clients.get(client);
  if (last !== undefined && timestamp <= last.timestamp) {
    if (timestamp === last.timestamp) answer(state, client, effects);
    else effects.refuse(request, 'stale');
    return;
  }
  const why = enqueue(state, request);
  if (why !== undefined) effects.refuse(request, why);
  relay(state, client, effects);
}

/** Replies with what the last request of the client came to. */
export function answer(state: ReplicaState, client: string, effects: Effects): void {
  const last = state.clients.get(client);
  if (last === undefined) return;
  const { timestamp, result } = last;
  effects.sign({ type: 'reply', view: state.view, timestamp, client, replica: state.config.id, result });
}

/** Lets a request wait for its execution. What it gives is why it does not. */
export function enqueue(state: ReplicaState, request: Signed<Request>): 'stale' | 'duplicate' | 'overload' | undefined {
  const { waiting, clients, config } = state;
  const { client, timestamp, operation } = request;
  if (timestamp <= (clients.get(client)?.timestamp ?? -1)) return 'stale';
  const before = waiting.get(client);
  if (before !== undefined && timestamp <= before.request.timestamp) return 'duplicate';
  if (operation.length > config.settings.maxOperationBytes) return 'overload';
  if (before === undefined && waiting.size >= config.settings.maxWaiting) return 'overload';
  // A client that goes on to another request goes to the end of the queue.
  waiting.delete(client);
  waiting.set(client, { request, relayedAt: Number.NEGATIVE_INFINITY });
  return undefined;
}

/** Nothing up to here waits any more: it is executed. */
export function settle({ waiting }: ReplicaState, client: string, timestamp: number): void {
  const entry = waiting.get(client);
  if (entry !== undefined && entry.request.timestamp <= timestamp) waiting.delete(client);
}

/** Passes on what waits for long. */
export function relayAll(state: ReplicaState, effects: Effects): void {
  let left = state.config.settings.burst;
  for (const client of state.waiting.keys()) if (relay(state, client, effects) && (left -= 1) === 0) return;
}

/** At most once in a status period, so that two replicas of different views never play ball with a request. */
function relay(state: ReplicaState, client: string, effects: Effects): boolean {
  const { config, ticks, view } = state;
  const entry = state.waiting.get(client);
  if (entry === undefined || !state.active || isPrimary(state)) return false;
  if (ticks - entry.relayedAt < config.settings.statusTicks) return false;
  entry.relayedAt = ticks;
  effects.send(primaryOf(config.settings, view), entry.request);
  return true;
}
