/** Keys of calls as their receivers see them: an id is the calling executor's own, so both make the key. */
import type { ActorAddress } from '#protocols/wire/address';

/** The key of a call. */
export function callKey(from: ActorAddress, id: number): string {
  return `${from}#${id}`;
}

/** The executor that made the call of a key, and the id that it has there. */
export function callerOf(key: string): { readonly from: ActorAddress; readonly id: number } {
  const at = key.lastIndexOf('#');
  return { from: key.slice(0, at) as ActorAddress, id: Number(key.slice(at + 1)) };
}
