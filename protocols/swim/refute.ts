/**
 * What a node says of itself. Only it may make up a new incarnation, so whatever is said of a lower one is over when it
 * does (SWIM, section 4.2).
 */
import { changeAwareness } from './awareness.js';
import type { Alive } from './message.js';
import { deltaSince } from './metadata.js';
import { broadcast } from './send.js';
import { selfOf, type SwimState } from './state.js';

/** "I am alive": a new incarnation, above the one that it is accused of. */
export function refute(state: SwimState, accused: number): void {
  const self = selfOf(state);
  self.incarnation = Math.max(self.incarnation, accused) + 1;
  state.counts.refutation += 1;
  // Somebody did not hear from us in time, and it may be our fault.
  adjustAwareness(state, 1);
  broadcast(state, aliveSelf(state));
}

/** What the node says of itself, with the metadata that not everybody has been told. */
export function aliveSelf(state: SwimState): Alive {
  const { node, address, incarnation, metadata } = selfOf(state);
  return { type: 'alive', node, address, incarnation, metadata: deltaSince(metadata, state.toldVersion) };
}

/** Changes what the node thinks of its own health. */
export function adjustAwareness(state: SwimState, change: number): void {
  const before = state.awareness;
  state.awareness = changeAwareness(before, change, state.settings.awarenessMaxMultiplier);
  if (state.awareness > before) state.counts.lessHealthy += 1;
  if (state.awareness < before) state.counts.healthier += 1;
}
