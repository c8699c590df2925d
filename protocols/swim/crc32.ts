/** CRC-32 with the polynomial of IEEE 802.3, as memberlist puts it before its packets and as zip and gzip have it. */

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The checksum of the bytes from an offset on, 0 to 2^32 - 1. */
export function crc32(bytes: Uint8Array, from: number): number {
  let value = -1;
  for (let at = from; at < bytes.length; at += 1)
    value = (value >>> 8) ^ (table[(value ^ (bytes[at] as number)) & 0xff] as number);
  return ~value >>> 0;
}
