/**
 * What a node has to tell everybody. There is one message about each member at most, the newest; those that were sent
 * least go first, the largest of them first, and after so many times a message is done. (SWIM, section 4.1; memberlist,
 * queue.go, whose order this is.)
 *
 *     transmits   0 0 0 | 1 1 | 2           a packet takes from the left whatever still fits;
 *     bytes      90 60 60  90 20  60        each taken moves to the right by one, or out
 *
 * Sent more than lambda * log(n) times a message reaches all with a probability of 1 - 1/n^lambda or so; sent for ever,
 * it would be all that is sent.
 */
import { bytesInPacket } from './packet.js';

/** One message that goes round. */
export interface Broadcast {
  /** The member that it is about. */
  readonly about: string;
  readonly encoded: Uint8Array;
  /** Counted over all broadcasts of the node: of two alike the younger goes first. */
  readonly id: number;
  /** How often it was sent. */
  transmits: number;
}

/** Messages that wait, in no order. */
export interface BroadcastQueue {
  readonly byMember: Map<string, Broadcast>;
  lastId: number;
}

export function newQueue(): BroadcastQueue {
  return { byMember: new Map(), lastId: 0 };
}

/** How often a message is sent in a group of n. */
export function retransmitLimit(retransmitMult: number, n: number): number {
  return retransmitMult * Math.ceil(Math.log10(n + 1));
}

/** Queues a message; an older one about the same member is not sent any more. */
export function enqueue(queue: BroadcastQueue, about: string, encoded: Uint8Array): void {
  queue.lastId += 1;
  queue.byMember.set(about, { about, encoded, id: queue.lastId, transmits: 0 });
}

/**
 * Takes messages for one packet that has so many bytes left. `finished` hears about the members whose messages were sent
 * for the last time.
 */
export function takeBroadcasts(
  queue: BroadcastQueue,
  bytes: number,
  limit: number,
  finished: (about: string) => void,
): readonly Uint8Array[] {
  if (queue.byMember.size === 0) return [];
  const taken: Uint8Array[] = [];
  let left = bytes;
  for (const broadcast of [...queue.byMember.values()].toSorted(before)) {
    const size = bytesInPacket(broadcast.encoded);
    // The group has become smaller since it was sent last: it was sent often enough.
    const tooOften = broadcast.transmits >= limit;
    if (!tooOften) {
      if (size > left) continue;
      left -= size;
      taken.push(broadcast.encoded);
      broadcast.transmits += 1;
    }
    if (broadcast.transmits >= limit) {
      queue.byMember.delete(broadcast.about);
      finished(broadcast.about);
    }
  }
  return taken;
}

function before(one: Broadcast, other: Broadcast): number {
  return one.transmits - other.transmits || other.encoded.length - one.encoded.length || other.id - one.id;
}
