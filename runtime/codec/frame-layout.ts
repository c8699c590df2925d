/** What writer and reader of frames agree on. */

/** The first byte of a frame. */
export const VERSION = 2;

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

/** What else a head says. */
export const Flag = {
  /** A cast or call ends in its trace context. */
  trace: 0x10,
  /** A cast or call ends in its priority, after the trace context where it has both. */
  priority: 0x20,
  /** To, from and name are those of the cast or call before. */
  again: 0x40,
} as const;
