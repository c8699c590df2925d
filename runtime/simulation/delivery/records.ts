/**
 * What the producer of the model keeps on its disk: a record for each message that is not known to be handled, and the
 * number of the first of them.
 *
 *     base -> 7        message 000007 -> payload    message 000008 -> payload    ...
 *
 * A record is a number and its complement, so that one which a power loss tore is told from a whole one. Forgetting
 * writes the base first: whatever prefix of it a power loss leaves, the base is one that was true.
 */
import { type Disk, DiskFull } from '../disk.js';

const BASE = 'base';
const keyOf = (seq: number): string => `message ${String(seq).padStart(6, '0')}`;

/** What a life of the producer finds. */
export interface Found {
  readonly base: number;
  readonly payloads: number[];
}

/** The messages of one producer on its disk. */
export class Records {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** False when the disk is full. */
  put(seq: number, payload: number): boolean {
    return this.#write(keyOf(seq), payload);
  }

  /** All up to this number may go; they stay when there is no room to say so. */
  forget(seq: number): void {
    if (!this.#write(BASE, seq + 1)) return;
    for (const key of this.#disk.keys()) if (key !== BASE && key <= keyOf(seq)) this.#disk.remove(key);
  }

  find(): Found {
    const [first] = this.#disk.keys().filter((key) => key !== BASE);
    const base = this.#read(BASE) ?? (first === undefined ? 1 : Number(first.split(' ')[1]));
    const payloads: number[] = [];
    for (
      let payload = this.#read(keyOf(base));
      payload !== undefined;
      payload = this.#read(keyOf(base + payloads.length))
    )
      payloads.push(payload);
    return { base, payloads };
  }

  #write(key: string, value: number): boolean {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, value);
    view.setInt32(4, ~value);
    try {
      this.#disk.write(key, bytes);
      return true;
    } catch (error) {
      if (error instanceof DiskFull) return false;
      throw error;
    }
  }

  #read(key: string): number | undefined {
    const bytes = this.#disk.read(key);
    if (bytes?.length !== 8) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const value = view.getInt32(0);
    return view.getInt32(4) === ~value ? value : undefined;
  }
}
