/**
 * Model files that end their process. A file that native code cannot bear ends it again each time it is tried, and a
 * node that restarts it for ever does nothing else; so a file that did it twice, while it was loaded or at its first
 * tokens, is not tried again. It is known by what it is and not by its name alone: a file that was replaced is another.
 * What is known is kept by the process of the node and forgotten with it.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { SkepError } from '#protocols/wire/error';

/** Ends that a file may have on its account. */
const mostCrashes = 2;
/** Bytes at the start that tell files apart: the header, whose words decide what is loaded. */
const headBytes = 65_536;

/** What a file is. */
export interface FileIdentity {
  readonly path: string;
  readonly key: string;
}

/** Reads who a file is. @throws Error of the file system. */
export async function identify(path: string): Promise<FileIdentity> {
  const file = await open(path, 'r');
  try {
    const { size, mtimeMs } = await file.stat();
    const head = Buffer.alloc(Math.min(headBytes, size));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const hash = createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex');
    return { path, key: `${path}\n${size}\n${mtimeMs}\n${hash}` };
  } finally {
    await file.close();
  }
}

/** Files and their ends. */
export class Quarantine {
  readonly #crashes = new Map<string, string[]>();

  /** @throws SkepError MODEL_QUARANTINED. */
  check({ path, key }: FileIdentity): void {
    const reasons = this.#crashes.get(key) ?? [];
    if (reasons.length < mostCrashes) return;
    throw new SkepError(
      'MODEL_QUARANTINED',
      `${path} ended its process ${reasons.length} times and is not tried again: ${reasons.at(-1) ?? ''}`,
      { path, reasons },
    );
  }

  /** Notes an end, and tells whether the file is now in quarantine. */
  note({ key }: FileIdentity, reason: string): boolean {
    const reasons = [...(this.#crashes.get(key) ?? []), reason];
    this.#crashes.set(key, reasons);
    return reasons.length >= mostCrashes;
  }

  /** Notes that a file works. */
  clear({ key }: FileIdentity): void {
    this.#crashes.delete(key);
  }

  /** Lets a file be tried again, whatever it was. */
  lift(path: string): void {
    for (const key of this.#crashes.keys()) if (key.startsWith(`${path}\n`)) this.#crashes.delete(key);
  }
}

/** The quarantine of this node. */
export const quarantine = new Quarantine();
