/** Numbers and texts as bytes, and back: the smallest form that tells its own end. */

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes do not hold what they should. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** Grows as it is written to. */
export class Writer {
  #bytes = new Uint8Array(192);
  #length = 0;

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /** Seven bits a byte, the lowest first; a set high bit says that more follow. Up to 2^53 - 1. */
  number(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) | 0x80);
    this.byte(rest);
  }

  /** Its length in bytes, then UTF-8. */
  text(value: string): void {
    const bytes = utf8.encode(value);
    this.number(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written, in memory of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(by: number): void {
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + by));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads a part of some bytes from its beginning to its end. */
export class Reader {
  at: number;
  readonly end: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.done) throw new Malformed('ends too early');
    return this.#bytes[this.at++] as number;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw new Malformed('number beyond 2^53 - 1');
  }

  /** A text of at most so many bytes. */
  text(most: number): string {
    const length = this.number();
    if (length > most) throw new Malformed(`text of ${length} bytes`);
    return strictUtf8.decode(this.take(length));
  }

  /** The next bytes, which stay part of what is read. */
  take(length: number): Uint8Array {
    if (length > this.end - this.at) throw new Malformed('ends too early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

/** Bytes that a number takes. */
export function bytesOfNumber(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
