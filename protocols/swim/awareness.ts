/**
 * How healthy a node believes itself to be, from 0 (healthy) up: Lifeguard's local health multiplier (section IV-A,
 * "LHM"). Whoever does not hear acks that others would have heard is likely the slow one itself, and waits longer before
 * it suspects anybody. The amounts are memberlist's (awareness.go, state.go):
 *
 *     probe answered                    - 1
 *     probe failed, nobody to ask       + 1
 *     probe failed, others were asked   + 1 for each of them that sent neither ack nor nack
 *     had to refute                     + 1
 *     hung, by its own clock            + 1     (ours: the stall is known at once, not only by its consequences)
 */

/** The score after a change; from 0 to `multiplier - 1`. */
export function changeAwareness(score: number, change: number, multiplier: number): number {
  return Math.max(0, Math.min(multiplier - 1, score + change));
}

/** A time, scaled by what the node thinks of itself. */
export function scaleTimeout(timeMs: number, score: number): number {
  return timeMs * (score + 1);
}
