/**
 * The sending half of anti-entropy, at each tick: deltas to some neighbours that lack them, and now and then a digest.
 * (Algorithm 2 of Almeida, Shoker and Baquero, JPDC 2018, "periodically ship delta-interval or state"; neighbours are
 * drawn by chance as there, but only among those that lack something.)
 */
import { chanceOf, nextChance } from '../chance.js';
import { sendDigest } from './agree.js';
import { type Group, interval } from './document.js';
import type { ReplicaId } from './dot.js';
import type { Neighbour, ReplicaEffect, ReplicaState } from './state.js';

/** One tick. */
export function ship(state: ReplicaState, effects: ReplicaEffect[]): void {
  state.tick += 1;
  const lacking = [...state.neighbours.values()].filter((neighbour) => isShippedTo(neighbour, state.tick));
  for (const neighbour of draw(state, lacking, state.settings.fanout)) shipTo(state, neighbour, effects);
  introduce(state, effects);
  if (state.tick % state.settings.digestTicks !== 0) return;
  // In turn, so that each neighbour is heard of in a bounded time.
  const neighbours = [...state.neighbours.values()];
  const next = neighbours[(state.tick / state.settings.digestTicks) % neighbours.length];
  if (next !== undefined) sendDigest(state, next, false, effects);
}

function isShippedTo({ replica, dirty, holdUntil }: Neighbour, tick: number): boolean {
  return replica !== undefined && dirty.size > 0 && holdUntil <= tick;
}

/** Neighbours that never said a word get a digest, by which they learn of this replica and answer. */
function introduce(state: ReplicaState, effects: ReplicaEffect[]): void {
  if (state.tick % state.settings.resendTicks !== 0) return;
  for (const neighbour of state.neighbours.values())
    if (neighbour.replica === undefined) sendDigest(state, neighbour, true, effects);
}

function shipTo(state: ReplicaState, neighbour: Neighbour, effects: ReplicaEffect[]): void {
  const { dirty, node, replica } = neighbour;
  if (replica === undefined) return;
  const groups: Group[] = [];
  for (const address of [...dirty]) {
    if (groups.length >= state.settings.groupsPerMessage) break;
    const group = groupFor(state, neighbour, replica, address);
    if (group === undefined) continue;
    groups.push(group);
    // To the end of the line: what is never acked does not keep the others from being sent.
    dirty.delete(address);
    dirty.add(address);
  }
  if (groups.length === 0) return;
  effects.push({ type: 'send', to: node, message: { type: 'deltas', from: state.replica, to: replica, groups } });
}

/** What the neighbour lacks of a document, unless it was sent just now. */
function groupFor(state: ReplicaState, neighbour: Neighbour, replica: ReplicaId, address: string): Group | undefined {
  const document = state.documents.get(address);
  if (document === undefined || document.seq === 0) {
    // It was named, by a group that was not merged, and has nothing in it.
    neighbour.dirty.delete(address);
    return undefined;
  }
  const { seq } = document;
  const sent = neighbour.sent.get(address);
  if (sent !== undefined && sent.seq === seq && state.tick - sent.tick < state.settings.resendTicks) return undefined;
  neighbour.sent.set(address, { seq, tick: state.tick });
  const group = interval(document, neighbour.node, replica);
  if (group.from === 0) state.counts.wholeStates += 1;
  return group;
}

/** Some of the neighbours, each as likely as the others. */
function draw(state: ReplicaState, neighbours: Neighbour[], count: number): readonly Neighbour[] {
  const drawn: Neighbour[] = [];
  while (drawn.length < count && neighbours.length > 0) {
    state.chance = nextChance(state.chance);
    drawn.push(...neighbours.splice(chanceOf(state.chance, neighbours.length), 1));
  }
  return drawn;
}
