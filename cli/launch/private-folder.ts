/** Folders that only their owner may look into: logs and run files tell where a cluster is reached. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o700;

/**
 * Creates a folder and those above it; one that is there stays as it is. Not by `recursive: true`, which never comes back
 * where the file system answers ENOENT to a folder whose parent exists, as /proc does.
 */
export async function ensurePrivateFolder(folder: string): Promise<void> {
  const code = await make(folder);
  if (code === undefined || code === 'EEXIST') return;
  await ensurePrivateFolder(dirname(folder));
  await mkdir(folder, { mode: OWNER_ONLY });
}

/** Undefined when it was made, EEXIST when it was there, ENOENT when its parent is missing. @throws the system's error otherwise. */
async function make(folder: string): Promise<'EEXIST' | 'ENOENT' | undefined> {
  try {
    await mkdir(folder, { mode: OWNER_ONLY });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' || (code === 'ENOENT' && dirname(folder) !== folder)) return code;
    throw error;
  }
}
