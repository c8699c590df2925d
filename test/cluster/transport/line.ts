/**
 * The two halves of the large lane without a network between them: what is under way lies in lists, which tests lose,
 * repeat, reorder and spoil at will. Time is a number.
 */
import { createHash } from 'node:crypto';
import { ChunkReceiver, type ChunkReceiverOptions } from '#cluster/transport/chunk-receiver';
import { ChunkSender, type ChunkSenderOptions } from '#cluster/transport/chunk-sender';
import { encodeAck } from '#cluster/transport/chunks';

const alice = { node: 'alice', executor: 1 };
/** The receiver. */
export const bob = { node: 'bob', executor: 2 };

/** A sender, a receiver, and what is under way between them. */
export class Line {
  readonly chunks: Uint8Array[] = [];
  readonly acks: Uint8Array[] = [];
  readonly delivered: Uint8Array[] = [];
  nowMs = 0;
  readonly sender: ChunkSender;
  receiver: ChunkReceiver;
  readonly #receiverOptions: Partial<ChunkReceiverOptions>;

  constructor(sender: Partial<ChunkSenderOptions> = {}, receiver: Partial<ChunkReceiverOptions> = {}) {
    this.#receiverOptions = receiver;
    this.sender = new ChunkSender({
      from: alice,
      life: 1,
      windowBytes: 1024 * 1024,
      maxMessagesUnderWay: 8,
      queueLimitBytes: 1e9,
      resendAfterMs: 1_000,
      giveUpAfterMs: 15_000,
      emit: (_, chunk) => this.chunks.push(chunk),
      ...sender,
    });
    this.receiver = this.newReceiver(1);
  }

  newReceiver(life: number): ChunkReceiver {
    return new ChunkReceiver({
      from: bob,
      life,
      maxMessageBytes: 64 * 1024 * 1024,
      maxAssembliesPerPeer: 8,
      maxHeldBytes: 1e9,
      maxPeers: 4,
      assemblyTimeoutMs: 30_000,
      deliver: (message) => this.delivered.push(message),
      acknowledge: (_, ack) => this.acks.push(encodeAck(ack)),
      ...this.#receiverOptions,
    });
  }

  offer(bytes: Uint8Array): boolean {
    return this.sender.offer(bob, bytes, this.nowMs);
  }

  /** Carries everything over until nothing is under way. */
  settle(): void {
    while (this.chunks.length + this.acks.length > 0) {
      for (const chunk of this.chunks.splice(0)) this.receiver.receive(chunk, this.nowMs);
      for (const ack of this.acks.splice(0)) this.sender.onAck(ack, this.nowMs);
    }
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.sender.tick(this.nowMs);
    this.receiver.tick(this.nowMs);
  }
}

/** Bytes that differ from place to place and from seed to seed. */
export function sample(bytes: number, seed = 1): Uint8Array {
  return new Uint8Array(bytes).map((_, i) => (i * 7 + seed * 13 + (i >> 8)) & 0xff);
}

/** Messages by their hashes, to compare and to print them. */
export function digests(messages: readonly Uint8Array[]): readonly string[] {
  return messages.map((message) => createHash('sha256').update(message).digest('hex'));
}
