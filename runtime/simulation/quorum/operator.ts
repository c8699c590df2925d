/**
 * Who decides about membership in a simulated quorum store: one place outside of all faults, as a consensus group would
 * be one from outside. It changes the ring, tells some node or other of it, and commits once all that gain have copied.
 */
import { commitRing, gainersOf, joinRing, leaveRing, newRing } from '#protocols/quorum/membership';
import type { Ring } from '#protocols/quorum/ring';

/** The ring of now. */
export class Operator {
  ring: Ring;
  readonly #n: number;
  readonly #tokens: number;
  #waiting: Set<string> = new Set();

  constructor(ids: readonly string[], n: number, tokens: number) {
    this.#n = n;
    this.#tokens = tokens;
    this.ring = newRing(ids, tokens);
  }

  /** Who will be on the ring. */
  get coming(): readonly string[] {
    return (this.ring.next ?? this.ring.members).map(({ id }) => id);
  }

  join(id: string): void {
    this.#change(joinRing(this.ring, id, this.#tokens));
  }

  /** False when too few would be left. */
  leave(id: string): boolean {
    if (this.coming.length <= this.#n && this.coming.includes(id)) return false;
    this.#change(leaveRing(this.ring, id));
    return true;
  }

  /** A node has copied what it gains by the change of an epoch. */
  synced(id: string, epoch: number): void {
    if (epoch !== this.ring.epoch || !this.#waiting.delete(id)) return;
    this.#commitWhenDone();
  }

  #change(ring: Ring): void {
    if (ring === this.ring) return;
    this.ring = ring;
    this.#waiting = new Set(gainersOf(ring, this.#n));
    this.#commitWhenDone();
  }

  #commitWhenDone(): void {
    if (this.ring.next !== undefined && this.#waiting.size === 0) this.ring = commitRing(this.ring);
  }
}
