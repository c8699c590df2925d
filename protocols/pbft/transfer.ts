/**
 * State transfer: a replica that fell behind what the others have discarded asks one of them after another for a stable
 * checkpoint. What comes is believed on its proof alone: 2f + 1 replicas signed the digest, and the state has it. The
 * paper (TOCS 2002, section 5.3) fetches parts of the state along a tree of digests; here it comes in one piece.
 */
import { readState } from './encoding.js';
import { provesStable } from './evidence.js';
import type { Fetch, Signed, Transfer } from './message.js';
import { settle } from './requests.js';
import { advance } from './checkpoint.js';
import { type Effects, peerOf, type ReplicaState } from './state.js';

/** Asks somebody who may have it for a later state, if there is one. */
export function fetchState(state: ReplicaState, effects: Effects): void {
  const { config, target, peers, executed } = state;
  const having = [...peers].filter(([, { stable }]) => stable > executed).map(([replica]) => replica);
  if (target !== undefined) having.push(...target.proof.map(({ replica }) => replica));
  const others = [...new Set(having)].filter((replica) => replica !== config.id).toSorted((one, other) => one - other);
  const from = others[state.fetches % Math.max(1, others.length)];
  if (from === undefined) return;
  state.fetches += 1;
  // A state that a quorum does not have is worth nothing, however far it got.
  const worth = target === undefined ? executed : Math.min(executed, target.seq - 1);
  state.fetching = from;
  effects.sign({ type: 'fetch', replica: config.id, executed: worth });
}

/** The question is signed and goes to whom it was meant for. */
export function askForState(state: ReplicaState, message: Signed<Fetch>, effects: Effects): void {
  if (state.fetching === undefined) return;
  effects.send(state.fetching, message);
  state.fetching = undefined;
}

/** A replica asks for a state. It gets one in a status period, because a state is large and a question is not. */
export function receiveFetch(state: ReplicaState, message: Signed<Fetch>, effects: Effects): void {
  const { stable, ticks, config } = state;
  const peer = peerOf(state, message.replica);
  if (message.executed >= stable.seq) return effects.refuse(message, 'stale');
  if (peer.servedAt >= 0 && ticks - peer.servedAt < config.settings.statusTicks)
    return effects.refuse(message, 'overload');
  peer.servedAt = ticks;
  effects.send(message.replica, { type: 'transfer', proof: stable.proof, state: stable.state });
}

/** A state came. */
export function receiveTransfer(state: ReplicaState, message: Transfer, effects: Effects): void {
  const { config, target } = state;
  const { proof } = message;
  const seq = proof[0]?.seq ?? 0;
  const digest = proof[0]?.digest ?? '';
  const wanted = seq > state.executed || seq === target?.seq;
  if (!wanted || seq <= state.stable.seq) return effects.refuse(message, 'stale');
  if (!provesStable(proof, seq, config.settings)) return effects.refuse(message, 'invalid');
  if (config.digest(message.state) !== digest) return effects.refuse(message, 'digest');
  const content = readState(message.state);
  if (content === undefined) return effects.refuse(message, 'invalid');
  state.executed = seq;
  state.executing = undefined;
  state.snapshotting.clear();
  state.clients.clear();
  for (const [client, last] of content.clients) {
    state.clients.set(client, last);
    settle(state, client, last.timestamp);
  }
  // A primary that was behind does not give numbers again that the others have discarded.
  state.next = Math.max(state.next, seq + 1);
  advance(state, { seq, digest, proof, state: message.state }, effects);
  effects.push({ type: 'restore', seq, service: content.service });
}
