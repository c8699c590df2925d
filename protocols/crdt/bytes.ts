/**
 * Bytes with one form for each value: whole numbers as LEB128 in their shortest form, text and byte strings behind their
 * length. The reader takes no other form, so whatever it accepts is encoded to the same bytes again. It trusts nothing:
 * a length is held against what is left before anything is made of it.
 */
import { SkepError } from '../wire/error.js';

const nothing = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The one error that decoding gives. */
export function malformed(what: string): SkepError {
  return new SkepError('BAD_FRAME', `malformed replicated data: ${what}`);
}

/** The room of the last writer that finished, for the next: most of what is written is small, and written often. */
let spare: Uint8Array | undefined;
const MOST_SPARE = 65_536;

/** Takes values one after the other. */
export class Writer {
  #bytes = spare ?? new Uint8Array(1_024);
  #length = 0;

  constructor() {
    spare = undefined;
  }

  /** A copy of all that was written. Nothing is written afterwards. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length);
    if (this.#bytes.length <= MOST_SPARE) spare = this.#bytes;
    this.#bytes = nothing;
    return written;
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length] = (rest % 128) + 128;
      this.#length += 1;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
  }

  /** 32 bits, always in four bytes. */
  word(value: number): void {
    this.#reserve(4);
    for (let shift = 24; shift >= 0; shift -= 8) {
      this.#bytes[this.#length] = (value >>> shift) & 255;
      this.#length += 1;
    }
  }

  flag(value: boolean): void {
    this.number(value ? 1 : 0);
  }

  text(value: string): void {
    if (!isShortAscii(value)) return this.bytes(encoder.encode(value));
    this.number(value.length);
    this.#reserve(value.length);
    for (let at = 0; at < value.length; at += 1) this.#bytes[this.#length + at] = value.charCodeAt(at);
    this.#length += value.length;
  }

  bytes(value: Uint8Array): void {
    this.number(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Gives values one after the other. Each method throws SkepError BAD_FRAME when its value is not there. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Says that the value ends here. */
  end(): void {
    if (this.left > 0) throw malformed(`${this.left} bytes too many`);
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte % 128) * scale;
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 49) throw malformed('a number above 2^53');
      if (byte >= 128) continue;
      if (byte === 0 && scale > 1) throw malformed('a number in a longer form than it needs');
      return value;
    }
  }

  word(): number {
    if (this.left < 4) throw malformed('it ends within a word');
    let value = 0;
    for (let count = 0; count < 4; count += 1) value = (value << 8) | this.#byte();
    return value;
  }

  flag(): boolean {
    const value = this.number();
    if (value > 1) throw malformed(`${value} in the place of a flag`);
    return value === 1;
  }

  /** How many items follow, each of at least that many bytes. */
  count(least = 1): number {
    const count = this.number();
    if (count * least > this.left) throw malformed(`${count} items in ${this.left} bytes`);
    return count;
  }

  text(): string {
    const bytes = this.#take();
    const ascii = shortAscii(bytes);
    if (ascii !== undefined) return ascii;
    try {
      return decoder.decode(bytes);
    } catch {
      throw malformed('text that is not UTF-8');
    }
  }

  /** A copy. */
  bytes(): Uint8Array {
    return this.#take().slice();
  }

  #take(): Uint8Array {
    const length = this.count();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformed('it ends too early');
    this.#at += 1;
    return byte;
  }
}

/** Ids and keys mostly are; a call into the encoder costs more than they do. */
function isShortAscii(text: string): boolean {
  if (text.length > 32) return false;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false;
  return true;
}

function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > 32) return undefined;
  let text = '';
  for (const byte of bytes) {
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
