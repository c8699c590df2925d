/** Creates folders. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a folder and those above it; one that is there stays as it is. Not by `recursive: true`, which never comes back
 * where the file system answers ENOENT to a folder whose parent exists, as /proc does. `mode` is that of new folders.
 * @throws the system's error, such as EACCES or ENOTDIR.
 */
export async function ensureFolder(folder: string, mode = 0o777): Promise<void> {
  if (await made(folder, mode)) return;
  await ensureFolder(dirname(folder), mode);
  await mkdir(folder, { mode });
}

/** False when the folder's parent is missing. */
async function made(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT' && dirname(folder) !== folder) return false;
    throw error;
  }
}
