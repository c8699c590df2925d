/**
 * Membership by SWIM (Das, Gupta, Motivala, "SWIM: scalable weakly-consistent infection-style process group membership
 * protocol", DSN 2002) with Lifeguard (Dadgar, Phillips, Currey, "Lifeguard: local health awareness for more accurate
 * failure detection", DSN-W 2018), in the form of hashicorp/memberlist: one step. As in `delivery/producer.ts` the step
 * changes the state that it is given, which belongs to it.
 *
 *     tick ──> time ──> probe ─> relays ─> suspicions ─> gossip ─> push-pull ─> reconnect ──> sends, events
 *     packet ──> ping, ping-req, ack, nack: probe.ts     alive, suspect, dead: alive.ts, suspect.ts     push-pull
 *
 * Nothing is kept on a disk. A node that starts again begins with incarnation 1, hears from the first that it joins how
 * far it had got, and refutes that. `docs/protocols/swim.md` says where and why this deviates from memberlist.
 */
import { unreachable } from '../wire/error.js';
import { onAlive } from './alive.js';
import { gossip } from './gossip.js';
import type { SwimMessage } from './message.js';
import { maxMetadataBytes, type MetadataEntry, setMetadata } from './metadata.js';
import { decodePacket } from './packet.js';
import { expireRelays, onAck, onNack, onPing, onPingReq, probe } from './probe.js';
import { join, onPushPull, reconnect, sync } from './push-pull.js';
import { aliveSelf } from './refute.js';
import { broadcast } from './send.js';
import { selfOf, type SwimEffect, type SwimInput, type SwimState } from './state.js';
import { expireSuspicions, onDead, onSuspect } from './suspect.js';
import { comeBack, passTime } from './time.js';

/** One step. */
export function stepSwim(
  state: SwimState,
  input: SwimInput,
): { readonly state: SwimState; readonly effects: readonly SwimEffect[] } {
  const effects: SwimEffect[] = [];
  switch (input.type) {
    case 'tick':
      tick(state, input.nowMs, effects);
      break;
    case 'receive':
      receive(state, input.packet, effects);
      break;
    case 'join':
      if (state.phase === 'running') join(state, input.seeds, effects);
      break;
    case 'leave':
      leave(state, effects);
      break;
    case 'set-metadata':
      changeMetadata(state, input.changes, effects);
      break;
    case 'transport':
      if (input.up && !state.transportUp) comeBack(state);
      state.transportUp = input.up;
      break;
    default:
      unreachable(input);
  }
  return { state, effects };
}

function tick(state: SwimState, clockMs: number, effects: SwimEffect[]): void {
  passTime(state, clockMs);
  if (state.phase === 'left') return;
  // Cut off, it hears nobody: that is not their fault, and nothing that it says arrives.
  if (state.transportUp) act(state, effects);
  if (state.phase === 'leaving') endLeave(state, effects);
}

function act(state: SwimState, effects: SwimEffect[]): void {
  expireRelays(state, effects);
  const running = state.phase === 'running';
  if (running) {
    probe(state, effects);
    expireSuspicions(state, effects);
  }
  gossip(state, effects);
  if (!running) return;
  sync(state, effects);
  reconnect(state, effects);
}

function receive(state: SwimState, packet: Uint8Array, effects: SwimEffect[]): void {
  const messages = decodePacket(packet);
  if (messages === undefined) {
    state.counts.malformed += 1;
    return;
  }
  for (const message of messages) onMessage(state, message, effects);
}

function onMessage(state: SwimState, message: SwimMessage, effects: SwimEffect[]): void {
  switch (message.type) {
    case 'ping':
      return onPing(state, message, effects);
    case 'ping-req':
      return onPingReq(state, message, effects);
    case 'ack':
      return onAck(state, message, effects);
    case 'nack':
      return onNack(state, message);
    case 'alive':
      return onAlive(state, message, effects);
    case 'suspect':
      return onSuspect(state, message, effects);
    case 'dead':
      return onDead(state, message, effects);
    case 'push-pull':
      return onPushPull(state, message, effects);
    default:
      return unreachable(message);
  }
}

/** "I leave": a death that the dead one itself tells of (memberlist: Leave). */
function leave(state: SwimState, effects: SwimEffect[]): void {
  if (state.phase !== 'running') return;
  state.phase = 'leaving';
  state.leaveUntilMs = state.nowMs + state.settings.leaveTimeoutMs;
  state.probe = undefined;
  const { node, incarnation } = selfOf(state);
  onDead(state, { type: 'dead', node, incarnation, from: node }, effects);
  endLeave(state, effects);
}

/** The leave is over when it was told as often as anything is, when nobody is there to hear it, or when it takes long. */
function endLeave(state: SwimState, effects: SwimEffect[]): void {
  const told = !state.queue.byMember.has(state.node);
  if (!told && state.live > 0 && state.nowMs < state.leaveUntilMs) return;
  state.phase = 'left';
  effects.push({ type: 'left' });
}

function changeMetadata(state: SwimState, changes: readonly MetadataEntry[], effects: SwimEffect[]): void {
  const self = selfOf(state);
  if (state.phase !== 'running') return;
  if (!setMetadata(self.metadata, changes)) {
    effects.push({ type: 'metadata-refused', maxBytes: maxMetadataBytes });
    return;
  }
  self.incarnation += 1;
  broadcast(state, aliveSelf(state));
}
