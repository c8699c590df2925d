/**
 * Gossip in rounds of its own, for what no probe or ack has carried yet (memberlist, state.go: gossip; Lifeguard calls
 * it the gossip layer). Members that died a short while ago are sent it, too: one that hears of its death refutes it.
 */
import { randomMembers } from './random-members.js';
import { send } from './send.js';
import type { Member, SwimEffect, SwimState } from './state.js';

/** One round, when it is time. */
export function gossip(state: SwimState, effects: SwimEffect[]): void {
  const { settings, nowMs, queue } = state;
  if (nowMs < state.nextGossipMs) return;
  state.nextGossipMs = nowMs + settings.gossipIntervalMs;
  if (queue.byMember.size === 0) return;
  for (const { address } of randomMembers(state, settings.gossipNodes, (member) => hears(state, member)))
    send(state, effects, address);
}

function hears({ settings, nowMs }: SwimState, { status, changedMs }: Member): boolean {
  return status === 'dead' ? nowMs - changedMs <= settings.gossipToTheDeadMs : status !== 'left';
}
