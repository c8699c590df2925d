/**
 * Reads a GGUF file as a container: header, key-values and the table of its tensors, without their data. What it gives
 * is whole and consistent in itself: bounds hold, names occur once, and each tensor lies aligned behind the one before it
 * and inside the file. What the keys mean is not looked at here.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SkepError } from '#protocols/wire/error';
import {
  aligned,
  bytesOfType,
  defaultAlignment,
  ggufMagic,
  ggufVersion,
  type GgufElementType,
  type GgufScalar,
  type GgufValue,
  limits,
  type TensorType,
  tensorTypeOf,
  valueTypeOf,
} from './format.js';
import { HeaderReader } from './header-reader.js';

/** A tensor as the table tells of it. */
export interface GgufTensor {
  readonly name: string;
  /** Elements a dimension; the first is a row, and the one that lies together in memory. */
  readonly dims: readonly number[];
  readonly type: TensorType;
  readonly elements: number;
  /** Where its data begins, in bytes from the beginning of the file. */
  readonly at: number;
  readonly bytes: number;
}

/** What a file holds, but for the weights. */
export interface GgufContents {
  readonly path: string;
  readonly version: number;
  readonly alignment: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  readonly fileBytes: number;
}

/** Sees each string of each array as it is read: a vocabulary is looked at without being kept. */
export type StringVisitor = (key: string, index: number, text: string) => void;

/** What is wrong with a model file, as the error that says so. */
export function badModelFile(path: string, what: string): SkepError {
  return new SkepError('MODEL_FILE_BAD', `${path} cannot be loaded: ${what}.`, { path });
}

/**
 * Reads a file. @throws SkepError MODEL_FILE_BAD saying what is wrong and where, PATH_UNREADABLE when there is no file that
 * may be read, and what `visit` throws.
 */
export async function readGguf(path: string, visit?: StringVisitor): Promise<GgufContents> {
  const file = await openModel(path);
  try {
    const { size } = await file.stat();
    return await new Reading(path, file, size, visit).contents();
  } finally {
    await file.close();
  }
}

/** Opens a regular file; a pipe or a device would be waited for without end. */
export async function openModel(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('PATH_UNREADABLE', `the model file ${path} cannot be read: ${why}.`, { path }, cause);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new SkepError('PATH_UNREADABLE', `the model file ${path} is no regular file.`, { path });
}

/** One pass over a file. */
class Reading {
  readonly #path: string;
  readonly #fileBytes: number;
  readonly #visit: StringVisitor | undefined;
  readonly #reader: HeaderReader;

  constructor(path: string, file: FileHandle, fileBytes: number, visit: StringVisitor | undefined) {
    this.#path = path;
    this.#fileBytes = fileBytes;
    this.#visit = visit;
    this.#reader = new HeaderReader(file, fileBytes, (what) => this.#bad(what));
  }

  async contents(): Promise<GgufContents> {
    const version = await this.#version();
    const tensorCount = await this.#reader.count('the number of tensors', limits.tensors);
    const keyCount = await this.#reader.count('the number of key-values', limits.keyValues);
    const metadata = await this.#metadata(keyCount);
    const alignment = this.#alignment(metadata);
    const entries = await this.#tensorTable(tensorCount);
    const tensors = this.#placed(entries, aligned(this.#reader.offset, alignment), alignment);
    return { path: this.#path, version, alignment, metadata, tensors, fileBytes: this.#fileBytes };
  }

  async #version(): Promise<number> {
    await this.#reader.need(4, 'its first bytes');
    const magic = await this.#reader.uint32('its first bytes');
    if (magic !== Buffer.from(ggufMagic).readUInt32LE()) throw this.#bad(`it does not begin with ${ggufMagic}`);
    const version = await this.#reader.uint32('its version');
    if ((version & 0xffff) === 0 && version !== 0) throw this.#bad('it is big endian; expected a little endian file');
    if (version < 2 || version > ggufVersion) throw this.#bad(`its GGUF version is ${version}, expected 2 or 3`);
    return version;
  }

  async #metadata(count: number): Promise<ReadonlyMap<string, GgufValue>> {
    const metadata = new Map<string, GgufValue>();
    for (let index = 0; index < count; index += 1) {
      const key = await this.#reader.string(`key ${index + 1} of ${count}`, limits.keyBytes);
      if (key === '') throw this.#bad(`key ${index + 1} of ${count} is empty`);
      if (metadata.has(key)) throw this.#bad(`the key ${key} is there twice`);
      metadata.set(key, await this.#value(key));
    }
    return metadata;
  }

  async #value(key: string): Promise<GgufValue> {
    const type = valueTypeOf(await this.#reader.uint32(`the type of ${key}`));
    if (type === undefined) throw this.#bad(`the key ${key} has a value of no known type`);
    if (type !== 'array') return { type, value: await this.#reader.scalar(type, key) };
    const of = valueTypeOf(await this.#reader.uint32(`the type of the elements of ${key}`));
    if (of === undefined || of === 'array') throw this.#bad(`the array ${key} has elements of no known type`);
    const most = Math.floor(this.#reader.left / bytesOfType(of));
    const count = await this.#reader.count(`the number of elements of ${key}`, most);
    const values = await this.#elements(key, of, count);
    return values === undefined ? { type, of, count } : { type, of, count, values };
  }

  /** The elements of an array, unless there are too many to keep. */
  async #elements(key: string, of: GgufElementType, count: number): Promise<readonly GgufScalar[] | undefined> {
    const kept: GgufScalar[] | undefined = count <= limits.keptElements ? [] : undefined;
    if (kept === undefined && of !== 'string') {
      await this.#reader.skip(count * bytesOfType(of), key);
      return undefined;
    }
    for (let index = 0; index < count; index += 1) {
      const buffered = of === 'string' ? this.#reader.bufferedString(key, limits.stringBytes) : undefined;
      const element = buffered ?? (await this.#reader.scalar(of, key));
      if (typeof element === 'string') this.#visit?.(key, index, element);
      kept?.push(element);
    }
    return kept;
  }

  #alignment(metadata: ReadonlyMap<string, GgufValue>): number {
    const entry = metadata.get('general.alignment');
    if (entry === undefined) return defaultAlignment;
    if (entry.type !== 'uint32' || typeof entry.value !== 'number') {
      throw this.#bad(`general.alignment is of type ${entry.type}, expected uint32`);
    }
    const alignment = entry.value;
    if (alignment < 8 || alignment > limits.alignment || (alignment & (alignment - 1)) !== 0) {
      throw this.#bad(`general.alignment is ${alignment}, expected a power of two from 8 to ${limits.alignment}`);
    }
    return alignment;
  }

  async #tensorTable(count: number): Promise<readonly TableEntry[]> {
    const entries: TableEntry[] = [];
    const names = new Set<string>();
    for (let index = 0; index < count; index += 1) {
      const name = await this.#reader.string(`the name of tensor ${index + 1} of ${count}`, limits.nameBytes);
      if (names.has(name)) throw this.#bad(`the tensor ${name} is there twice`);
      names.add(name);
      entries.push(await this.#tableEntry(name));
    }
    return entries;
  }

  async #tableEntry(name: string): Promise<TableEntry> {
    const rank = await this.#reader.uint32(`the dimensions of ${name}`);
    if (rank < 1 || rank > limits.dimensions) {
      throw this.#bad(`the tensor ${name} has ${rank} dimensions, expected 1 to ${limits.dimensions}`);
    }
    const dims: number[] = [];
    for (let index = 0; index < rank; index += 1) {
      const dim = await this.#reader.count(`dimension ${index + 1} of ${name}`, Number.MAX_SAFE_INTEGER);
      if (dim === 0) throw this.#bad(`dimension ${index + 1} of the tensor ${name} is 0`);
      dims.push(dim);
    }
    const typeNumber = await this.#reader.uint32(`the type of ${name}`);
    const type = tensorTypeOf(typeNumber);
    if (type === undefined) throw this.#bad(`the tensor ${name} has the unknown type ${typeNumber}`);
    const offset = await this.#reader.count(`the offset of ${name}`, this.#fileBytes);
    return { name, dims, type, offset };
  }

  /** Where the data of each tensor is. The rule is that of llama.cpp: in the order of the table, without gaps. */
  #placed(entries: readonly TableEntry[], dataAt: number, alignment: number): readonly GgufTensor[] {
    let next = 0;
    return entries.map(({ name, dims, type, offset }) => {
      const elements = dims.reduce((product, dim) => product * dim, 1);
      const [row = 0] = dims;
      if (row % type.blockElements !== 0) {
        throw this.#bad(
          `the rows of ${name} have ${row} elements, expected a multiple of ${type.blockElements} for ${type.name}`,
        );
      }
      const bytes = (elements / type.blockElements) * type.blockBytes;
      if (offset % alignment !== 0) throw this.#bad(`the tensor ${name} is at ${offset}, no multiple of ${alignment}`);
      if (offset < next)
        throw this.#bad(`the tensor ${name} is at ${offset} and overlaps the one before it, up to ${next}`);
      if (offset > next) throw this.#bad(`the tensor ${name} is at ${offset}, expected at ${next}`);
      const at = dataAt + offset;
      // The product may be too large to be exact; it is then far larger than any file.
      if (bytes > this.#fileBytes || at + bytes > this.#fileBytes) {
        throw this.#bad(
          `the tensor ${name} of ${bytes} bytes at ${at} ends behind the file of ${this.#fileBytes} bytes`,
        );
      }
      next = aligned(offset + bytes, alignment);
      return { name, dims, type, elements, at, bytes };
    });
  }

  #bad(what: string): SkepError {
    return badModelFile(this.#path, what);
  }
}

/** A row of the table of tensors; `offset` counts from where the data begins. */
interface TableEntry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: TensorType;
  readonly offset: number;
}
