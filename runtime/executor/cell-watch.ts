/**
 * Monitors of one actor, in both directions: whom it watches, and who watches it. A monitor fires once. It ends with
 * the life of the one who asked for it: after a restart an actor watches nobody until its init asks again.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, Signal } from '#protocols/wire/envelope';

interface Watcher {
  readonly watcher: ActorAddress;
  /** This actor as the watcher calls it: an address with `*` for the life of the node has to come back as it was. */
  readonly as: ActorAddress;
}

/** Sends a signal of the actor. */
type Send = (to: ActorAddress, signal: Signal) => void;

/**
 * Whether an address is on an executor or node that died. Where it is the caller of a call, the id of the call tells the
 * calls of the dead from those of its successor, whose address is the same.
 */
export type IsGone = (address: ActorAddress, callId?: number) => boolean;

export class Watch {
  readonly #send: Send;
  readonly #self: ActorAddress;
  readonly #watching = new Set<ActorAddress>();
  readonly #watchers = new Map<string, Watcher>();

  constructor(self: ActorAddress, send: Send) {
    this.#self = self;
    this.#send = send;
  }

  /** How many are watched, and how many watch. */
  get sizes(): { readonly watching: number; readonly watchers: number } {
    return { watching: this.#watching.size, watchers: this.#watchers.size };
  }

  /** Begins to watch. */
  monitor(address: ActorAddress): void {
    this.#watching.add(address);
    this.#send(address, { type: 'monitor', watcher: this.#self });
  }

  /** No `down` of that address is given to the actor any more, not even one that waits. */
  demonitor(address: ActorAddress): void {
    if (this.#watching.delete(address)) this.#send(address, { type: 'demonitor', watcher: this.#self });
  }

  demonitorAll(): void {
    for (const address of [...this.#watching]) this.demonitor(address);
  }

  isWatching(address: ActorAddress): boolean {
    return this.#watching.has(address);
  }

  /** A `down` is about to be given to the actor: true once for each monitor. */
  fired(address: ActorAddress): boolean {
    return this.#watching.delete(address);
  }

  /** Watched addresses that died with their executor or node. */
  watchedThatAre(gone: IsGone): readonly ActorAddress[] {
    return [...this.#watching].filter(gone);
  }

  addWatcher(watcher: ActorAddress, as: ActorAddress): void {
    this.#watchers.set(`${watcher} ${as}`, { watcher, as });
  }

  removeWatcher(watcher: ActorAddress, as: ActorAddress): void {
    this.#watchers.delete(`${watcher} ${as}`);
  }

  /** Watchers that died need no news, and must not fill this table for ever. */
  forgetWatchers(gone: IsGone): void {
    for (const [key, { watcher }] of this.#watchers) if (gone(watcher)) this.#watchers.delete(key);
  }

  /** Tells every watcher, once, that the actor ended. */
  tellEnd(reason: ExitReason): void {
    for (const { watcher, as } of this.#watchers.values()) this.#send(watcher, { type: 'down', address: as, reason });
    this.#watchers.clear();
  }
}
