/**
 * Reads a file of configuration whole, within a limit. Every way in which that can fail becomes words, since a system
 * error names neither the option nor what to do.
 */
import { open, stat } from 'node:fs/promises';

/** Largest file that is read, in bytes. A configuration is a few KiB; more is a wrong path. */
const MAX_FILE_BYTES = 1_048_576;

/** What came of reading one file. */
export type FileRead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly message: string };

/** Reads a file as UTF-8. */
export async function readSmallFile(path: string): Promise<FileRead> {
  try {
    // Asked before opening, because opening a named pipe would wait for a writer.
    const facts = await stat(path);
    if (facts.isDirectory()) return { kind: 'refused', message: 'is a directory; name a file' };
    if (!facts.isFile()) return { kind: 'refused', message: 'is not a regular file' };
    const bytes = await readAtMost(path, MAX_FILE_BYTES + 1);
    if (bytes.length > MAX_FILE_BYTES) {
      return { kind: 'refused', message: `is larger than ${MAX_FILE_BYTES} bytes, the limit for configuration` };
    }
    return decode(bytes);
  } catch (error) {
    return failure(error);
  }
}

/** The first bytes of a file; the size that `stat` gave may be outdated by the time it is read. */
async function readAtMost(path: string, limit: number): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(limit);
    let length = 0;
    while (length < limit) {
      const { bytesRead } = await handle.read(buffer, length, limit - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function decode(bytes: Uint8Array): FileRead {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { kind: 'refused', message: 'is not UTF-8 text' };
  }
}

function failure(error: unknown): FileRead {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'ENOENT') return { kind: 'missing' };
  const why = code === 'EACCES' || code === 'EPERM' ? 'no permission' : code;
  return { kind: 'refused', message: `cannot be read (${why})` };
}
