/**
 * One pass over the weights that are plain numbers (F32, F16, BF16): NaN and infinity make every answer of a model the
 * same garbage, and a file that was damaged in its data shows them sooner or later. Reads in pieces; keeps nothing.
 */
import type { FileHandle } from 'node:fs/promises';
import { badModelFile, type GgufContents, type GgufTensor, openModel } from './read.js';

const pieceBytes = 1024 * 1024;

/** The bits of an exponent, all of which are one in NaN and infinity alone, and the width of the number in bytes. */
const exponents: Readonly<Record<string, { readonly mask: number; readonly bytes: 2 | 4 }>> = {
  F32: { mask: 0x7f800000, bytes: 4 },
  F16: { mask: 0x7c00, bytes: 2 },
  BF16: { mask: 0x7f80, bytes: 2 },
};

/** @throws SkepError MODEL_FILE_BAD naming the tensor and the element that is no finite number; what `signal` aborts with. */
export async function checkFinite({ path, tensors }: GgufContents, signal?: AbortSignal): Promise<void> {
  const file = await openModel(path);
  try {
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (const tensor of tensors) {
      const found = await firstInfinite(file, tensor, piece, signal);
      if (found === undefined) continue;
      throw badModelFile(path, `element ${found} of the tensor ${tensor.name} is no finite number`);
    }
  } finally {
    await file.close();
  }
}

async function firstInfinite(
  file: FileHandle,
  { type, at, bytes }: GgufTensor,
  piece: Buffer,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const format = exponents[type.name];
  if (format === undefined) return undefined;
  for (let done = 0; done < bytes; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, bytes - done), at + done);
    // A read that is cut inside a number is continued at its beginning.
    const whole = bytesRead - (bytesRead % format.bytes);
    if (whole === 0) return done / format.bytes;
    const found = infiniteIn(piece.subarray(0, whole), format.mask, format.bytes);
    if (found >= 0) return done / format.bytes + found;
    done += whole;
  }
  return undefined;
}

/** Index of the first number whose exponent is all ones, or -1. */
function infiniteIn(piece: Buffer, mask: number, bytes: 2 | 4): number {
  if (bytes === 4) {
    for (let at = 0; at < piece.length; at += 4) if ((piece.readInt32LE(at) & mask) === mask) return at / 4;
  } else {
    for (let at = 0; at < piece.length; at += 2) if ((piece.readUInt16LE(at) & mask) === mask) return at / 2;
  }
  return -1;
}
