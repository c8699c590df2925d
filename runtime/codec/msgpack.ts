/**
 * The one file that knows msgpackr, and the place that says what plain data is. What is sent must arrive as it was, so
 * what msgpack would bend is refused before it is packed, with the path of the offending value.
 *
 * | sent                                                | arrives                                               |
 * |-----------------------------------------------------|-------------------------------------------------------|
 * | null, booleans, text, numbers, NaN, infinities      | the same (-0 as 0, lone surrogates as U+FFFD)         |
 * | undefined, alone, in an array or as a property      | the same                                              |
 * | arrays; objects with the prototype Object or null   | the same, as ordinary objects (a hole as undefined)   |
 * | an own property named `__proto__`                   | under the name `__proto_`: it never is a prototype    |
 * | Uint8Array, Buffer                                  | a Buffer (which is a Uint8Array)                      |
 * | Date                                                | Date                                                  |
 * | function, symbol, BigInt, Map, Set, other classes,  | refused                                               |
 * | typed arrays other than Uint8Array, cycles          |                                                       |
 *
 * Records and all extensions of msgpackr that could make instances of classes of ours stay off.
 */
import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: false, int64AsType: 'number' });

/**
 * Packs plain data into bytes that own their memory, so that they may be transferred to another thread.
 * @throws TypeError naming the value that is not plain data, RangeError for cycles and absurd nesting.
 */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  assertPlain(value);
  return encodeChecked(value);
}

/** {@link encode} for a value whose parts have been checked one by one, so that errors name the path in their part. */
export function encodeChecked(value: unknown): Uint8Array<ArrayBuffer> {
  const packed = packr.pack(value);
  // msgpackr packs into a pooled buffer: the slice is the copy that frees the pool and can be transferred.
  return new Uint8Array(packed);
}

/**
 * Unpacks bytes.
 * @throws Error (or RangeError for absurd nesting) when the bytes are not one complete msgpack value.
 */
export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/** @throws TypeError naming the first value that is not plain data. */
export function assertPlain(value: unknown): void {
  if (needsCheck(value)) checkPlain(value, undefined);
}

/** Where a value is, kept as a list of steps so that the path is only written when it is needed. */
interface Path {
  readonly key: string | number;
  readonly parent: Path | undefined;
}

function checkPlain(value: unknown, at: Path | undefined): void {
  switch (typeof value) {
    case 'object':
      if (value !== null) checkObject(value, at);
      return;
    case 'function':
    case 'symbol':
    case 'bigint':
      throw new TypeError(`${where(at)} is a ${typeof value}, which is not plain data`);
    default:
  }
}

function checkObject(value: object, at: Path | undefined): void {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      if (needsCheck(item)) checkPlain(item, { key: index, parent: at });
    }
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    // A third faster than Object.entries, and no prototype of these has enumerable properties.
    for (const key in value) {
      const item = (value as Readonly<Record<string, unknown>>)[key];
      if (needsCheck(item)) checkPlain(item, { key, parent: at });
    }
    return;
  }
  if (value instanceof Uint8Array || value instanceof Date) return;
  throw new TypeError(`${where(at)} is a ${value.constructor?.name ?? 'class instance'}, which is not plain data`);
}

/** Most values are numbers and text: they cost no call and no path. */
function needsCheck(value: unknown): boolean {
  return typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean';
}

function where(at: Path | undefined): string {
  if (at === undefined) return 'the value';
  const steps: string[] = [];
  for (let step: Path | undefined = at; step !== undefined; step = step.parent) steps.push(String(step.key));
  return `the value at ${steps.reverse().join('.')}`;
}
