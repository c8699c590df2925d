/**
 * A replica of Practical Byzantine Fault Tolerance (Castro and Liskov, OSDI 1999; "Practical Byzantine fault tolerance
 * and proactive recovery", ACM TOCS 20(4), 2002): n = 3f + 1 replicas agree on one order of requests though f of them do
 * whatever they like, each message signed by its author. Safety never depends on time; liveness does, as it must.
 *
 *     client --request--> primary --pre-prepare--> backups --prepare--> all --commit--> all --reply--> client
 *                                                                                         (f + 1 equal ones)
 *
 * A step takes one input; after it, whatever has become possible is done: orders of a new-view enter the log, the next
 * batch is executed, waiting requests are proposed, the timer is set. The step changes the state that it is given.
 */
import { unreachable } from '../wire/error.js';
import { receiveCheckpoint, snapshotTaken } from './checkpoint.js';
import type { ReplicaEffect, ReplicaInput } from './effects.js';
import { executed, tryExecute } from './execution.js';
import type { PbftMessage, ReplicaBody, Signed } from './message.js';
import {
  orderNewView,
  propose,
  proposed,
  receiveBatch,
  receiveCommit,
  receivePrepare,
  receiveProposal,
} from './ordering.js';
import { resume } from './recovery.js';
import { receiveRequest, relayAll } from './requests.js';
import { Effects, type ReplicaState } from './state.js';
import { receiveStatus, statusDue, statusOf } from './status.js';
import { setTimer, tickTimer } from './timer.js';
import { askForState, fetchState, receiveFetch, receiveTransfer } from './transfer.js';
import { orderSigned, receiveNewView, receiveViewChange } from './view-change.js';

/** One step. */
export function stepReplica(
  state: ReplicaState,
  input: ReplicaInput,
): { readonly state: ReplicaState; readonly effects: readonly ReplicaEffect[] } {
  const effects = new Effects(state);
  take(state, input, effects);
  orderNewView(state, effects);
  tryExecute(state, effects);
  propose(state, effects);
  setTimer(state);
  return { state, effects: effects.list };
}

function take(state: ReplicaState, input: ReplicaInput, effects: Effects): void {
  switch (input.type) {
    case 'tick':
      return tick(state, effects);
    case 'receive':
      return receive(state, input.message, effects);
    case 'signed':
      return signed(state, input.message, effects);
    case 'executed':
      return executed(state, input.seq, input.results, effects);
    case 'snapshot':
      return snapshotTaken(state, input.seq, input.service, effects);
    case 'resume':
      return resume(state, effects);
    default:
      return unreachable(input);
  }
}

function tick(state: ReplicaState, effects: Effects): void {
  state.ticks += 1;
  tickTimer(state, effects);
  if (!statusDue(state)) return;
  effects.sign(statusOf(state));
  relayAll(state, effects);
  fetchState(state, effects);
}

function receive(state: ReplicaState, message: PbftMessage, effects: Effects): void {
  switch (message.type) {
    case 'request':
      return receiveRequest(state, message, effects);
    case 'proposal':
      return receiveProposal(state, message, effects);
    case 'batch':
      return receiveBatch(state, message, effects);
    case 'transfer':
      return receiveTransfer(state, message, effects);
    case 'new-view':
      return receiveNewView(state, message, effects);
    default:
      return receiveFrom(state, message, effects);
  }
}

/** Messages that name the replica they are of. What claims to be of this one was said in an earlier life. */
function receiveFrom(
  state: ReplicaState,
  message: Extract<PbftMessage, { readonly replica: number }>,
  effects: Effects,
): void {
  if (message.replica === state.config.id) return effects.refuse(message, 'role');
  switch (message.type) {
    case 'prepare':
      return receivePrepare(state, message, effects);
    case 'commit':
      return receiveCommit(state, message, effects);
    case 'checkpoint':
      return receiveCheckpoint(state, message, effects);
    case 'view-change':
      return receiveViewChange(state, message, effects);
    case 'status':
      return receiveStatus(state, message, effects);
    case 'fetch':
      return receiveFetch(state, message, effects);
    default:
      return unreachable(message);
  }
}

/** Own messages go through the same doors as those of others, and out to the others behind them. */
function signed(state: ReplicaState, message: Signed<ReplicaBody>, effects: Effects): void {
  switch (message.type) {
    case 'reply':
      return effects.push({ type: 'reply', to: message.client, message });
    case 'pre-prepare':
      return state.forming === undefined ? proposed(state, message, effects) : orderSigned(state, message, effects);
    case 'prepare':
      return receivePrepare(state, message, effects);
    case 'commit':
      return receiveCommit(state, message, effects);
    case 'checkpoint':
      return receiveCheckpoint(state, message, effects);
    case 'view-change':
      return receiveViewChange(state, message, effects);
    case 'new-view':
      return receiveNewView(state, message, effects);
    case 'status':
      return effects.multicast(message);
    case 'fetch':
      return askForState(state, message, effects);
    default:
      return unreachable(message);
  }
}
