/**
 * The beginning of a request as a chain of hashes, one a block of text: two requests that share so many hashes begin
 * alike for so many blocks. A router has no tokenizer, and text that begins alike has tokens that begin alike, so blocks
 * are of characters. Each hash covers all that comes before it, as vLLM's block hashes do for its prefix cache.
 *
 *     "You are a ... | helpful agent ... | rest"     [h1 = H(block 1), h2 = H(h1, block 2)]; the rest is no block
 */
import { Digest } from '#protocols/hash';
import type { AskRequest } from '#protocols/wire/inference';

/** Characters of a block. */
export const BLOCK_CHARACTERS = 256;
/** Blocks that are looked at: what comes behind 32,768 characters decides nothing. */
export const MOST_BLOCKS = 128;

/** Hashes of the whole blocks at the beginning of a text. */
export function blockHashes(text: string): readonly number[] {
  const count = Math.min(MOST_BLOCKS, Math.floor(text.length / BLOCK_CHARACTERS));
  const hashes: number[] = [];
  let before = 0;
  for (let block = 0; block < count; block += 1) {
    const from = block * BLOCK_CHARACTERS;
    before = new Digest().number(before).text(text.slice(from, from + BLOCK_CHARACTERS)).value;
    hashes.push(before);
  }
  return hashes;
}

/** The beginning of a request as text, in the order in which templates write it: tools, then messages. */
export function promptText({
  prompt,
  messages = [],
  tools,
}: Pick<AskRequest, 'prompt' | 'messages' | 'tools'>): string {
  const most = BLOCK_CHARACTERS * MOST_BLOCKS;
  if (prompt !== undefined) return prompt.slice(0, most);
  let text = tools === undefined ? '' : `${JSON.stringify(tools)}\n`;
  for (const message of messages) {
    if (text.length >= most) break;
    text += `${message.role}\n${message.content}\n`;
  }
  return text.slice(0, most);
}

/** The hashes of the prompts that a model answered last, within a bound. */
export class RecentBlocks {
  readonly #most: number;
  /** Longest ago first. */
  readonly #hashes = new Set<number>();

  constructor(most = 1_024) {
    this.#most = most;
  }

  /** These blocks are in the cache of the model now. */
  add(hashes: readonly number[]): void {
    // The last block first: a beginning outlives what follows it, which is of no use without it.
    for (const hash of hashes.toReversed()) {
      this.#hashes.delete(hash);
      this.#hashes.add(hash);
    }
    for (const oldest of this.#hashes) {
      if (this.#hashes.size <= this.#most) return;
      this.#hashes.delete(oldest);
    }
  }

  /** The cache is gone. */
  clear(): void {
    this.#hashes.clear();
  }

  list(): readonly number[] {
    return [...this.#hashes];
  }
}
