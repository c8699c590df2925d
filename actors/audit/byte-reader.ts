/**
 * Reads lines and exact numbers of bytes, by turns, from a stream of chunks: the shape of `git cat-file --batch`. It
 * holds one chunk plus what was asked for, so a large content that is skipped never lies in memory.
 */

/** See the file's head. All sizes are bytes. */
export class ByteReader {
  readonly #source: AsyncGenerator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncGenerator<Buffer>) {
    this.#source = source;
  }

  /** The next line without its newline, or undefined at the end. Meant for short lines. */
  async line(): Promise<string | undefined> {
    let end = this.#chunk.indexOf(10);
    while (end < 0) {
      const held = this.#chunk;
      if (!(await this.#pull())) return undefined;
      this.#chunk = Buffer.concat([held, this.#chunk]);
      end = this.#chunk.indexOf(10);
    }
    const line = this.#chunk.toString('utf8', 0, end);
    this.#chunk = this.#chunk.subarray(end + 1);
    return line;
  }

  /** The next `count` bytes; fewer only when the stream ends. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    await this.#consume(count, (part) => parts.push(part));
    return Buffer.concat(parts);
  }

  /** Passes over the next `count` bytes. */
  async skip(count: number): Promise<void> {
    await this.#consume(count, () => undefined);
  }

  /** Ends the stream, wherever it is. */
  async close(): Promise<void> {
    await this.#source.return(undefined);
  }

  async #consume(count: number, use: (part: Buffer) => void): Promise<void> {
    let left = count;
    while (left > 0) {
      if (this.#chunk.length === 0 && !(await this.#pull())) return;
      const part = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(part.length);
      left -= part.length;
      use(part);
    }
  }

  async #pull(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#chunk = next.value;
    return true;
  }
}
