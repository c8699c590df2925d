/**
 * Where a simulated node keeps what its core wants to persist: values by name on a disk that tears and rots. A value has
 * two slots that are written in turn, so that a torn write leaves the value before it:
 *
 *     name/0   length, its complement, CRC-32C | number, value          name/1   the same, with the next number
 *
 * A slot that is shorter than it says was torn by a power loss before it was synced, and nobody was told of it. A slot
 * of the right length with a wrong checksum has rotted: which value it held is unknown, so none is left of that name.
 */
import { decode, encodeChecked } from '../../codec/msgpack.js';
import { crc32c } from '../../store/crc32c.js';
import type { Disk } from '../disk.js';

const HEADER = 12;

/** What a disk holds when its node starts. */
export interface Found {
  readonly values: ReadonlyMap<string, unknown>;
  /** Names whose values have rotted. */
  readonly rotten: readonly string[];
}

/** Values of one life of one node. */
export class Shelf {
  readonly #disk: Disk;
  /** Number of the newest write of each name; its slot is its parity. */
  readonly #numbers = new Map<string, number>();
  /** Names that have rotted, and still show it. */
  readonly #rotten = new Set<string>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Reads everything, and clears away what is torn. What has rotted stays: see {@link forgetRotten}. */
  load(): Found {
    const slots = new Map<string, (readonly [number: number, value: unknown])[]>();
    for (const key of this.#disk.keys()) {
      const name = key.slice(0, -2);
      const bytes = this.#disk.read(key) ?? new Uint8Array();
      const found = open(bytes);
      if (found === 'rotten') this.#rotten.add(name);
      else if (found === 'torn') this.#disk.remove(key);
      else slots.set(name, [...(slots.get(name) ?? []), found]);
    }
    const values = new Map<string, unknown>();
    for (const [name, found] of slots) {
      if (this.#rotten.has(name)) continue;
      const [number, value] = found.reduce((newest, one) => (one[0] > newest[0] ? one : newest));
      this.#numbers.set(name, number);
      values.set(name, value);
    }
    return { values, rotten: [...this.#rotten] };
  }

  /**
   * Clears away what has rotted. Not before it is on the disk that this node is another one: else a crash in between
   * leaves a disk that lacks records and does not show it.
   */
  forgetRotten(): void {
    for (const name of this.#rotten) this.#clear(name);
    this.#rotten.clear();
  }

  /** @throws DiskFull */
  put(name: string, value: unknown): void {
    if (this.#rotten.delete(name)) this.#clear(name);
    const number = (this.#numbers.get(name) ?? 0) + 1;
    this.#disk.write(`${name}/${number % 2}`, close(number, value));
    this.#numbers.set(name, number);
  }

  /** The older slot goes first: a power loss in between must not bring the value before back. */
  remove(name: string): void {
    const number = this.#numbers.get(name);
    if (number === undefined) return;
    this.#disk.remove(`${name}/${(number + 1) % 2}`);
    this.#disk.remove(`${name}/${number % 2}`);
    this.#numbers.delete(name);
  }

  #clear(name: string): void {
    for (const slot of [0, 1]) this.#disk.remove(`${name}/${slot}`);
  }
}

function close(number: number, value: unknown): Uint8Array {
  const body = encodeChecked([number, value]);
  const bytes = new Uint8Array(HEADER + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, ~body.length >>> 0);
  view.setUint32(8, crc32c(body));
  bytes.set(body, HEADER);
  return bytes;
}

function open(bytes: Uint8Array): readonly [number: number, value: unknown] | 'torn' | 'rotten' {
  if (bytes.length < HEADER) return 'torn';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0);
  if (view.getUint32(4) !== ~length >>> 0) return 'rotten';
  const body = bytes.subarray(HEADER);
  if (body.length < length) return 'torn';
  if (body.length !== length || view.getUint32(8) !== crc32c(body)) return 'rotten';
  return decode(body) as readonly [number, unknown];
}
