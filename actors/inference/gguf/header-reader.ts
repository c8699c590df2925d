/**
 * Reads the front of a file in order, in pieces of 256 KiB, and never trusts it: a length is held against what is left of
 * the file and against a bound before anything is allocated for it. Numbers are read from what is buffered; `need` buffers.
 *
 *     file   |=========|~~~~~~~~~~~~~~~|----------------------------|
 *            0      offset         buffered to                  fileBytes
 */
import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { type SkepError, unreachable } from '#protocols/wire/error';
import { bytesOfType, type GgufElementType, type GgufScalar, limits } from './format.js';

const pieceBytes = 256 * 1024;

/** See the file's head. Each method throws what `bad` makes of a fault; `what` names the field that is read. */
export class HeaderReader {
  readonly #file: FileHandle;
  readonly #fileBytes: number;
  readonly #bad: (what: string) => SkepError;
  #buffer: Buffer = Buffer.alloc(0);
  /** Where in the file the buffer begins, and where in the buffer the next byte is. */
  #base = 0;
  #at = 0;

  constructor(file: FileHandle, fileBytes: number, bad: (what: string) => SkepError) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#bad = bad;
  }

  /** Bytes from the beginning of the file to the next one. */
  get offset(): number {
    return this.#base + this.#at;
  }

  /** Bytes of the file that were not read yet. */
  get left(): number {
    return this.#fileBytes - this.offset;
  }

  /** Buffers so many bytes. */
  async need(bytes: number, what: string): Promise<void> {
    if (this.#at + bytes <= this.#buffer.length) return;
    if (bytes > this.left) {
      throw this.#bad(
        `it ends inside ${what}: ${bytes} bytes are expected at byte ${this.offset}, ${this.left} are there`,
      );
    }
    this.#bound(bytes, what);
    const from = this.offset;
    const next = Buffer.allocUnsafe(Math.min(Math.max(bytes, pieceBytes), this.left));
    let filled = 0;
    while (filled < next.length) {
      const { bytesRead } = await this.#file.read(next, filled, next.length - filled, from + filled);
      if (bytesRead === 0) throw this.#bad(`it became shorter while it was read, at byte ${from + filled}`);
      filled += bytesRead;
    }
    this.#buffer = next;
    this.#base = from;
    this.#at = 0;
  }

  /** Passes over so many bytes. */
  async skip(bytes: number, what: string): Promise<void> {
    if (this.#at + bytes > this.#buffer.length) {
      if (bytes > this.left) await this.need(bytes, what);
      this.#bound(bytes, what);
    }
    this.#at += bytes;
    if (this.#at <= this.#buffer.length) return;
    this.#base += this.#at;
    this.#at = 0;
    this.#buffer = Buffer.alloc(0);
  }

  async uint32(what: string): Promise<number> {
    await this.need(4, what);
    this.#at += 4;
    return this.#buffer.readUInt32LE(this.#at - 4);
  }

  /** A u64 that counts something, of which there are at most `most`. */
  async count(what: string, most: number): Promise<number> {
    await this.need(8, what);
    const count = this.#buffer.readBigUInt64LE(this.#at);
    if (count > BigInt(most)) throw this.#bad(`${what} is ${count}, more than the ${most} that can be`);
    this.#at += 8;
    return Number(count);
  }

  /** A string of at most `most` bytes. */
  async string(what: string, most: number): Promise<string> {
    const bytes = await this.count(`the length of ${what}`, most);
    await this.need(bytes, what);
    return this.#text(bytes, what);
  }

  /** A string, or undefined when it is not buffered as a whole: then `string` reads it. Saves a turn for each token. */
  bufferedString(what: string, most: number): string | undefined {
    const left = this.#buffer.length - this.#at;
    if (left < 8) return undefined;
    const bytes = this.#buffer.readBigUInt64LE(this.#at);
    if (bytes > BigInt(Math.min(left - 8, most))) return undefined;
    this.#at += 8;
    return this.#text(Number(bytes), what);
  }

  /** A value that is no array. */
  async scalar(type: GgufElementType, what: string): Promise<GgufScalar> {
    if (type === 'string') return await this.string(what, limits.stringBytes);
    await this.need(bytesOfType(type), what);
    const at = this.#at;
    this.#at += bytesOfType(type);
    const buffer = this.#buffer;
    switch (type) {
      case 'uint8':
        return buffer.readUInt8(at);
      case 'int8':
        return buffer.readInt8(at);
      case 'uint16':
        return buffer.readUInt16LE(at);
      case 'int16':
        return buffer.readInt16LE(at);
      case 'uint32':
        return buffer.readUInt32LE(at);
      case 'int32':
        return buffer.readInt32LE(at);
      case 'float32':
        return buffer.readFloatLE(at);
      case 'uint64':
        return buffer.readBigUInt64LE(at);
      case 'int64':
        return buffer.readBigInt64LE(at);
      case 'float64':
        return buffer.readDoubleLE(at);
      case 'bool': {
        const byte = buffer.readUInt8(at);
        if (byte > 1) throw this.#bad(`${what} is the byte ${byte}, expected 0 (false) or 1 (true)`);
        return byte === 1;
      }
      default:
        return unreachable(type);
    }
  }

  #text(bytes: number, what: string): string {
    const slice = this.#buffer.subarray(this.#at, this.#at + bytes);
    if (!isUtf8(slice)) throw this.#bad(`${what} is not UTF-8, at byte ${this.offset}`);
    this.#at += bytes;
    return slice.toString('utf8');
  }

  #bound(bytes: number, what: string): void {
    if (this.offset + bytes <= limits.headerBytes) return;
    throw this.#bad(
      `what comes before the weights is larger than ${limits.headerBytes} bytes: it has not ended at ${what}`,
    );
  }
}
