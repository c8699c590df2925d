/** Checks the output folder before the work, so that an hour's audit does not end in "permission denied". */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkepError } from '#protocols/wire/error';

/** Creates the folder and writes to it once. @throws SkepError OUTPUT_UNWRITABLE naming the folder and the reason. */
export async function assertWritable(folder: string): Promise<void> {
  const probe = join(folder, `.skep-probe-${process.pid}`);
  try {
    await ensureFolder(folder);
    await writeFile(probe, '');
    await rm(probe);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SkepError('OUTPUT_UNWRITABLE', `the output folder ${folder} cannot be written (${why})`, { folder, reason: why }, cause);
  }
}

/**
 * Creates a folder and those above it. Not by `recursive: true`, which never comes back where the file system answers
 * ENOENT to a folder whose parent exists, as /proc does.
 */
async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    await ensureFolder(dirname(folder));
    await mkdir(folder);
  }
}
