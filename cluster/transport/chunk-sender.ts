/**
 * The sending half of the large lane: cuts messages into chunks, keeps at most a window of unacknowledged bytes under way
 * to each receiver, and repeats what is not acknowledged. Without a window, bulk data at a receiver that is busy for a
 * moment would make the server cut that receiver off as a slow consumer.
 *
 *     waiting --(window has room)--> under way --(ack)--> done
 *                                        |  ^
 *                                        +--+ no ack in resendAfterMs * 2^min(tries - 1, 3)
 *
 * A receiver that has acknowledged nothing for `giveUpAfterMs` is not there: everything for it is given up at once and
 * the next message begins a new session. As long as it acknowledges anything, nothing is given up. No IO and no clock here: time comes in, chunks go out through `emit`.
 */
import { createHash } from 'node:crypto';
import { CHUNK_PAYLOAD_BYTES, decodeAck, encodeChunk, type Ack, type Peer } from './chunks.js';

/** Options of {@link ChunkSender}. */
export interface ChunkSenderOptions {
  /** This executor. */
  readonly from: Peer;
  /** Number that rises from one life of this sender to the next, such as its start in ms of wall-clock time. */
  readonly life: number;
  /** Most unacknowledged bytes under way to one receiver. A link carries at most this much a round trip. */
  readonly windowBytes: number;
  /** Most messages with chunks under way to one receiver; no larger than the receiver's `maxAssembliesPerPeer`. */
  readonly maxMessagesUnderWay: number;
  /** Most bytes that may wait for one receiver, those under way included; a message beyond is refused. */
  readonly queueLimitBytes: number;
  /** First wait for an acknowledgement of a chunk, in ms; it doubles with each try, up to 8 times as long. */
  readonly resendAfterMs: number;
  /** Silence of a receiver, in ms, after which it is given up. */
  readonly giveUpAfterMs: number;
  readonly emit: (to: Peer, chunk: Uint8Array) => void;
}

/** What became of the messages, and how often chunks were repeated. */
interface ChunkSenderStats {
  readonly delivered: number;
  readonly abandoned: number;
  readonly refused: number;
  readonly resentChunks: number;
}

const WAITING = 0;
const UNDER_WAY = 1;
const DONE = 2;

interface Outgoing {
  readonly message: number;
  readonly bytes: Uint8Array;
  readonly digest: Uint8Array;
  /** Of each chunk: WAITING, UNDER_WAY or DONE; when it was last sent; how often. */
  readonly states: Uint8Array;
  readonly sentAtMs: Float64Array;
  readonly tries: Uint8Array;
  /** Chunks not DONE yet. */
  open: number;
  /** No chunk before this one is WAITING. */
  cursor: number;
}

interface Stream {
  readonly to: Peer;
  readonly session: number;
  readonly queue: Outgoing[];
  nextMessage: number;
  queuedBytes: number;
  underWayBytes: number;
  /** When the receiver last acknowledged something, or when there was first something to acknowledge. */
  heardAtMs: number;
  /** Life of the receiver, once it has answered. */
  receiver: number | undefined;
}

const MAX_DOUBLINGS = 3;

/** Idle streams are kept for their numbering, up to this many. */
const MAX_STREAMS = 1_024;

/** Sends large messages to any number of receivers. */
export class ChunkSender {
  readonly #options: ChunkSenderOptions;
  readonly #streams = new Map<string, Stream>();
  readonly #stats = { delivered: 0, abandoned: 0, refused: 0, resentChunks: 0 };
  #session: number;

  constructor(options: ChunkSenderOptions) {
    this.#options = options;
    this.#session = options.life;
  }

  /** Takes a message; false when the receiver's queue is at its limit and the message was not taken. */
  offer(to: Peer, bytes: Uint8Array, nowMs: number): boolean {
    const stream = this.#stream(to);
    if (stream.queue.length > 0 && stream.queuedBytes + bytes.byteLength > this.#options.queueLimitBytes) return false;
    if (stream.queue.length === 0) stream.heardAtMs = nowMs;
    const count = Math.max(1, Math.ceil(bytes.byteLength / CHUNK_PAYLOAD_BYTES));
    stream.queue.push({
      message: stream.nextMessage,
      bytes,
      digest: createHash('sha256').update(bytes).digest(),
      states: new Uint8Array(count),
      sentAtMs: new Float64Array(count),
      tries: new Uint8Array(count),
      open: count,
      cursor: 0,
    });
    stream.nextMessage += 1;
    stream.queuedBytes += bytes.byteLength;
    this.#pump(stream, nowMs);
    return true;
  }

  /** Takes an acknowledgement; anything else is ignored. */
  onAck(bytes: Uint8Array, nowMs: number): void {
    const ack = decodeAck(bytes);
    const stream = ack === undefined ? undefined : this.#streams.get(keyOf(ack.from));
    if (ack === undefined || stream === undefined || ack.session !== stream.session) return;
    if (!this.#sameReceiver(stream, ack.receiver)) return;
    stream.heardAtMs = nowMs;
    const outgoing = stream.queue.find((each) => each.message === ack.message);
    if (outgoing !== undefined) this.#settle(stream, outgoing, ack);
    this.#pump(stream, nowMs);
  }

  /** Repeats what was not acknowledged in time; call it a few times in `resendAfterMs`. */
  tick(nowMs: number): void {
    for (const [key, stream] of [...this.#streams]) {
      if (stream.queue.length > 0 && nowMs - stream.heardAtMs >= this.#options.giveUpAfterMs) {
        this.#stats.abandoned += stream.queue.length;
        this.#streams.delete(key);
        continue;
      }
      this.#repeat(stream, nowMs, false);
    }
  }

  /** Repeats everything under way at once: the connection was away, and with it whatever it carried. */
  resendAll(nowMs: number): void {
    for (const stream of this.#streams.values()) this.#repeat(stream, nowMs, true);
  }

  /** Bytes that wait for or are under way to a receiver. */
  queuedBytes(to: Peer): number {
    return this.#streams.get(keyOf(to))?.queuedBytes ?? 0;
  }

  /** Whether more than this many bytes wait for some receiver. */
  anyOver(bytes: number): boolean {
    for (const stream of this.#streams.values()) if (stream.queuedBytes > bytes) return true;
    return false;
  }

  /** Whether anything waits for an acknowledgement. */
  get busy(): boolean {
    for (const stream of this.#streams.values()) if (stream.queue.length > 0) return true;
    return false;
  }

  get stats(): ChunkSenderStats {
    return { ...this.#stats };
  }

  #stream(to: Peer): Stream {
    const key = keyOf(to);
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    if (this.#streams.size >= MAX_STREAMS) this.#forgetIdle();
    const session = this.#session++;
    const stream: Stream = {
      to,
      session,
      queue: [],
      nextMessage: 0,
      queuedBytes: 0,
      underWayBytes: 0,
      heardAtMs: 0,
      receiver: undefined,
    };
    this.#streams.set(key, stream);
    return stream;
  }

  #forgetIdle(): void {
    for (const [key, stream] of [...this.#streams]) if (stream.queue.length === 0) this.#streams.delete(key);
  }

  /** False for the word of an earlier life. A new receiver has nothing of what the old one acknowledged: begin again. */
  #sameReceiver(stream: Stream, receiver: number): boolean {
    if (stream.receiver !== undefined && receiver < stream.receiver) return false;
    if (stream.receiver !== undefined && receiver > stream.receiver) {
      for (const outgoing of stream.queue) restart(outgoing);
      stream.underWayBytes = 0;
    }
    stream.receiver = receiver;
    return true;
  }

  #settle(stream: Stream, outgoing: Outgoing, ack: Ack): void {
    if (ack.verdict === 'refused') {
      this.#stats.refused += 1;
      this.#remove(stream, outgoing);
      return;
    }
    if (outgoing.states[ack.index] !== UNDER_WAY) return;
    outgoing.states[ack.index] = DONE;
    outgoing.open -= 1;
    stream.underWayBytes -= chunkBytes(outgoing, ack.index);
    if (outgoing.open > 0) return;
    this.#stats.delivered += 1;
    this.#remove(stream, outgoing);
  }

  #remove(stream: Stream, outgoing: Outgoing): void {
    for (let index = 0; index < outgoing.states.length; index += 1) {
      if (outgoing.states[index] === UNDER_WAY) stream.underWayBytes -= chunkBytes(outgoing, index);
    }
    stream.queue.splice(stream.queue.indexOf(outgoing), 1);
    stream.queuedBytes -= outgoing.bytes.byteLength;
  }

  /** Sends waiting chunks while the window has room. */
  #pump(stream: Stream, nowMs: number): void {
    const oldest = stream.queue[0]?.message ?? 0;
    for (const outgoing of stream.queue) {
      // The receiver assembles only so many messages beyond the oldest it waits for, finished ones included.
      if (outgoing.message >= oldest + this.#options.maxMessagesUnderWay) return;
      for (; outgoing.cursor < outgoing.states.length; outgoing.cursor += 1) {
        if (outgoing.states[outgoing.cursor] !== WAITING) continue;
        const bytes = chunkBytes(outgoing, outgoing.cursor);
        if (stream.underWayBytes > 0 && stream.underWayBytes + bytes > this.#options.windowBytes) return;
        stream.underWayBytes += bytes;
        this.#send(stream, outgoing, outgoing.cursor, nowMs);
      }
    }
  }

  #repeat(stream: Stream, nowMs: number, all: boolean): void {
    for (const outgoing of stream.queue) {
      for (let index = 0; index < outgoing.states.length; index += 1) {
        if (outgoing.states[index] !== UNDER_WAY || !(all || this.#isDue(outgoing, index, nowMs))) continue;
        this.#stats.resentChunks += 1;
        this.#send(stream, outgoing, index, nowMs);
      }
    }
  }

  #isDue(outgoing: Outgoing, index: number, nowMs: number): boolean {
    const tries = outgoing.tries[index] ?? 0;
    return (
      nowMs - (outgoing.sentAtMs[index] ?? 0) >=
      this.#options.resendAfterMs * 2 ** Math.min(Math.max(0, tries - 1), MAX_DOUBLINGS)
    );
  }

  #send(stream: Stream, outgoing: Outgoing, index: number, nowMs: number): void {
    outgoing.states[index] = UNDER_WAY;
    outgoing.sentAtMs[index] = nowMs;
    outgoing.tries[index] = Math.min(255, (outgoing.tries[index] ?? 0) + 1);
    const start = index * CHUNK_PAYLOAD_BYTES;
    const chunk = encodeChunk({
      from: this.#options.from,
      session: stream.session,
      base: stream.queue[0]?.message ?? outgoing.message,
      message: outgoing.message,
      index,
      count: outgoing.states.length,
      totalBytes: outgoing.bytes.byteLength,
      digest: outgoing.digest,
      payload: outgoing.bytes.subarray(start, start + CHUNK_PAYLOAD_BYTES),
    });
    this.#options.emit(stream.to, chunk);
  }
}

/** Makes every chunk wait again. */
function restart(outgoing: Outgoing): void {
  outgoing.states.fill(WAITING);
  outgoing.tries.fill(0);
  outgoing.open = outgoing.states.length;
  outgoing.cursor = 0;
}

function chunkBytes(outgoing: Outgoing, index: number): number {
  return Math.min(CHUNK_PAYLOAD_BYTES, outgoing.bytes.byteLength - index * CHUNK_PAYLOAD_BYTES);
}

function keyOf(peer: Peer): string {
  return `${peer.node}/${peer.executor}`;
}
