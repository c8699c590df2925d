/**
 * Sealed records of a disk: a checksum (CRC-32C, over key and content) and the content. Whatever a disk may do to a
 * record, tear it, flip a bit of it or put it in the place of another, it no longer opens.
 */
import { decode, encodeChecked } from '../../codec/msgpack.js';
import { crc32c } from '../../store/crc32c.js';

const SEAL_BYTES = 4;

/** Content under a seal. */
export function seal(key: string, content: unknown): Uint8Array {
  const packed = encodeChecked(content);
  const record = new Uint8Array(SEAL_BYTES + packed.length);
  new DataView(record.buffer).setUint32(0, checksum(key, packed));
  record.set(packed, SEAL_BYTES);
  return record;
}

/** The content of a record; undefined when there is none, or its seal is broken. */
export function unseal(key: string, record: Uint8Array | undefined): unknown {
  if (record === undefined || record.length <= SEAL_BYTES) return undefined;
  const packed = record.subarray(SEAL_BYTES);
  const sealed = new DataView(record.buffer, record.byteOffset, SEAL_BYTES).getUint32(0);
  return sealed === checksum(key, packed) ? decode(packed) : undefined;
}

function checksum(key: string, packed: Uint8Array): number {
  // A weak mix of the key is enough here: keys that could be mistaken for each other differ in few characters.
  let mixed = 0;
  for (let at = 0; at < key.length; at += 1) mixed = Math.imul(mixed, 31) + key.charCodeAt(at);
  return crc32c(packed, mixed >>> 0);
}
