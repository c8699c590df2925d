/**
 * Sizes of the windows of flow control. Between a sending executor and one actor elsewhere a window of messages may be
 * on its way or in the mailbox unannounced; what a sender has beyond it waits on the sender's side.
 *
 *     sender                                   receiver
 *       | cast 1 .. cast 32, demand(sent 32) --->|  a demand travels in line behind what it counts
 *       | cast 33 ..                             |  mailbox below its high-water mark: granted at once,
 *       |<--------------- grant(limit 32 + w) ---|  above it: withheld until the low-water mark is reached
 *       | ... cast 32 + w, then the queue        |
 *
 * Counters are absolute, per epoch of the channel. The line keeps order, so whatever was sent before a demand has
 * arrived by then or never will: a lost message costs no credit, and a lost demand or grant is made good by the next.
 */

/** Messages that a sender may send before the first answer. Small: an actor may have many senders. */
export const INITIAL_WINDOW = 64;

/** After this many messages a sender asks for the first time. */
export const DEMAND_FIRST_AT = INITIAL_WINDOW / 2;

/**
 * Messages that one grant opens at most. Between two nodes a demand and its grant take about a millisecond when both are
 * busy, and a sender that is to send a million messages a second must have as many to send meanwhile.
 */
export const MAX_WINDOW = 2_048;

/** The part of the room below the high-water mark that the only sender gets: another may come. */
const SHARE = 2;

/**
 * How many messages one grant opens when the mailbox has that much room below its high-water mark, and has had so many
 * senders lately. All their windows together are the room times 1/2 + 1/2 + 1/3 + 1/4 ... at most: three times the room
 * for ten of them, five times for a hundred (and {@link INITIAL_WINDOW} each).
 */
export function windowFor(room: number, senders = 1): number {
  return Math.min(MAX_WINDOW, Math.max(INITIAL_WINDOW, Math.floor(room / Math.max(SHARE, senders))));
}
