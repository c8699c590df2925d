/** Checks the output folder before the work, so that an hour's audit does not end in "permission denied". */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkepError } from '#protocols/wire/error';
import { ensureFolder } from '../ensure-folder.js';

/** Creates the folder and writes to it once. @throws SkepError OUTPUT_UNWRITABLE naming the folder and the reason. */
export async function assertWritable(folder: string): Promise<void> {
  const probe = join(folder, `.skep-probe-${process.pid}`);
  try {
    await ensureFolder(folder);
    await writeFile(probe, '');
    await rm(probe);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SkepError(
      'OUTPUT_UNWRITABLE',
      `the output folder ${folder} cannot be written (${why})`,
      { folder, reason: why },
      cause,
    );
  }
}
