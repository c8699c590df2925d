/**
 * Reads msgpack with records, as `tags.ts` describes it. The bytes may come from anywhere: each length is held against the bytes that
 * are left before anything of that size is made, and what is no value throws.
 */
import { type RecentTexts, recentTexts } from './recent-texts.js';
import { type ShapeReader, shapeReader } from './shape-reader.js';
import { Extension, MAX_SHAPE_KEYS, MAX_SHAPES, MAX_SHORT_TEXT, SMALL_NUMBERS, Tag } from './tags.js';

export class ValueReader {
  readonly #bytes: Buffer;
  readonly #texts: RecentTexts;
  #at = 0;
  readonly #shapes: ShapeReader[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#texts = recentTexts;
  }

  /** Whether everything is read. */
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new Error('the bytes end too early');
    this.#at += 1;
    return value;
  }

  text(): string {
    const length = this.#textLength(this.byte());
    if (length === undefined) throw new Error('expected text');
    return this.#text(length);
  }

  value(): unknown {
    const tag = this.byte();
    if (tag < SMALL_NUMBERS) return tag;
    if (tag < Tag.smallMap) return this.#object(tag);
    if (tag >= Tag.negative) return tag - 0x100;
    if (tag >= Tag.smallText && tag < Tag.null) return this.#text(tag - Tag.smallText);
    switch (tag) {
      case Tag.null:
        return null;
      case Tag.true:
        return true;
      case Tag.false:
        return false;
      case Tag.int32:
        return this.#int32();
      case Tag.float64:
        return this.#bytes.readDoubleBE(this.#skip(8));
      case Tag.extension1:
        return this.#extension();
      case Tag.array32:
        return this.#array(this.#count());
      case Tag.map32:
        return this.#map(this.#count());
      case Tag.bytes32:
        return this.#blob(this.#count());
      case Tag.extension:
        return this.#date(this.byte());
      default:
        return this.#other(tag);
    }
  }

  /** What our own writer has no need of, or rarely. */
  #other(tag: number): unknown {
    if (tag < Tag.smallArray) return this.#map(tag - Tag.smallMap);
    if (tag < Tag.smallText) return this.#array(tag - Tag.smallArray);
    const length = this.#textLength(tag);
    if (length !== undefined) return this.#text(length);
    switch (tag) {
      case Tag.uint8:
        return this.byte();
      case Tag.uint16:
        return this.#uint16();
      case Tag.uint32:
        return this.#bytes.readUInt32BE(this.#skip(4));
      case Tag.int8:
        return this.#bytes.readInt8(this.#skip(1));
      case Tag.int16:
        return this.#bytes.readInt16BE(this.#skip(2));
      case Tag.float32:
        return this.#bytes.readFloatBE(this.#skip(4));
      case Tag.extension4:
        return this.#date(4);
      case Tag.extension8:
        return this.#date(8);
      case Tag.bytes8:
        return this.#blob(this.byte());
      case Tag.bytes16:
        return this.#blob(this.#uint16());
      case Tag.array16:
        return this.#array(this.#uint16());
      case Tag.map16:
        return this.#map(this.#uint16());
      default:
        throw new Error(`no value begins with the byte ${tag}`);
    }
  }

  /** The length of a text by its tag; undefined when it is the tag of something else. */
  #textLength(tag: number): number | undefined {
    if (tag >= Tag.smallText && tag < Tag.null) return tag - Tag.smallText;
    if (tag === Tag.text8) return this.byte();
    if (tag === Tag.text32) return this.#count();
    return tag === Tag.text16 ? this.#uint16() : undefined;
  }

  /** Moves on by so many bytes, which are there; gives where they begin. */
  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new Error('the bytes end too early');
    this.#at = at + length;
    return at;
  }

  #int32(): number {
    const at = this.#skip(4);
    const bytes = this.#bytes;
    const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16);
    return high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  }

  #uint16(): number {
    return this.#bytes.readUInt16BE(this.#skip(2));
  }

  /** A count of things of one byte at least each. */
  #count(): number {
    const count = this.#bytes.readUInt32BE(this.#skip(4));
    if (count > this.#bytes.length - this.#at) throw new Error('a count is larger than what follows');
    return count;
  }

  /** Short texts are mostly ASCII, and mostly known. */
  #text(length: number): string {
    const at = this.#skip(length);
    if (length > MAX_SHORT_TEXT) return this.#bytes.toString('utf8', at, at + length);
    return this.#texts.ascii(this.#bytes, at, length) ?? this.#bytes.toString('utf8', at, at + length);
  }

  #blob(length: number): Buffer {
    const at = this.#skip(length);
    return Buffer.from(this.#bytes.subarray(at, at + length));
  }

  #array(count: number): unknown[] {
    const values: unknown[] = [];
    for (let index = 0; index < count; index += 1) values.push(this.value());
    return values;
  }

  #extension(): unknown {
    const type = this.byte();
    const value = this.byte();
    if (type === Extension.undefined) return undefined;
    if (type === Extension.shape) return this.#newShape(value);
    if (type === Extension.date) return new Date(Number.NaN);
    throw new Error(`no extension has the type ${type}`);
  }

  /** A date of so many bytes. */
  #date(length: number): Date {
    if (this.byte() !== Extension.date) throw new Error('expected a date');
    const at = this.#skip(length);
    const bytes = this.#bytes;
    switch (length) {
      case 4:
        return new Date(bytes.readUInt32BE(at) * 1_000);
      case 8: {
        // 30 bits of nanoseconds, then 34 of seconds.
        const high = bytes.readUInt32BE(at);
        return new Date(((high & 3) * 2 ** 32 + bytes.readUInt32BE(at + 4)) * 1_000 + (high >>> 2) / 1_000_000);
      }
      case 12:
        return new Date(Number(bytes.readBigInt64BE(at + 4)) * 1_000 + bytes.readUInt32BE(at) / 1_000_000);
      default:
        throw new Error('expected a date');
    }
  }

  #newShape(tag: number): object {
    const keys = this.value();
    if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) throw new Error('expected keys');
    if (keys.length > MAX_SHAPE_KEYS || this.#shapes.length >= MAX_SHAPES) throw new Error('too many keys or shapes');
    if (tag !== Tag.object + this.#shapes.length) throw new Error('a shape has not the next number');
    const shape = shapeReader(keys.map(safeKey));
    this.#shapes.push(shape);
    return shape.read(this);
  }

  /** Without such a shape it is a whole number, as it is to writers that know no records. */
  #object(tag: number): unknown {
    const shape = this.#shapes[tag - Tag.object];
    return shape === undefined ? tag : shape.read(this);
  }

  #map(count: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (let index = 0; index < count; index += 1) object[safeKey(this.text())] = this.value();
    return object;
  }
}

/** A key of an object. One that would be a prototype is none. */
function safeKey(key: string): string {
  return key === '__proto__' ? '__proto_' : key;
}
