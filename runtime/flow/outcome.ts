/** What becomes of a message at the moment it is sent. */

/**
 * `accepted`: taken, go on. `wait`: taken, but the receiver is behind; go on after `drained()`. `refused`: not taken; it
 * is a dead letter, counted by its reason, and a call has failed.
 */
export type CastOutcome = 'accepted' | 'wait' | 'refused';
