/**
 * The protocol's time. A node that hung (a stopped process, a blocked event loop, a machine that slept) finds all its
 * timers due at once when it goes on, though the others had no chance to answer: the classic way in which one slow member
 * kills healthy ones (Lifeguard, section I). So time passes here by ticks, a tick that comes too late counts as little
 * more than one that does not, and the node doubts itself and asks again before it declares anybody dead.
 *
 *     driver's clock    0 ── 0.1 ── 0.2 ─── hangs ─── 30.2 ── 30.3
 *     protocol's time   0 ── 0.1 ── 0.2 ───────────────1.2 ─── 1.3          stallMs 1 s: 29 s did not happen
 */
import { adjustAwareness } from './refute.js';
import type { SwimState } from './state.js';
import { restartSuspicions } from './suspect.js';

/** Time passes, by what the driver's clock shows. A clock that goes backwards makes none pass. */
export function passTime(state: SwimState, clockMs: number): void {
  const passedMs = Math.max(0, clockMs - (state.clockMs ?? clockMs));
  state.clockMs = clockMs;
  state.nowMs += Math.min(passedMs, state.settings.stallMs);
  if (passedMs <= state.settings.stallMs) return;
  state.counts.stall += 1;
  adjustAwareness(state, 1);
  comeBack(state);
}

/**
 * What was under way when the node was cut off from the world, by itself or by its network, says nothing about others.
 * What it believes may be old: it asks for news at once.
 */
export function comeBack(state: SwimState): void {
  state.probe = undefined;
  state.relays.clear();
  restartSuspicions(state);
  state.nextSyncMs = state.nowMs;
}
