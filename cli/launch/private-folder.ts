/** Folders that only their owner may look into: logs and run files tell where a cluster is reached. */
import { ensureFolder } from '../ensure-folder.js';

/** Creates such a folder, and those above it; one that is there stays as it is. */
export function ensurePrivateFolder(folder: string): Promise<void> {
  return ensureFolder(folder, 0o700);
}
