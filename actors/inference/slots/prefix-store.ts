/**
 * Which idle prefixes are kept outside the slots, within a bound of bytes, the one that was used least recently given up
 * first. Bookkeeping only: whoever uses it moves the bytes (a state file, host memory) as it is told to.
 */
import { type Match, PrefixTree } from './prefix-tree.js';

/** A prefix that is kept. */
export interface StoredPrefix {
  /** Names it for whoever has the bytes. */
  readonly key: number;
  readonly tokens: readonly number[];
  readonly bytes: number;
}

/** Prefixes within a bound of bytes. */
export class PrefixStore {
  readonly #mostBytes: number;
  readonly #tree = new PrefixTree<StoredPrefix>();
  /** Least recently used first. */
  readonly #kept = new Map<number, StoredPrefix>();
  #bytes = 0;
  #keys = 0;

  /** `mostBytes`: 0 keeps nothing. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The prefix that has most in common with these tokens. Looking is not using. */
  longest(tokens: readonly number[]): Match<StoredPrefix> | undefined {
    return this.#tree.longest(tokens);
  }

  /** A prefix was restored. */
  used(key: number): void {
    const prefix = this.#kept.get(key);
    if (prefix === undefined) return;
    this.#kept.delete(key);
    this.#kept.set(key, prefix);
  }

  /**
   * Keeps a prefix, and gives up what has to go for it. Undefined when it is larger than the bound, or is the beginning of
   * one that is kept already, which is then used.
   */
  keep(
    tokens: readonly number[],
    bytes: number,
  ): { readonly kept: StoredPrefix; readonly evicted: readonly StoredPrefix[] } | undefined {
    if (this.#mostBytes <= 0 || bytes > this.#mostBytes || tokens.length === 0) return undefined;
    const match = this.#tree.longest(tokens);
    if (match?.length === tokens.length) {
      this.used(match.value.key);
      return undefined;
    }
    const evicted: StoredPrefix[] = [];
    // What the new one begins with, whole, is in it: the shorter copy is of no more use.
    if (match !== undefined && match.length === match.value.tokens.length) this.#take(match.value.key, evicted);
    for (const key of [...this.#kept.keys()]) {
      if (this.#bytes + bytes <= this.#mostBytes) break;
      this.#take(key, evicted);
    }
    const kept: StoredPrefix = { key: (this.#keys += 1), tokens: [...tokens], bytes };
    this.#kept.set(kept.key, kept);
    this.#tree.set(kept.tokens, kept);
    this.#bytes += bytes;
    return { kept, evicted };
  }

  /** The bytes of a prefix are lost. */
  drop(key: number): void {
    this.#take(key, []);
  }

  #take(key: number, evicted: StoredPrefix[]): void {
    const prefix = this.#kept.get(key);
    if (prefix === undefined) return;
    this.#kept.delete(key);
    this.#tree.delete(prefix.tokens);
    this.#bytes -= prefix.bytes;
    evicted.push(prefix);
  }
}
