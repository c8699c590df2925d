/**
 * Writing a file so that a reader sees the old one or the new one and never half of it: into a temporary file of the
 * same folder, then renamed over the target. Whatever the file system refuses becomes OUTPUT_UNWRITABLE with the path
 * that the caller named and the reason in words.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SkepError } from '#protocols/wire/error';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a file is where a folder is due',
  EEXIST: 'a file is where a folder is due',
  EISDIR: 'a folder is where a file is due',
  ENOTEMPTY: 'a folder is where a file is due',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'a folder of the path does not exist',
};

function unwritable(path: string, cause: unknown): SkepError {
  const errno = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown';
  const reason = reasons[errno] ?? 'the system refused it';
  return new SkepError(
    'OUTPUT_UNWRITABLE',
    `cannot write ${path}: ${reason} (${errno})`,
    { path, reason, errno },
    cause,
  );
}

/** Makes a folder and its parents; one that is there already is fine. Throws OUTPUT_UNWRITABLE. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Replaces the file as a whole. Throws OUTPUT_UNWRITABLE and then leaves no temporary file behind. */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}
