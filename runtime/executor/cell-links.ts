/**
 * Links of one actor: symmetrical, at most one with each peer, and gone when the life of either ends. The other side is
 * told by an exit signal, which counts only while the link is there, so that an unlink holds at once.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { ExitReason, Signal } from '#protocols/wire/envelope';
import type { IsGone } from './cell-watch.js';

/** Sends a signal of the actor under one of its addresses. */
type SendAs = (as: ActorAddress, to: ActorAddress, signal: Signal) => void;

export class Links {
  readonly #send: SendAs;
  /** Peers, each with this actor's address as the peer calls it (it may have `*` for the life of the node). */
  readonly #peers = new Map<ActorAddress, ActorAddress>();

  constructor(send: SendAs) {
    this.#send = send;
  }

  /** This actor links to a peer. */
  link(peer: ActorAddress, self: ActorAddress): void {
    if (this.#peers.has(peer)) return;
    this.#peers.set(peer, self);
    this.#send(self, peer, { type: 'link' });
  }

  /** A peer links to this actor. */
  linked(peer: ActorAddress, as: ActorAddress): void {
    this.#peers.set(peer, as);
  }

  unlink(peer: ActorAddress): void {
    const as = this.#peers.get(peer);
    if (as === undefined) return;
    this.#peers.delete(peer);
    this.#send(as, peer, { type: 'unlink' });
  }

  /** The link broke, or the peer took it back; false when there is none. */
  drop(peer: ActorAddress): boolean {
    return this.#peers.delete(peer);
  }

  /** Peers that died with their executor or node. */
  peersThatAre(gone: IsGone): readonly ActorAddress[] {
    return [...this.#peers.keys()].filter(gone);
  }

  /** The life of this actor is over. */
  breakAll(reason: ExitReason): void {
    const peers = [...this.#peers];
    this.#peers.clear();
    for (const [peer, as] of peers) this.#send(as, peer, { type: 'exit', by: 'link', reason });
  }
}
