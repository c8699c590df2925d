/**
 * The layout of a large message on the wire: chunks one way, acknowledgements the other. Big-endian, no field optional.
 *
 *     chunk  1 | session f64 | base u32 | message u32 | index u32 | count u32 | total u32 | sha256 32 B | from | payload
 *     ack    2 | session f64 | receiver f64 | message u32 | index u32 | verdict u8 | from
 *     from   executor u16 | length u8 | node name
 *
 * A *session* is the numbering of one sender towards one receiver; a later session has a higher number and replaces the
 * one before. Messages of a session are numbered from 0 and handed over in that order. *base* is the oldest message that
 * the sender still holds, so that a receiver which knows nothing of the session knows where to begin. *receiver* is the
 * number of the receiver's life: when it rises, the receiver is a new one and has none of the chunks.
 */
import { MAX_FRAME_BYTES } from './port.js';

/** An executor, the cluster being understood. */
export interface Peer {
  readonly node: string;
  readonly executor: number;
}

/** One piece of a large message. */
export interface Chunk {
  readonly from: Peer;
  readonly session: number;
  readonly base: number;
  readonly message: number;
  /** 0-based. */
  readonly index: number;
  readonly count: number;
  /** Bytes of the whole message. */
  readonly totalBytes: number;
  /** SHA-256 of the whole message. */
  readonly digest: Uint8Array;
  readonly payload: Uint8Array;
}

/** `kept`: go on. `refused`: the receiver will never take this message (too large, or it does not match its hash). */
export type Verdict = 'kept' | 'refused';

/** What a receiver says of one chunk. */
export interface Ack {
  readonly from: Peer;
  readonly session: number;
  readonly receiver: number;
  readonly message: number;
  readonly index: number;
  readonly verdict: Verdict;
}

const CHUNK_KIND = 1;
const ACK_KIND = 2;
const DIGEST_BYTES = 32;
const MAX_NODE_BYTES = 64;
const CHUNK_FIXED_BYTES = 1 + 8 + 5 * 4 + DIGEST_BYTES;
const ACK_FIXED_BYTES = 1 + 8 + 8 + 4 + 4 + 1;
const FROM_FIXED_BYTES = 3;
const nodePattern = /^[A-Za-z0-9_-]{1,64}$/;
const latin = new TextDecoder('latin1');

/** Bytes of a message that one chunk carries, so that the chunk with its header is no larger than a frame may be. */
export const CHUNK_PAYLOAD_BYTES = MAX_FRAME_BYTES - CHUNK_FIXED_BYTES - FROM_FIXED_BYTES - MAX_NODE_BYTES;

/** Writes a chunk. */
export function encodeChunk(chunk: Chunk): Uint8Array {
  const fromBytes = FROM_FIXED_BYTES + chunk.from.node.length;
  const bytes = new Uint8Array(CHUNK_FIXED_BYTES + fromBytes + chunk.payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, CHUNK_KIND);
  view.setFloat64(1, chunk.session);
  view.setUint32(9, chunk.base);
  view.setUint32(13, chunk.message);
  view.setUint32(17, chunk.index);
  view.setUint32(21, chunk.count);
  view.setUint32(25, chunk.totalBytes);
  bytes.set(chunk.digest, 29);
  writeFrom(bytes, view, CHUNK_FIXED_BYTES, chunk.from);
  bytes.set(chunk.payload, CHUNK_FIXED_BYTES + fromBytes);
  return bytes;
}

/** Reads a chunk; undefined when the bytes are not one. The payload is a view of `bytes`. */
export function decodeChunk(bytes: Uint8Array): Chunk | undefined {
  if (bytes.byteLength < CHUNK_FIXED_BYTES + FROM_FIXED_BYTES || bytes[0] !== CHUNK_KIND) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = readFrom(bytes, view, CHUNK_FIXED_BYTES);
  if (from === undefined) return undefined;
  const chunk: Chunk = {
    from,
    session: view.getFloat64(1),
    base: view.getUint32(9),
    message: view.getUint32(13),
    index: view.getUint32(17),
    count: view.getUint32(21),
    totalBytes: view.getUint32(25),
    digest: bytes.subarray(29, 29 + DIGEST_BYTES),
    payload: bytes.subarray(CHUNK_FIXED_BYTES + FROM_FIXED_BYTES + from.node.length),
  };
  return isCoherent(chunk) ? chunk : undefined;
}

/** Writes an acknowledgement. */
export function encodeAck(ack: Ack): Uint8Array {
  const bytes = new Uint8Array(ACK_FIXED_BYTES + FROM_FIXED_BYTES + ack.from.node.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, ACK_KIND);
  view.setFloat64(1, ack.session);
  view.setFloat64(9, ack.receiver);
  view.setUint32(17, ack.message);
  view.setUint32(21, ack.index);
  view.setUint8(25, ack.verdict === 'kept' ? 0 : 1);
  writeFrom(bytes, view, ACK_FIXED_BYTES, ack.from);
  return bytes;
}

/** Reads an acknowledgement; undefined when the bytes are not one. */
export function decodeAck(bytes: Uint8Array): Ack | undefined {
  if (bytes.byteLength < ACK_FIXED_BYTES + FROM_FIXED_BYTES || bytes[0] !== ACK_KIND) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = readFrom(bytes, view, ACK_FIXED_BYTES);
  const session = view.getFloat64(1);
  const receiver = view.getFloat64(9);
  const verdict = view.getUint8(25);
  if (from === undefined || !isLife(session) || !isLife(receiver) || verdict > 1) return undefined;
  const place = { message: view.getUint32(17), index: view.getUint32(21) };
  return { from, session, receiver, ...place, verdict: verdict === 0 ? 'kept' : 'refused' };
}

/** Whether the numbers can belong to one message; what they claim is checked again when it is assembled. */
function isCoherent(chunk: Chunk): boolean {
  if (!isLife(chunk.session) || chunk.base > chunk.message || chunk.index >= chunk.count) return false;
  if (chunk.payload.byteLength > chunk.totalBytes) return false;
  // Each chunk carries something, but for the only chunk of an empty message.
  return chunk.totalBytes === 0 ? chunk.count === 1 : chunk.payload.byteLength > 0 && chunk.count <= chunk.totalBytes;
}

function isLife(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function writeFrom(bytes: Uint8Array, view: DataView, at: number, from: Peer): void {
  view.setUint16(at, from.executor);
  view.setUint8(at + 2, from.node.length);
  for (let i = 0; i < from.node.length; i += 1) bytes[at + FROM_FIXED_BYTES + i] = from.node.charCodeAt(i);
}

function readFrom(bytes: Uint8Array, view: DataView, at: number): Peer | undefined {
  const length = view.getUint8(at + 2);
  const end = at + FROM_FIXED_BYTES + length;
  if (end > bytes.byteLength) return undefined;
  const node = latin.decode(bytes.subarray(at + FROM_FIXED_BYTES, end));
  return nodePattern.test(node) ? { node, executor: view.getUint16(at) } : undefined;
}
