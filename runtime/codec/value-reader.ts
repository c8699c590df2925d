/**
 * Reads what `value-writer.ts` has written. The bytes may come from anywhere: each length is held against the bytes that
 * are left before anything of that size is made, and what is no value throws.
 */
import { type RecentTexts, recentTexts } from './recent-texts.js';
import { type ShapeReader, shapeReader } from './shape-reader.js';
import { MAX_SHAPE_KEYS, MAX_SHAPES, Tag } from './tags.js';

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
    const tag = this.byte();
    if (tag >= Tag.text && tag < Tag.object) return this.#shortText(tag - Tag.text);
    if (tag === Tag.longText) return this.#longText();
    throw new Error('expected text');
  }

  value(): unknown {
    const tag = this.byte();
    if (tag < Tag.text) return tag;
    if (tag < Tag.object) return this.#shortText(tag - Tag.text);
    if (tag < Tag.null) return this.#object(tag - Tag.object);
    switch (tag) {
      case Tag.null:
        return null;
      case Tag.undefined:
        return undefined;
      case Tag.true:
        return true;
      case Tag.false:
        return false;
      case Tag.int:
        return this.#int();
      case Tag.float:
        return this.#bytes.readDoubleLE(this.#skip(8));
      case Tag.longText:
        return this.#longText();
      case Tag.array:
        return this.#array();
      case Tag.bytes: {
        const length = this.#count();
        const at = this.#skip(length);
        return Buffer.from(this.#bytes.subarray(at, at + length));
      }
      case Tag.date:
        return new Date(this.#bytes.readDoubleLE(this.#skip(8)));
      case Tag.newShape:
        return this.#newShape();
      case Tag.map:
        return this.#map();
      default:
        throw new Error(`no value begins with the byte ${tag}`);
    }
  }

  /** Moves on by so many bytes, which are there; gives where they begin. */
  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new Error('the bytes end too early');
    this.#at = at + length;
    return at;
  }

  #int(): number {
    const at = this.#skip(4);
    const bytes = this.#bytes;
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
  }

  /** A count of things of one byte at least each. */
  #count(): number {
    const count = this.#bytes.readUInt32LE(this.#skip(4));
    if (count > this.#bytes.length - this.#at) throw new Error('a count is larger than what follows');
    return count;
  }

  #shortText(length: number): string {
    const at = this.#skip(length);
    return this.#texts.ascii(this.#bytes, at, length);
  }

  #longText(): string {
    const length = this.#count();
    const at = this.#skip(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  #array(): unknown[] {
    const count = this.#count();
    const values: unknown[] = [];
    for (let index = 0; index < count; index += 1) values.push(this.value());
    return values;
  }

  #newShape(): object {
    const count = this.byte();
    if (count > MAX_SHAPE_KEYS || this.#shapes.length >= MAX_SHAPES) throw new Error('too many keys or shapes');
    const keys: string[] = [];
    for (let index = 0; index < count; index += 1) keys.push(this.#key());
    const shape = shapeReader(keys);
    this.#shapes.push(shape);
    return shape.read(this);
  }

  #object(number: number): object {
    const shape = this.#shapes[number];
    if (shape === undefined) throw new Error('an object has a shape that the frame does not tell');
    return shape.read(this);
  }

  #map(): Record<string, unknown> {
    const count = this.#count();
    const object: Record<string, unknown> = {};
    for (let index = 0; index < count; index += 1) object[this.#key()] = this.value();
    return object;
  }

  /** A key of an object. One that would be a prototype is none. */
  #key(): string {
    const key = this.text();
    return key === '__proto__' ? '__proto_' : key;
  }
}
