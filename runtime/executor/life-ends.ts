/**
 * What is bound to one life of an actor and lives outside of it: its memberships, its subscriptions, its routers. Each
 * is noted here with how it is taken back, so an actor that has none of it costs nothing.
 */
import type { ActorAddress } from '#protocols/wire/address';

export class LifeEnds {
  readonly #undo = new Map<ActorAddress, Map<string, () => void>>();

  /** Notes that `undo` has to run when this life of the actor ends; a key that is noted already keeps its first. */
  add(address: ActorAddress, key: string, undo: () => void): void {
    const all = this.#undo.get(address) ?? new Map<string, () => void>();
    if (!all.has(key)) all.set(key, undo);
    this.#undo.set(address, all);
  }

  /** It was taken back before the life ended. */
  forget(address: ActorAddress, key: string): void {
    const all = this.#undo.get(address);
    all?.delete(key);
    if (all?.size === 0) this.#undo.delete(address);
  }

  /** Takes back everything of that life. */
  run(address: ActorAddress): void {
    const all = this.#undo.get(address);
    if (all === undefined) return;
    this.#undo.delete(address);
    for (const undo of all.values()) undo();
  }
}
