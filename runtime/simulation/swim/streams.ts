/**
 * Streams over a network that loses packets: what a driver on an at-most-once bus has to add where the protocol asks for
 * a stream. A frame is sent again, less and less often, until the other side has acknowledged it or it takes too long.
 *
 *     0 | packet                          one datagram
 *     1 | life 4 | number 4 | packet      a stream's frame; the life and the number make it one of its kind
 *     2 | life 4 | number 4               its acknowledgement
 */
import type { World } from '../world.js';

/** The first resend, in microseconds; each takes twice as long as the one before. */
const RESEND_US = 100_000;
const MOST_SENDS = 6;
/** Frames of others that are remembered, so that a second copy is not taken for news. */
const REMEMBERED = 1_024;
const FRAME_HEADER = 9;

/** What arrived: a packet, once, or nothing that the protocol should see. */
export interface Received {
  readonly packet: Uint8Array;
  readonly stream: boolean;
}

/** The network as one life of one node uses it. */
export class Streams {
  readonly #world: World;
  readonly #node: number;
  readonly #life: number;
  #numbers = 0;
  /** By number, what to stop when it is acknowledged. */
  readonly #pending = new Set<number>();
  readonly #seen = new Set<string>();
  #ended = false;

  constructor(world: World, node: number, life: number) {
    this.#world = world;
    this.#node = node;
    this.#life = life;
  }

  /** Nothing is sent again from now on. */
  end(): void {
    this.#ended = true;
  }

  sendPacket(to: number, packet: Uint8Array): void {
    const frame = new Uint8Array(1 + packet.length);
    frame.set(packet, 1);
    this.#world.network.send(this.#node, to, frame);
  }

  sendStream(to: number, packet: Uint8Array): void {
    const number = (this.#numbers += 1);
    const frame = header(1, this.#life, number, packet.length);
    frame.set(packet, FRAME_HEADER);
    this.#pending.add(number);
    this.#sendUntilAcked(to, frame, number, 1);
  }

  /** Takes a frame from the network. */
  receive(from: number, frame: Uint8Array): Received | undefined {
    if (frame[0] === 0) return { packet: frame.subarray(1), stream: false };
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const [life, number] = [view.getUint32(1), view.getUint32(5)];
    if (frame[0] === 2) {
      if (life === this.#life) this.#pending.delete(number);
      return undefined;
    }
    this.#world.network.send(this.#node, from, header(2, life, number, 0));
    const key = `${from} ${life} ${number}`;
    if (this.#seen.has(key)) return undefined;
    this.#seen.add(key);
    if (this.#seen.size > REMEMBERED)
      for (const oldest of [...this.#seen].slice(0, REMEMBERED / 2)) this.#seen.delete(oldest);
    return { packet: frame.subarray(FRAME_HEADER), stream: true };
  }

  #sendUntilAcked(to: number, frame: Uint8Array, number: number, sends: number): void {
    this.#world.network.send(this.#node, to, frame);
    this.#world.after(RESEND_US * 2 ** (sends - 1), this.#node, () => {
      if (this.#ended || !this.#pending.has(number)) return;
      if (sends === MOST_SENDS) this.#pending.delete(number);
      else this.#sendUntilAcked(to, frame, number, sends + 1);
    });
  }
}

function header(kind: number, life: number, number: number, room: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER + room);
  const view = new DataView(frame.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, life);
  view.setUint32(5, number);
  return frame;
}
