/**
 * Writes plain data into a growing buffer as msgpack, in the form that `tags.ts` describes. By hand rather than by
 * msgpackr, which reads what is written here, because one pass does what takes three otherwise: it checks that the data is
 * plain, finds the shapes of objects, and writes the bytes. Small messages take a third of the time.
 */
import { assertPlain } from './msgpack.js';
import {
  Extension,
  MAX_SHAPE_KEYS,
  MAX_SHAPES,
  MAX_SHORT_TEXT,
  MAX_SMALL_ARRAY,
  MAX_SMALL_TEXT,
  SMALL_NUMBERS,
  Tag,
} from './tags.js';

/** The keys of objects alike, and their number in the frame that is being written. */
interface Shape {
  readonly keys: readonly string[];
  /** The frame in which it has its number. */
  frame: number;
  number: number;
}

const FIRST_BYTES = 8_192;
/** Shapes that a writer remembers between frames; a flood of different ones makes it begin anew. */
const MAX_KNOWN_SHAPES = 1_024;
const PLAIN = Object.prototype;

export class ValueWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = viewOf(this.#bytes);
  #at = 0;
  #frame = 0;
  /** The shapes of this frame by number; those from {@link #shapeCount} on are left over. */
  readonly #shapes: (Shape | undefined)[] = [];
  #shapeCount = 0;
  /** All known shapes, by first key. */
  readonly #byFirstKey = new Map<string, Shape[]>();
  #known = 0;
  /** The shape of the last object: the next is often like it. */
  #latest: Shape | undefined;

  /** Bytes written since {@link clear}. */
  get length(): number {
    return this.#at;
  }

  /** Bytes that the buffer holds. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Shapes that it remembers. */
  get known(): number {
    return this.#known;
  }

  /** Begins a new frame. */
  clear(): void {
    this.#at = 0;
    this.#frame += 1;
    this.#shapeCount = 0;
    if (this.#known <= MAX_KNOWN_SHAPES) return;
    this.#byFirstKey.clear();
    this.#known = 0;
    this.#latest = undefined;
  }

  /** Shapes in this frame. */
  get shapes(): number {
    return this.#shapeCount;
  }

  /** Takes back all that was written since {@link length} and {@link shapes} were these. */
  back(length: number, shapes: number): void {
    this.#at = length;
    this.#shapeCount = shapes;
  }

  /** The bytes, in memory of their own. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#at);
    taken.set(this.#bytes.subarray(0, this.#at));
    return taken;
  }

  byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#at++] = value;
  }

  number(value: number): void {
    if (this.#at + 9 > this.#bytes.length) this.#grow(9);
    const bytes = this.#bytes;
    // The one test covers whole numbers of 32 bits; -0 is among them, and arrives as 0.
    if ((value | 0) !== value) {
      bytes[this.#at] = Tag.float64;
      this.#view.setFloat64(this.#at + 1, value);
      this.#at += 9;
    } else if (value >= 0 && value < SMALL_NUMBERS) {
      bytes[this.#at++] = value;
    } else if (value >= 0 && value <= 0xff) {
      bytes[this.#at] = Tag.uint8;
      bytes[this.#at + 1] = value;
      this.#at += 2;
    } else {
      const at = this.#at;
      bytes[at] = Tag.int32;
      bytes[at + 1] = value >> 24;
      bytes[at + 2] = value >> 16;
      bytes[at + 3] = value >> 8;
      bytes[at + 4] = value;
      this.#at = at + 5;
    }
  }

  text(value: string): void {
    const { length } = value;
    if (length <= MAX_SHORT_TEXT && this.#shortText(value, length)) return;
    // Three bytes of UTF-8 for one of UTF-16 at most.
    if (this.#at + 5 + 3 * length > this.#bytes.length) this.#grow(5 + 3 * length);
    const written = this.#bytes.write(value, this.#at + 5);
    this.#bytes[this.#at] = Tag.text32;
    this.#view.setUint32(this.#at + 1, written);
    this.#at += 5 + written;
  }

  /** False, and nothing written, when it is not ASCII. */
  #shortText(value: string, length: number): boolean {
    if (this.#at + 2 + length > this.#bytes.length) this.#grow(2 + length);
    const bytes = this.#bytes;
    const small = length <= MAX_SMALL_TEXT;
    const at = this.#at + (small ? 1 : 2);
    for (let index = 0; index < length; index += 1) {
      const char = value.charCodeAt(index);
      if (char > 0x7f) return false;
      bytes[at + index] = char;
    }
    if (small) bytes[this.#at] = Tag.smallText + length;
    else {
      bytes[this.#at] = Tag.text8;
      bytes[this.#at + 1] = length;
    }
    this.#at = at + length;
    return true;
  }

  /**
   * Writes a whole message.
   * @throws TypeError naming the value that is not plain data, RangeError for cycles and absurd nesting; some of it may
   * have been written then.
   */
  message(value: unknown): void {
    try {
      this.value(value);
    } catch (cause) {
      // The checker knows the path to what is wrong.
      assertPlain(value);
      throw cause;
    }
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.text(value);
        return;
      case 'number':
        this.number(value);
        return;
      case 'boolean':
        this.byte(value ? Tag.true : Tag.false);
        return;
      case 'undefined':
        this.#extension(Extension.undefined, 0);
        return;
      case 'object':
        if (value === null) this.byte(Tag.null);
        else this.#object(value);
        return;
      default:
        throw new TypeError(`a ${typeof value} is not plain data`);
    }
  }

  #object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === PLAIN || prototype === null) this.#fields(value as Readonly<Record<string, unknown>>);
    else if (Array.isArray(value)) this.#array(value);
    else if (value instanceof Uint8Array) this.#blob(value);
    else if (value instanceof Date) this.#date(value.getTime());
    else throw new TypeError('an instance of a class is not plain data');
  }

  #array(values: readonly unknown[]): void {
    if (values.length <= MAX_SMALL_ARRAY) this.byte(Tag.smallArray + values.length);
    else this.#count(Tag.array32, values.length);
    // By index, because a hole is `undefined` then and not left out.
    for (let index = 0; index < values.length; index += 1) this.value(values[index]);
  }

  #blob(value: Uint8Array): void {
    this.#count(Tag.bytes32, value.length);
    if (this.#at + value.length > this.#bytes.length) this.#grow(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  #count(tag: number, count: number): void {
    if (this.#at + 5 > this.#bytes.length) this.#grow(5);
    this.#bytes[this.#at] = tag;
    this.#view.setUint32(this.#at + 1, count);
    this.#at += 5;
  }

  /** An extension of one byte. */
  #extension(type: number, value: number): void {
    this.byte(Tag.extension1);
    this.byte(type);
    this.byte(value);
  }

  #date(ms: number): void {
    if (Number.isNaN(ms)) {
      this.#extension(Extension.date, Extension.date);
      return;
    }
    if (this.#at + 15 > this.#bytes.length) this.#grow(15);
    const at = this.#at;
    const seconds = Math.floor(ms / 1_000);
    this.#bytes[at] = Tag.extension;
    this.#bytes[at + 1] = 12;
    this.#bytes[at + 2] = Extension.date;
    this.#view.setUint32(at + 3, (ms - seconds * 1_000) * 1_000_000);
    this.#view.setBigInt64(at + 7, BigInt(seconds));
    this.#at = at + 15;
  }

  #fields(value: Readonly<Record<string, unknown>>): void {
    const latest = this.#latest;
    const shape = latest !== undefined && hasKeys(value, latest.keys) ? latest : this.#shapeOf(value);
    if (shape === undefined) {
      this.#map(value);
      return;
    }
    const { keys } = shape;
    if (shape.frame === this.#frame && shape.number < this.#shapeCount && this.#shapes[shape.number] === shape)
      this.byte(Tag.object + shape.number);
    else if (this.#shapeCount < MAX_SHAPES) this.#define(shape);
    else {
      this.#map(value);
      return;
    }
    let written = 0;
    // Again by its own keys: the engine knows where each field lies then, and looks none up by name.
    for (const key in value) {
      this.value(value[key]);
      written += 1;
    }
    if (written !== keys.length) throw new TypeError('the keys of an object changed while it was written');
    this.#latest = shape;
  }

  #define(shape: Shape): void {
    shape.frame = this.#frame;
    shape.number = this.#shapeCount;
    this.#shapes[this.#shapeCount] = shape;
    this.#shapeCount += 1;
    this.#extension(Extension.shape, Tag.object + shape.number);
    this.#count(Tag.array32, shape.keys.length);
    for (const key of shape.keys) this.text(key);
  }

  /** The shape of an object; undefined when it has too many keys for one. */
  #shapeOf(value: Readonly<Record<string, unknown>>): Shape | undefined {
    const keys: string[] = [];
    for (const key in value) keys.push(key);
    if (keys.length > MAX_SHAPE_KEYS) return undefined;
    const first = keys[0] ?? '';
    let alike = this.#byFirstKey.get(first);
    if (alike === undefined) this.#byFirstKey.set(first, (alike = []));
    for (const shape of alike) if (sameKeys(shape.keys, keys)) return shape;
    const shape: Shape = { keys, frame: -1, number: 0 };
    alike.push(shape);
    this.#known += 1;
    return shape;
  }

  #map(value: Readonly<Record<string, unknown>>): void {
    const keys: string[] = [];
    for (const key in value) keys.push(key);
    this.#count(Tag.map32, keys.length);
    for (const key of keys) {
      this.text(key);
      this.value(value[key]);
    }
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#at + more));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether the keys of an object are these, in this order. */
function hasKeys(value: object, keys: readonly string[]): boolean {
  let index = 0;
  for (const key in value) {
    if (key !== keys[index]) return false;
    index += 1;
  }
  return index === keys.length;
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
