/**
 * The development guard of isolation. On one executor messages pass by reference; frozen, a message that its sender or
 * receiver goes on to change throws at the line that does it, instead of working here and failing across threads.
 */
import type { Envelope } from '#protocols/wire/envelope';

/** Freezes what a user put into an envelope. */
export function freezePayload(envelope: Envelope): void {
  if (envelope.kind === 'cast' || envelope.kind === 'call') deepFreeze(envelope.message);
  else if (envelope.kind === 'reply' || envelope.kind === 'item') deepFreeze(envelope.value);
}

/** Freezes plain objects and arrays in depth; bytes, dates and instances of classes stay as they are. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return;
  }
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
