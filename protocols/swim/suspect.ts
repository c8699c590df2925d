/**
 * "That one does not answer", and "that one is dead". A member is suspected first, so that it can refute, and is dead when
 * the suspicion runs out; `alive.ts` has the table of what overrides what.
 *
 *     alive ── no ack ──> suspect ── time is up ──> dead          suspect, dead ── alive, higher incarnation ──> alive
 *       └────────────── "I leave", from itself ──────────────> left ── alive, higher incarnation ──> alive
 */
import type { Dead, Suspect } from './message.js';
import { refute } from './refute.js';
import { broadcast } from './send.js';
import { type Member, setStatus, type SwimEffect, type SwimState } from './state.js';
import { confirm, newSuspicion, suspicionTimes } from './suspicion.js';

/** Somebody suspects a member, or this node does. */
export function onSuspect(state: SwimState, message: Suspect, effects: SwimEffect[]): void {
  const member = state.members.get(message.node);
  if (member === undefined || message.incarnation < member.incarnation) {
    state.counts.old += 1;
    return;
  }
  const suspicion = state.suspicions.get(message.node);
  if (suspicion !== undefined) {
    if (!confirm(suspicion, message.from)) return;
    state.counts.confirmation += 1;
    broadcast(state, message);
    return;
  }
  if (member.status !== 'alive') return;
  if (message.node === state.node) return refute(state, message.incarnation);
  broadcast(state, message);
  member.incarnation = message.incarnation;
  setStatus(state, member, 'suspect');
  state.counts.suspicion += 1;
  const times = suspicionTimes(state.settings, state.live);
  state.suspicions.set(message.node, newSuspicion(message.from, state.nowMs, times));
  effects.push({ type: 'event', event: { type: 'suspect', node: member.node, incarnation: member.incarnation } });
}

/** Somebody says that a member is dead, or has left when it says so itself. */
export function onDead(state: SwimState, message: Dead, effects: SwimEffect[]): void {
  const member = state.members.get(message.node);
  if (member === undefined || message.incarnation < member.incarnation) {
    state.counts.old += 1;
    return;
  }
  state.suspicions.delete(message.node);
  const left = message.from === message.node;
  if (member.status === 'dead' || member.status === 'left') {
    if (left) setStatus(state, member, 'left');
    return;
  }
  if (message.node === state.node && state.phase === 'running') return refute(state, message.incarnation);
  broadcast(state, message);
  member.incarnation = message.incarnation;
  setStatus(state, member, left ? 'left' : 'dead');
  const { node, incarnation } = member;
  const event = { type: 'dead', node, incarnation, reason: left ? 'left' : 'failed', from: message.from } as const;
  effects.push({ type: 'event', event });
}

/** Members whose time to refute is up are dead. */
export function expireSuspicions(state: SwimState, effects: SwimEffect[]): void {
  for (const [node, { deadlineMs }] of state.suspicions) {
    if (state.nowMs < deadlineMs) continue;
    const { incarnation } = state.members.get(node) as Member;
    state.counts.death += 1;
    onDead(state, { type: 'dead', node, incarnation, from: state.node }, effects);
  }
}

/**
 * Begins all suspicions anew and asks around again: while this node was away they may have been refuted, and it would not
 * know.
 */
export function restartSuspicions(state: SwimState): void {
  const times = suspicionTimes(state.settings, state.live);
  for (const node of [...state.suspicions.keys()]) {
    const { incarnation } = state.members.get(node) as Member;
    state.suspicions.set(node, newSuspicion(state.node, state.nowMs, times));
    broadcast(state, { type: 'suspect', node, incarnation, from: state.node });
  }
}
