/**
 * States of sequences as files: what a sequence computed is written to memory (/dev/shm, else the folder for temporary
 * files) before another prompt takes its place, and read back when a prompt begins with it, which is tens of times
 * quicker than computing it again. The files are those of llama.cpp, made and read by one process for one model. Which
 * are kept is decided by the table of slots; a file that cannot be written or read is a prefix that is computed again.
 */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LlamaContextSequence } from '../llama.js';

/** The files of one model. */
export class StateFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes what a sequence holds; false when there is no room. */
  async write(sequence: LlamaContextSequence, key: number): Promise<boolean> {
    try {
      await sequence.saveStateToFile(this.#path(key));
      return true;
    } catch {
      await this.remove(key);
      return false;
    }
  }

  /** Puts a state into a sequence; false when the file is not there, and the sequence is empty then. */
  async read(sequence: LlamaContextSequence, key: number): Promise<boolean> {
    try {
      await sequence.loadStateFromFile(this.#path(key), { acceptRisk: true });
      return true;
    } catch {
      await sequence.clearHistory();
      return false;
    }
  }

  async remove(key: number): Promise<void> {
    await unlink(this.#path(key)).catch(() => undefined);
  }

  #path(key: number): string {
    return join(this.#folder, `${key}.state`);
  }
}
