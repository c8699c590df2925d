/**
 * What reads and writes have in common at the node that coordinates them: who may, whom to ask, who stands in, and when
 * it is over. (Dynamo, sections 4.5 and 4.6.)
 *
 * The coordinator is one of the replicas of the key; any other node answers with their names. It has to be for writes,
 * whose dot is only safe where all dots of that actor for the key are known, and it is for reads so that what they
 * repair others with is never older than what the coordinator holds. Dynamo lets the next healthy node coordinate when
 * all N are away; here such a write is unavailable.
 */
import type { QuorumMessage } from './message.js';
import { arcOfKey, count, reply, send } from './records.js';
import { type Arc, positionOf, walkFrom } from './ring.js';
import type { Operation, QuorumState } from './state.js';

/** The arc of a key that this node may coordinate an operation of; else the client has been told why not. */
export function arcToCoordinate(state: QuorumState, id: string, key: string): Arc | undefined {
  const arc = arcOfKey(state, key);
  if (arc === undefined) reply(state, id, { type: 'no-ring' });
  else if (!arc.members.includes(state.node)) reply(state, id, { type: 'redirect', to: arc.members });
  else if (state.operations.size >= state.settings.maxOperations) reply(state, id, { type: 'overloaded' });
  else return arc;
  return undefined;
}

/** How many of a list are in a set. */
export function tally(list: readonly string[], among: ReadonlySet<string>): number {
  let found = 0;
  for (const id of list) if (among.has(id)) found += 1;
  return found;
}

/** Sends a request to each replica that is missing, and to whoever stands in for it. */
export function ask(
  state: QuorumState,
  operation: Operation,
  missing: readonly string[],
  request: (standFor: string | undefined) => QuorumMessage,
): void {
  operation.askedTick = state.tick;
  for (const replica of missing) {
    send(state, replica, request(undefined));
    const standIn = operation.standIns.get(replica);
    if (standIn !== undefined) send(state, standIn, request(replica));
  }
}

/** Finds somebody further along the ring for each replica that is missing. True when there is one more to ask. */
export function findStandIns(state: QuorumState, operation: Operation, arc: Arc, missing: readonly string[]): boolean {
  const { table, settings, tick } = state;
  if (!settings.sloppy || table === undefined || tick - operation.startTick < settings.fallbackTicks) return false;
  let found = false;
  const taken = new Set(operation.standIns.values());
  for (const replica of missing) {
    if (operation.standIns.has(replica)) continue;
    const free = walkFrom(table, positionOf(operation.key)).find((id) => !arc.all.includes(id) && !taken.has(id));
    if (free === undefined) break;
    operation.standIns.set(replica, free);
    taken.add(free);
    count(state, 'stand-in asked');
    found = true;
  }
  return found;
}

/** The replica that an answer counts for: that of its sender, or the one that the sender stands in for. */
export function replicaBehind(operation: Operation, list: readonly string[], from: string): string | undefined {
  if (list.includes(from)) return from;
  for (const [replica, standIn] of operation.standIns) if (standIn === from) return replica;
  return undefined;
}

/** What is to be done with an operation at a tick. */
export function dueOf({ settings, tick }: QuorumState, { startTick, askedTick }: Operation): 'close' | 'ask' | 'wait' {
  if (tick - startTick >= settings.timeoutTicks) return 'close';
  return tick - askedTick >= settings.retryTicks ? 'ask' : 'wait';
}
