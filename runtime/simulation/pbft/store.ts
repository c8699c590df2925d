/**
 * Records of a simulated node on its disk. A record is written beside the one that it replaces, so that a write which is
 * torn by a power loss leaves the one before; header and content have checksums of their own, so that what is torn (too
 * short, never synced, never promised) is told from what has rotted (the right length, other bits). With a rotten disk
 * nobody can say what was promised: the node does not start.
 *
 *     generation, 4 bytes | length of content, 4 | checksum of these 8 | checksum of content | content (msgpack)
 */
import { decode, encode } from '../../codec/msgpack.js';
import type { Disk } from '../disk.js';
import { hash } from './keys.js';

const HEADER = 16;

/** Records by key. */
export class Store {
  readonly #disk: Disk;
  readonly #generations = new Map<string, number>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** @throws DiskFull */
  put(key: string, value: unknown): void {
    const generation = (this.#generations.get(key) ?? 0) + 1;
    this.#disk.write(`${key}#${generation % 2}`, seal(generation, encode(value)));
    this.#generations.set(key, generation);
  }

  remove(key: string): void {
    if (!this.#generations.has(key)) return;
    this.#disk.remove(`${key}#0`);
    this.#disk.remove(`${key}#1`);
  }

  /** The latest whole record of each key; undefined when a record has rotted. */
  load(): ReadonlyMap<string, unknown> | undefined {
    const latest = new Map<string, { readonly generation: number; readonly content: Uint8Array }>();
    for (const place of this.#disk.keys()) {
      const bytes = this.#disk.read(place);
      const record = bytes === undefined ? 'torn' : open(bytes);
      if (record === 'rotten') return undefined;
      if (record === 'torn') continue;
      const key = place.slice(0, -2);
      if (record.generation > (latest.get(key)?.generation ?? 0)) latest.set(key, record);
    }
    for (const [key, { generation }] of latest) this.#generations.set(key, generation);
    return new Map([...latest].map(([key, { content }]) => [key, decode(content)]));
  }
}

function seal(generation: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, generation);
  view.setUint32(4, content.length);
  view.setUint32(8, hash(bytes.subarray(0, 8), 1)[0]);
  view.setUint32(12, hash(content, 2)[0]);
  bytes.set(content, HEADER);
  return bytes;
}

function open(bytes: Uint8Array): 'torn' | 'rotten' | { readonly generation: number; readonly content: Uint8Array } {
  if (bytes.length < HEADER) return 'torn';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(8) !== hash(bytes.subarray(0, 8), 1)[0]) return 'rotten';
  const content = bytes.subarray(HEADER);
  if (content.length < view.getUint32(4)) return 'torn';
  return view.getUint32(12) === hash(content, 2)[0] ? { generation: view.getUint32(0), content } : 'rotten';
}
