/**
 * Writes GGUF files of version 3: metadata, and tensors in F32 or F16 that are asked for piece by piece, so that a model
 * larger than memory can be written. The same draft gives the same bytes. A file comes to its name whole: it is written
 * beside it and renamed, and what was begun is removed when it fails.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { SkepError, unreachable } from '#protocols/wire/error';
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
  valueTypes,
} from './format.js';
import { toHalf } from './half.js';

/** A tensor to write. */
export interface TensorDraft {
  readonly name: string;
  /** Elements a dimension, the row first. */
  readonly dims: readonly number[];
  readonly type: 'F32' | 'F16';
  /**
   * Its elements, or a function that fills `piece` with those from `at` on. It is called in order, once for each piece;
   * `piece` is used again.
   */
  readonly data: Float32Array | ((piece: Float32Array, at: number) => void);
}

/** A file to write. `general.alignment` among the metadata is heeded. */
export interface GgufDraft {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly TensorDraft[];
}

const pieceElements = 64 * 1024;
const typeNumbers = { F32: 0, F16: 1 } as const;
const widths = { F32: 4, F16: 2 } as const;

/**
 * Writes a file and gives its size in bytes.
 * @throws SkepError MODEL_FILE_BAD when a tensor has other elements than its dimensions say or a name is too long,
 *   OUTPUT_UNWRITABLE when the file cannot be written.
 */
export async function writeGguf(path: string, draft: GgufDraft): Promise<number> {
  const header = headerOf(path, draft);
  const temporary = `${path}.part`;
  const file = await open(temporary, 'w').catch((cause: unknown) => {
    throw new SkepError('OUTPUT_UNWRITABLE', `${temporary} cannot be written.`, { path }, cause);
  });
  try {
    const bytes = await writeAll(file, header, draft);
    await file.close();
    await rename(temporary, path);
    return bytes;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAll(file: FileHandle, header: Buffer, draft: GgufDraft): Promise<number> {
  const alignment = alignmentOf(draft);
  const piece = new Float32Array(pieceElements);
  let at = await append(file, header, 0);
  for (const tensor of draft.tensors) {
    at = await append(file, Buffer.alloc(aligned(at, alignment) - at), at);
    const elements = elementsOf(tensor);
    for (let from = 0; from < elements; from += pieceElements) {
      const part = piece.subarray(0, Math.min(pieceElements, elements - from));
      if (typeof tensor.data === 'function') tensor.data(part, from);
      else part.set(tensor.data.subarray(from, from + part.length));
      at = await append(file, encoded(part, tensor.type), at);
    }
  }
  return await append(file, Buffer.alloc(aligned(at, alignment) - at), at);
}

async function append(file: FileHandle, bytes: Buffer, at: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
  return at + bytes.length;
}

function encoded(values: Float32Array, type: 'F32' | 'F16'): Buffer {
  const buffer = Buffer.allocUnsafe(values.length * widths[type]);
  if (type === 'F32') values.forEach((value, index) => buffer.writeFloatLE(value, 4 * index));
  else values.forEach((value, index) => buffer.writeUInt16LE(toHalf(value), 2 * index));
  return buffer;
}

/** Everything before the data of the tensors, without the padding. */
function headerOf(path: string, draft: GgufDraft): Buffer {
  const bad = (what: string): SkepError =>
    new SkepError('MODEL_FILE_BAD', `${path} cannot be written: ${what}.`, { path });
  const parts: Buffer[] = [
    Buffer.from(ggufMagic),
    uint32(ggufVersion),
    uint64(draft.tensors.length),
    uint64(draft.metadata.size),
  ];
  for (const [key, value] of draft.metadata) {
    parts.push(string(key));
    // One by one: a vocabulary has more elements than a call takes arguments.
    for (const bytes of valueBytes(key, value, bad)) parts.push(bytes);
  }
  const alignment = alignmentOf(draft);
  let offset = 0;
  for (const tensor of draft.tensors) {
    const elements = elementsOf(tensor);
    if (typeof tensor.data !== 'function' && tensor.data.length !== elements) {
      throw bad(
        `the tensor ${tensor.name} has ${tensor.data.length} elements for the dimensions ${tensor.dims.join(' x ')}`,
      );
    }
    if (Buffer.byteLength(tensor.name) > limits.nameBytes) throw bad(`the name ${tensor.name} is too long`);
    parts.push(string(tensor.name), uint32(tensor.dims.length), ...tensor.dims.map(uint64));
    parts.push(uint32(typeNumbers[tensor.type]), uint64(offset));
    offset = aligned(offset + elements * widths[tensor.type], alignment);
  }
  return Buffer.concat(parts);
}

function valueBytes(key: string, value: GgufValue, bad: (what: string) => SkepError): readonly Buffer[] {
  if (value.type !== 'array') return [uint32(valueTypes[value.type]), scalar(value.type, value.value)];
  const { of, count, values } = value;
  if (values?.length !== count) throw bad(`the array ${key} has ${values?.length ?? 'no'} elements, expected ${count}`);
  return [uint32(valueTypes.array), uint32(valueTypes[of]), uint64(count), ...values.map((each) => scalar(of, each))];
}

/** Node refuses numbers that a type cannot hold; so does this, by throwing its RangeError. */
function scalar(type: GgufElementType, value: GgufScalar): Buffer {
  if (type === 'string') return string(String(value));
  const buffer = Buffer.alloc(bytesOfType(type));
  switch (type) {
    case 'bool':
    case 'uint8':
      buffer.writeUInt8(Number(value));
      break;
    case 'int8':
      buffer.writeInt8(Number(value));
      break;
    case 'uint16':
      buffer.writeUInt16LE(Number(value));
      break;
    case 'int16':
      buffer.writeInt16LE(Number(value));
      break;
    case 'uint32':
      buffer.writeUInt32LE(Number(value));
      break;
    case 'int32':
      buffer.writeInt32LE(Number(value));
      break;
    case 'float32':
      buffer.writeFloatLE(Number(value));
      break;
    case 'uint64':
      buffer.writeBigUInt64LE(BigInt(value));
      break;
    case 'int64':
      buffer.writeBigInt64LE(BigInt(value));
      break;
    case 'float64':
      buffer.writeDoubleLE(Number(value));
      break;
    default:
      return unreachable(type);
  }
  return buffer;
}

function alignmentOf({ metadata }: GgufDraft): number {
  const entry = metadata.get('general.alignment');
  return entry?.type === 'uint32' ? Number(entry.value) : defaultAlignment;
}

function elementsOf({ dims }: TensorDraft): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function uint64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}
