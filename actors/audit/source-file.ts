/**
 * One text file as the analysers see it: decoded once, shared by all of them. Reading decides what cannot be analysed
 * (binary, huge, unreadable, badly encoded, symbolic link) and says why.
 *
 * The audited tree is untrusted. Nothing here follows a symbolic link, in the last part of a path or before it, and
 * nothing opens a file in a way that could wait for somebody else, as opening a fifo does.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SkippedFile } from './finding.js';
import { languageOf } from './language.js';

/** A decoded text file. */
export interface SourceFile {
  /** Path in the repository with `/`. */
  readonly path: string;
  readonly text: string;
  readonly bytes: number;
  /** `typescript`, `tsx`, `javascript`, `jsx`, `python`, `go`, `rust`, ... or `other`. */
  readonly language: string;
  /** 1-based line and column (UTF-16 units) of an offset in `text`. */
  position(offset: number): { readonly line: number; readonly column: number };
}

/** Limits of one read. */
interface ReadLimits {
  /** Largest file that is read, in bytes. Default {@link defaultMaxBytes}. */
  readonly maxBytes: number;
}

/** Largest file that is read by default: 2 MiB. Longer files are data or generated, and cost more than they tell. */
const defaultMaxBytes = 2 * 1024 * 1024;

/** Whether a read was refused. */
export function isSkipped(file: SourceFile | SkippedFile): file is SkippedFile {
  return 'reason' in file;
}

/** A source file made of text that is in memory already. `bytes` is its size as stored. */
export function sourceFromText(path: string, text: string, bytes: number): SourceFile {
  let starts: Uint32Array | undefined;
  return {
    path,
    text,
    bytes,
    language: languageOf(path),
    position(offset) {
      starts ??= lineStarts(text);
      const at = Math.min(Math.max(offset, 0), text.length);
      const line = lastNotAfter(starts, at);
      return { line: line + 1, column: at - (starts[line] ?? 0) + 1 };
    },
  };
}

/** A source file made of its stored bytes, or why these are no text. */
export function sourceFromBytes(path: string, content: Uint8Array): SourceFile | SkippedFile {
  const encoding = encodingOf(content);
  if (encoding === 'binary') return skip(path, 'binary', `${content.length} bytes`);
  try {
    return sourceFromText(path, new TextDecoder(encoding, { fatal: true }).decode(content), content.length);
  } catch {
    return skip(path, 'bad-encoding', `not valid ${encoding.toUpperCase()}`);
  }
}

/**
 * Reads one file of the repository at `root`. Never throws for what it finds there: what cannot be analysed comes back
 * as a skipped file.
 */
export async function readSource(
  root: string,
  path: string,
  limits: ReadLimits = { maxBytes: defaultMaxBytes },
): Promise<SourceFile | SkippedFile> {
  try {
    const known = await inspectPath(root, path, limits);
    if ('reason' in known) return known;
    const content = await readRegular(join(root, path), path, limits);
    return 'reason' in content ? content : sourceFromBytes(path, content.bytes);
  } catch (error) {
    return skip(path, 'unreadable', errorWord(error));
  }
}

/**
 * What is known of a path without opening it: its size when it is a regular file within the limits, otherwise why it
 * is skipped.
 */
export async function inspectPath(
  root: string,
  path: string,
  limits: ReadLimits,
): Promise<{ readonly bytes: number } | SkippedFile> {
  const parts = path.split('/');
  if (path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    return skip(path, 'unreadable', 'the path leads out of the repository');
  }
  try {
    let here = root;
    for (const folder of parts.slice(0, -1)) {
      here = join(here, folder);
      if ((await lstat(here)).isSymbolicLink()) return skip(path, 'symlink', 'behind a symbolic link');
    }
    return judge(path, await lstat(join(root, path)), limits);
  } catch (error) {
    return skip(path, 'unreadable', errorWord(error));
  }
}

function judge(path: string, stats: Stats, limits: ReadLimits): { readonly bytes: number } | SkippedFile {
  if (stats.isSymbolicLink()) return skip(path, 'symlink', 'a symbolic link');
  if (!stats.isFile()) return skip(path, 'not-a-file', kindOf(stats));
  if (stats.size > limits.maxBytes) {
    return skip(path, 'too-large', `${stats.size} bytes, more than ${limits.maxBytes}`);
  }
  return { bytes: stats.size };
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a fifo';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/**
 * The path may have become something else since it was inspected, so it is opened without following links and without
 * waiting, and the open file is judged again.
 */
async function readRegular(
  absolute: string,
  path: string,
  limits: ReadLimits,
): Promise<{ readonly bytes: Uint8Array } | SkippedFile> {
  const handle = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const known = judge(path, await handle.stat(), limits);
    if ('reason' in known) return known;
    // One byte more than the size tells a file that grew; reading to the end could go on for ever.
    const buffer = Buffer.allocUnsafe(known.bytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > known.bytes) return skip(path, 'unreadable', 'the file grew while it was read');
    return { bytes: buffer.subarray(0, length) };
  } finally {
    await handle.close();
  }
}

/** Bytes at the start of a file that are looked at to tell text from other data, as git does. */
const sniffedBytes = 8192;

/** Starts of common formats that may have no NUL near their beginning. */
const binaryMagic: readonly (readonly number[])[] = [
  [0x89, 0x50, 0x4e, 0x47], // PNG
  [0xff, 0xd8, 0xff], // JPEG
  [0x47, 0x49, 0x46, 0x38], // GIF
  [0x25, 0x50, 0x44, 0x46, 0x2d], // PDF
  [0x50, 0x4b, 0x03, 0x04], // ZIP
  [0x1f, 0x8b], // gzip
  [0x28, 0xb5, 0x2f, 0xfd], // Zstandard
  [0xfd, 0x37, 0x7a, 0x58, 0x5a], // xz
  [0x7f, 0x45, 0x4c, 0x46], // ELF
];

function encodingOf(content: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'binary' {
  const begins = (...magic: readonly number[]): boolean => magic.every((byte, index) => content[index] === byte);
  if (begins(0xff, 0xfe, 0x00, 0x00)) return 'binary';
  if (begins(0xff, 0xfe)) return 'utf-16le';
  if (begins(0xfe, 0xff)) return 'utf-16be';
  if (binaryMagic.some((magic) => begins(...magic))) return 'binary';
  return content.subarray(0, sniffedBytes).includes(0) ? 'binary' : 'utf-8';
}

/** Offsets at which lines begin. Line ends are LF, CRLF and CR, as editors and SARIF count them. */
function lineStarts(text: string): Uint32Array {
  const starts = [0];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 10 || (unit === 13 && text.charCodeAt(at + 1) !== 10)) starts.push(at + 1);
  }
  return Uint32Array.from(starts);
}

/** Index of the last start that is not after `offset`. */
function lastNotAfter(starts: Uint32Array, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function skip(path: string, reason: SkippedFile['reason'], detail: string): SkippedFile {
  return { path, reason, detail };
}

/** The system's code alone: its message would hold an absolute path. */
function errorWord(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'not there';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ELOOP':
      return 'a loop of symbolic links';
    default:
      return code === '' ? 'cannot be read' : code;
  }
}
