/**
 * The vocabulary of a model file: its kind, its tokens and merges, and the tables beside them. The tokens are seen one by
 * one as the file is read (`seen`) and the counts are held together at the end, so that no vocabulary is kept.
 */
import type { SkepError } from '#protocols/wire/error';
import { limits } from './format.js';
import type { Keys } from './keys.js';

const tokensKey = 'tokenizer.ggml.tokens';
const mergesKey = 'tokenizer.ggml.merges';

/** Sees the strings of a file. */
export class VocabularyCheck {
  readonly #bad: (what: string) => SkepError;
  /** Tokens by text; llama.cpp finds a token by its text, and asserts that no two have the same. */
  readonly #ids = new Map<string, number>();

  constructor(bad: (what: string) => SkepError) {
    this.#bad = bad;
  }

  /** Looks at one string of an array. */
  seen(key: string, index: number, text: string): void {
    if (key === mergesKey && text.indexOf(' ', 1) < 0) {
      throw this.#bad(
        `merge ${index} is ${JSON.stringify(text.slice(0, 64))}, expected two pieces with a space between`,
      );
    }
    // An empty token gets a name of its own when it is loaded.
    if (key !== tokensKey || text === '') return;
    if (index >= limits.tokens) throw this.#bad(`${tokensKey} has more than the ${limits.tokens} tokens that can be`);
    const other = this.#ids.get(text);
    if (other !== undefined)
      throw this.#bad(`the tokens ${other} and ${index} are both ${JSON.stringify(text.slice(0, 64))}`);
    this.#ids.set(text, index);
  }

  /** Holds the tables together, and gives the kind of the tokenizer and how many tokens it has. */
  finish(keys: Keys, architecture: string): { readonly tokenizer: string; readonly vocabulary: number } {
    this.#ids.clear();
    const tokenizer = keys.required(keys.text('tokenizer.ggml.model'), 'tokenizer.ggml.model');
    if (tokenizer === 'none' || tokenizer === 'no_vocab') {
      const key = `${architecture}.vocab_size`;
      return { tokenizer, vocabulary: keys.whole(key, { least: 1, most: limits.tokens }) ?? 0 };
    }
    const tokens = keys.count(tokensKey, ['string'], { least: 1, most: limits.tokens });
    const vocabulary = keys.required(tokens, tokensKey);
    const each = { least: vocabulary, most: vocabulary };
    keys.count('tokenizer.ggml.token_type', ['int32'], each);
    keys.count('tokenizer.ggml.scores', ['float32', 'int32'], each);
    const merges = keys.count(mergesKey, ['string'], { least: 0, most: 16 * limits.tokens });
    const pre = keys.text('tokenizer.ggml.pre');
    // The one family whose byte-pair encoding is made up of its tokens alone.
    if (tokenizer === 'gpt2' && pre !== 'kimi-k2') keys.required(merges, mergesKey);
    for (const id of ['bos_token_id', 'eos_token_id']) {
      keys.whole(`tokenizer.ggml.${id}`, { least: 0, most: vocabulary - 1 });
    }
    keys.text('tokenizer.chat_template');
    return { tokenizer, vocabulary };
  }
}
