/**
 * What writer and reader of frames agree on. A frame is a sequence of msgpack values: its version, then rows. A row is a
 * head (its kind, and what else it has), then what its kind has. Addresses and names are numbers; one that is new in the
 * frame is followed by its text.
 */

/** The first byte of a frame. */
export const VERSION = 3;

/** Kinds of envelopes by their number on the wire. */
export const kinds = [
  'cast',
  'call',
  'reply',
  'item',
  'end',
  'fail',
  'credit',
  'cancel',
  'signal',
  'demand',
  'grant',
  'closed',
] as const;

/** The number of each kind. */
export const codeOf = Object.fromEntries(kinds.map((kind, index) => [kind, index])) as Record<
  (typeof kinds)[number],
  number
>;

/** The bits of a head that say the kind. */
export const KIND_BITS = 0x0f;

/** A cast or call to where the cast or call before it went, from the same sender and of the same name. */
export const Again = { cast: kinds.length, call: kinds.length + 1 } as const;

/** What else a head says; with all of it a head is below 64, which msgpack writes as one byte. */
export const Flag = {
  /** A cast or call ends in its trace context. */
  trace: 0x10,
  /** A cast or call ends in its priority, after the trace context where it has both. */
  priority: 0x20,
} as const;
