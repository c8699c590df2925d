/**
 * The receiving half of the large lane: gathers chunks, checks the whole against its hash, and hands messages over in the
 * order in which their sender numbered them. It never throws for what arrives: what cannot be used is counted by reason.
 * Everything is bounded, because a peer may be broken: bytes of one message, messages under assembly per peer, bytes held
 * in all, peers, and the time for which a silent peer's pieces are kept. No IO and no clock here: time comes in.
 */
import { createHash } from 'node:crypto';
import { decodeChunk, type Ack, type Chunk, type Peer, type Verdict } from './chunks.js';

/** Options of {@link ChunkReceiver}. */
export interface ChunkReceiverOptions {
  /** This executor. */
  readonly from: Peer;
  /** Number that rises from one life of this receiver to the next, such as its start in ms of wall-clock time. */
  readonly life: number;
  /** Most bytes of one message; a larger one is refused. */
  readonly maxMessageBytes: number;
  /** How far beyond the oldest message that is missing a peer may send; no smaller than the sender's `maxMessagesUnderWay`. */
  readonly maxAssembliesPerPeer: number;
  /** Most bytes held for all peers; a chunk beyond is not taken, and its sender repeats it later. */
  readonly maxHeldBytes: number;
  readonly maxPeers: number;
  /** After this long without a chunk a peer is forgotten, with its pieces. Longer than all tries of its sender. */
  readonly assemblyTimeoutMs: number;
  readonly deliver: (message: Uint8Array, from: Peer) => void;
  readonly acknowledge: (to: Peer, ack: Ack) => void;
}

/** Chunks that were not used, by reason; `mismatched` and `expired` count messages. */
interface ChunkReceiverStats {
  readonly delivered: number;
  readonly malformed: number;
  readonly duplicate: number;
  readonly stale: number;
  readonly refused: number;
  readonly mismatched: number;
  readonly tooLarge: number;
  readonly expired: number;
}

interface Assembly {
  readonly count: number;
  readonly totalBytes: number;
  readonly digest: Uint8Array;
  readonly chunks: Map<number, Uint8Array>;
  heldBytes: number;
}

interface Stream {
  readonly session: number;
  /** The next message to hand over. */
  expected: number;
  readonly assemblies: Map<number, Assembly>;
  /** Finished out of order; `undefined` for a refused one. */
  readonly finished: Map<number, Uint8Array | undefined>;
  touchedMs: number;
}

/** Receives large messages from any number of peers. */
export class ChunkReceiver {
  readonly #options: ChunkReceiverOptions;
  readonly #streams = new Map<string, Stream>();
  readonly #stats = {
    delivered: 0,
    malformed: 0,
    duplicate: 0,
    stale: 0,
    refused: 0,
    mismatched: 0,
    tooLarge: 0,
    expired: 0,
  };
  #heldBytes = 0;

  constructor(options: ChunkReceiverOptions) {
    this.#options = options;
  }

  /** Takes one chunk as it came from the wire. */
  receive(bytes: Uint8Array, nowMs: number): void {
    const chunk = decodeChunk(bytes);
    if (chunk === undefined) {
      this.#stats.malformed += 1;
      return;
    }
    const stream = this.#streamOf(chunk, nowMs);
    if (stream === undefined) return;
    if (chunk.base > stream.expected) this.#skipTo(stream, chunk.base, chunk.from);
    const verdict = this.#take(stream, chunk);
    if (verdict === undefined) return;
    const { from, life } = this.#options;
    const { session, message, index } = chunk;
    this.#options.acknowledge(chunk.from, { from, session, receiver: life, message, index, verdict });
    this.#handOver(stream, chunk.from);
  }

  /** Forgets peers that fell silent; call it a few times in `assemblyTimeoutMs`. */
  tick(nowMs: number): void {
    for (const [key, stream] of [...this.#streams]) {
      if (nowMs - stream.touchedMs >= this.#options.assemblyTimeoutMs) this.#forget(key, stream);
    }
  }

  /** Whether a silent peer may have to be forgotten. */
  get busy(): boolean {
    return this.#streams.size > 0;
  }

  /** Bytes held for messages that are not handed over yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get stats(): ChunkReceiverStats {
    return { ...this.#stats };
  }

  /** The stream that the chunk belongs to; a later session replaces an earlier one. */
  #streamOf(chunk: Chunk, nowMs: number): Stream | undefined {
    const key = `${chunk.from.node}/${chunk.from.executor}`;
    const known = this.#streams.get(key);
    if (known?.session === chunk.session) {
      known.touchedMs = nowMs;
      return known;
    }
    if (known !== undefined && known.session > chunk.session) {
      this.#stats.stale += 1;
      return undefined;
    }
    if (known !== undefined) this.#forget(key, known);
    if (this.#streams.size >= this.#options.maxPeers) {
      this.#stats.refused += 1;
      return undefined;
    }
    const stream: Stream = {
      session: chunk.session,
      expected: chunk.base,
      assemblies: new Map(),
      finished: new Map(),
      touchedMs: nowMs,
    };
    this.#streams.set(key, stream);
    return stream;
  }

  /** What to say of the chunk; undefined to say nothing, so that the sender repeats it. */
  #take(stream: Stream, chunk: Chunk): Verdict | undefined {
    const { message } = chunk;
    if (message < stream.expected || stream.finished.has(message)) {
      this.#stats.duplicate += 1;
      return 'kept';
    }
    if (message >= stream.expected + this.#options.maxAssembliesPerPeer) {
      this.#stats.refused += 1;
      return undefined;
    }
    if (chunk.totalBytes > this.#options.maxMessageBytes) return this.#refuse(stream, message, 'tooLarge');
    const assembly = this.#assembly(stream, chunk);
    if (!sameMessage(assembly, chunk)) {
      // One of the two is not what its sender sent, and nobody can tell which.
      return this.#refuse(stream, message, 'mismatched');
    }
    if (assembly.chunks.has(chunk.index)) {
      this.#stats.duplicate += 1;
      return 'kept';
    }
    return this.#keep(stream, chunk, assembly);
  }

  #keep(stream: Stream, chunk: Chunk, assembly: Assembly): Verdict | undefined {
    const bytes = chunk.payload.byteLength;
    if (this.#heldBytes + bytes > this.#options.maxHeldBytes) {
      this.#stats.refused += 1;
      return undefined;
    }
    if (assembly.heldBytes + bytes > assembly.totalBytes) return this.#refuse(stream, chunk.message, 'mismatched');
    assembly.chunks.set(chunk.index, chunk.payload);
    assembly.heldBytes += bytes;
    this.#heldBytes += bytes;
    if (assembly.chunks.size < assembly.count) return 'kept';
    const whole = assemble(assembly);
    if (whole === undefined) return this.#refuse(stream, chunk.message, 'mismatched');
    stream.assemblies.delete(chunk.message);
    stream.finished.set(chunk.message, whole);
    return 'kept';
  }

  #assembly(stream: Stream, chunk: Chunk): Assembly {
    const known = stream.assemblies.get(chunk.message);
    if (known !== undefined) return known;
    const { count, totalBytes } = chunk;
    const assembly: Assembly = { count, totalBytes, digest: chunk.digest.slice(), chunks: new Map(), heldBytes: 0 };
    stream.assemblies.set(chunk.message, assembly);
    return assembly;
  }

  #refuse(stream: Stream, message: number, reason: 'tooLarge' | 'mismatched'): Verdict {
    this.#stats[reason] += 1;
    this.#heldBytes -= stream.assemblies.get(message)?.heldBytes ?? 0;
    stream.assemblies.delete(message);
    stream.finished.set(message, undefined);
    return 'refused';
  }

  /** Hands over what is next in order, as far as it is there. */
  #handOver(stream: Stream, from: Peer): void {
    while (stream.finished.has(stream.expected)) {
      const whole = stream.finished.get(stream.expected);
      stream.finished.delete(stream.expected);
      stream.expected += 1;
      if (whole !== undefined) this.#deliver(whole, from);
    }
  }

  /** The sender holds nothing before `base` any more: what is finished goes out, what is not never will be. */
  #skipTo(stream: Stream, base: number, from: Peer): void {
    const before = (message: number): boolean => message < base;
    for (const message of [...stream.assemblies.keys()].filter(before)) {
      this.#stats.expired += 1;
      this.#heldBytes -= stream.assemblies.get(message)?.heldBytes ?? 0;
      stream.assemblies.delete(message);
    }
    for (const message of [...stream.finished.keys()].filter(before).sort((a, b) => a - b)) {
      const whole = stream.finished.get(message);
      stream.finished.delete(message);
      if (whole !== undefined) this.#deliver(whole, from);
    }
    stream.expected = base;
  }

  #deliver(whole: Uint8Array, from: Peer): void {
    this.#heldBytes -= whole.byteLength;
    this.#stats.delivered += 1;
    this.#options.deliver(whole, from);
  }

  #forget(key: string, stream: Stream): void {
    for (const assembly of stream.assemblies.values()) this.#heldBytes -= assembly.heldBytes;
    for (const whole of stream.finished.values()) this.#heldBytes -= whole?.byteLength ?? 0;
    this.#stats.expired +=
      stream.assemblies.size + [...stream.finished.values()].filter((whole) => whole !== undefined).length;
    this.#streams.delete(key);
  }
}

function sameMessage(assembly: Assembly, chunk: Chunk): boolean {
  return (
    assembly.count === chunk.count &&
    assembly.totalBytes === chunk.totalBytes &&
    assembly.digest.every((byte, i) => byte === chunk.digest[i])
  );
}

/** The whole message; undefined when it is not what its hash says. */
function assemble(assembly: Assembly): Uint8Array | undefined {
  if (assembly.heldBytes !== assembly.totalBytes) return undefined;
  const whole = new Uint8Array(assembly.totalBytes);
  let at = 0;
  for (let index = 0; index < assembly.count; index += 1) {
    const chunk = assembly.chunks.get(index);
    if (chunk === undefined) return undefined;
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return createHash('sha256').update(whole).digest().equals(assembly.digest) ? whole : undefined;
}
