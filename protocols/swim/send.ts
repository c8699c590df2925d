/**
 * Sending: what has to be said to one member, and on its back as much of what everybody should know as the packet has
 * room for (SWIM, section 4.1: "infection-style dissemination"). A stream carries one message and nothing else.
 */
import type { SwimMessage } from './message.js';
import { bytesInPacket, encodeMessage, encodePacket, packetHeaderBytes } from './packet.js';
import { enqueue, retransmitLimit, takeBroadcasts } from './queue.js';
import { forgetRemoved } from './metadata.js';
import { selfOf, type SwimEffect, type SwimState } from './state.js';

/** Sends messages to one member in one packet, with gossip. Without any it is a packet of gossip, or none. */
export function send(state: SwimState, effects: SwimEffect[], to: string, ...messages: readonly SwimMessage[]): void {
  const own = messages.map(encodeMessage);
  const used = own.reduce((bytes, message) => bytes + bytesInPacket(message), packetHeaderBytes);
  const gossip = takeBroadcasts(
    state.queue,
    state.settings.packetBytes - used,
    retransmitLimit(state.settings.retransmitMult, state.live),
    (about) => finished(state, about),
  );
  if (own.length + gossip.length === 0) return;
  if (own.length > 0) state.counts.piggybacked += gossip.length;
  const packet = encodePacket([...own, ...gossip]);
  state.counts.packets += 1;
  state.counts.bytes += packet.length;
  effects.push({ type: 'send', to, stream: false, packet });
}

/** Sends one message over a stream. */
export function sendStream(state: SwimState, effects: SwimEffect[], to: string, message: SwimMessage): void {
  const packet = encodePacket([encodeMessage(message)]);
  state.counts.streams += 1;
  state.counts.streamBytes += packet.length;
  effects.push({ type: 'send', to, stream: true, packet });
}

/** Puts a message among those that everybody is told. */
export function broadcast(state: SwimState, message: SwimMessage & { readonly node: string }): void {
  enqueue(state.queue, message.node, encodeMessage(message));
}

/** When the last word about this node itself was said, deltas need no longer contain what it said. */
function finished(state: SwimState, about: string): void {
  state.counts.finished += 1;
  if (about !== state.node) return;
  const { metadata } = selfOf(state);
  state.toldVersion = metadata.version;
  forgetRemoved(metadata, metadata.version);
}
