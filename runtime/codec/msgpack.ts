/**
 * The one file that knows msgpackr. Records and every extension that could create class instances stay off, so what a
 * peer sends decodes to plain data only: numbers, strings, booleans, null, arrays, plain objects, bytes, dates, maps.
 */
import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: false, int64AsType: 'number' });

/** Packs plain data into bytes that own their memory, so that they may be transferred to another thread. */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const packed = packr.pack(value);
  // msgpackr packs into a pooled buffer: the slice is the copy that frees the pool and can be transferred.
  return Uint8Array.prototype.slice.call(packed) as Uint8Array<ArrayBuffer>;
}

/**
 * Unpacks bytes.
 * @throws Error (or RangeError for absurd nesting) when the bytes are not one complete msgpack value.
 */
export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}
