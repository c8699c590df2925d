/**
 * How records lie in an engine. One letter says what a record is, then comes the key of its owner:
 *
 *     g                            the newest epoch
 *     h <key>                      head: epoch, seq, first, snapshotSeq as four doubles
 *     s <key>                      snapshot
 *     e <key> 00 <seq, 8 bytes>    event
 *     d <key> 00 <name>            document
 *
 * Numbers are big-endian, so that byte order is number order; keys hold no byte 00, so that no owner's records fall
 * among another's. Each value begins with the CRC-32C of its record's key and content, so that a value that came to lie
 * under another key is found too, not only one that was changed.
 */
import { SkepError } from '#protocols/wire/error';
import { crc32c } from './crc32c.js';
import type { Head, StoredEvent } from './store.js';

const CHECKSUM_BYTES = 4;
const SEQ_BYTES = 8;
/** The engines take keys of 1,978 bytes; this leaves room for two of them and stays readable in errors. */
const MAX_KEY_BYTES = 512;

/** Whether a text may be the key of an owner or the name of a document: 1 to 512 bytes, no control characters. */
export function isStoreKey(text: unknown): text is string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (typeof text !== 'string' || text === '' || /[\u0000-\u001f\u007f]/.test(text)) return false;
  if (text.length > MAX_KEY_BYTES) return false;
  const bytes = Buffer.from(text);
  // Half of a surrogate pair would be stored as another character.
  return bytes.length <= MAX_KEY_BYTES && bytes.toString() === text;
}

/** The record that holds the newest epoch. */
export const epochKey: Uint8Array = Buffer.from('g');

export function headKey(key: string): Uint8Array {
  return Buffer.from(`h${key}`);
}

export function snapshotKey(key: string): Uint8Array {
  return Buffer.from(`s${key}`);
}

export function eventKey(key: string, seq: number): Uint8Array {
  const bytes = Buffer.alloc(1 + Buffer.byteLength(key) + 1 + SEQ_BYTES);
  bytes.write(`e${key}`);
  bytes.writeBigUInt64BE(BigInt(seq), bytes.length - SEQ_BYTES);
  return bytes;
}

export function documentKey(key: string, name: string): Uint8Array {
  return Buffer.from(`d${key}\0${name}`);
}

/** All records of one letter; of an owner's documents when a key is given. */
export function rangeOf(letter: string, key?: string): readonly [start: Uint8Array, end: Uint8Array] {
  const stem = key === undefined ? letter : `${letter}${key}\0`;
  const start = Buffer.from(stem);
  const end = Buffer.from(stem);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return [start, end];
}

/** The sequence number in the key of an event. */
export function seqOf(key: Uint8Array): number {
  return Number(Buffer.from(key.buffer, key.byteOffset, key.byteLength).readBigUInt64BE(key.length - SEQ_BYTES));
}

/** The name in the key of a document of that owner. */
export function nameOf(key: Uint8Array, owner: string): string {
  return Buffer.from(key.subarray(1 + Buffer.byteLength(owner) + 1)).toString();
}

/** A record's content with its checksum in front. */
export function seal(key: Uint8Array, content: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(CHECKSUM_BYTES + content.length);
  sealed.writeUInt32BE(crc32c(content, crc32c(key)), 0);
  sealed.set(content, CHECKSUM_BYTES);
  return sealed;
}

/** The content of a sealed record, copied. @throws SkepError STORE_CORRUPT when it does not carry its checksum. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const content = sealed.subarray(CHECKSUM_BYTES);
  const expected = sealed.length < CHECKSUM_BYTES ? -1 : Buffer.from(sealed.subarray(0, CHECKSUM_BYTES)).readUInt32BE();
  if (expected === crc32c(content, crc32c(key))) return Uint8Array.from(content);
  const record = Buffer.from(key)
    .toString()
    .replaceAll(/[^\x20-\x7e]+/g, ' ');
  throw new SkepError('STORE_CORRUPT', `the record "${record}" does not carry its checksum`, { record });
}

/** A head as the content of its record. */
export function packHead({ epoch, seq, first, snapshotSeq }: Head): Uint8Array {
  return packNumbers([epoch, seq, first, snapshotSeq]);
}

export function unpackHead(content: Uint8Array): Head {
  const [epoch = 0, seq = 0, first = 0, snapshotSeq = 0] = unpackNumbers(content);
  return { epoch, seq, first, snapshotSeq };
}

export function packNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(8 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeDoubleBE(number, 8 * index);
  return bytes;
}

export function unpackNumbers(content: Uint8Array): readonly number[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return Array.from({ length: content.length >> 3 }, (_, index) => bytes.readDoubleBE(8 * index));
}

/** Bytes that an event takes in a page. */
export function sizeOf({ bytes }: StoredEvent): number {
  return bytes.length + SEQ_BYTES;
}
