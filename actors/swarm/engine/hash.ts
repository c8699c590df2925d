/**
 * A stable hash for choosing tasks by their id: the same on every machine and in every run, unlike anything that comes
 * from a random source or from insertion order.
 */

/** 32-bit FNV-1a with a final avalanche, because FNV's low bits alone depend on few bits of the text. */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
