/** Serials that every node's system executor gives to the same actors, so that they can be addressed unseen. */

/** The supervisor of everything spawned from outside an actor. */
export const GUARDIAN_SERIAL = 1;
/** The registry of names. */
export const NAMES_SERIAL = 2;
/** The registry of groups. */
export const GROUPS_SERIAL = 3;
/** The first serial of ordinary actors. */
export const FIRST_SERIAL = 16;
/** Id of the system executor on every node. */
export const SYSTEM_EXECUTOR = 0;
/** Id of the executor on a node's main thread, where code that is not an actor lives; it hosts no actors of users. */
export const EDGE_EXECUTOR = 1000;
