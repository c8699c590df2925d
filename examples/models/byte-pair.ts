/**
 * Byte-pair encoding over bytes (Sennrich et al. 2016; GPT-2, Radford et al. 2019): learned from a text, and applied as
 * llama.cpp does for `tokenizer.ggml.pre = gpt-2`. Text is cut into pieces first, no merge crosses a cut, and within a
 * piece the pair of the lowest rank is merged until none is left.
 */
import { byteAlphabet, type BytePairVocabulary } from '#actors/inference/gguf/llama-draft';

/** Where text is cut: contractions, words, numbers, other signs, each with a space before it, and white space. */
const pieces = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const alphabet = byteAlphabet();
const bytesOf = new Map(alphabet.map((character, byte) => [character, byte]));

/** Tokens of the chat template, behind those of text. */
const controlTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;

/** Learns a vocabulary of `size` tokens from texts: 256 bytes, merges by how often they apply, and control tokens. */
export function learnVocabulary(texts: readonly string[], size: number): BytePairVocabulary {
  const words = wordsOf(texts);
  const merges: string[] = [];
  const tokens = [...alphabet];
  while (tokens.length < size - controlTokens.length) {
    const best = mostFrequentPair(words);
    if (best === undefined) throw new RangeError(`the texts give no more than ${tokens.length} tokens`);
    merges.push(best);
    tokens.push(best.replace(' ', ''));
    for (const word of words) word.parts = merged(word.parts, best);
  }
  const bos = tokens.length;
  tokens.push(...controlTokens);
  return { tokens, merges, control: new Set([bos, bos + 1, bos + 2]), bos, eos: bos + 2 };
}

interface Word {
  parts: readonly string[];
  readonly times: number;
}

function wordsOf(texts: readonly string[]): readonly Word[] {
  const times = new Map<string, number>();
  for (const text of texts) for (const [piece] of text.matchAll(pieces)) times.set(piece, (times.get(piece) ?? 0) + 1);
  return [...times].map(([piece, count]) => ({ parts: charactersOf(piece), times: count }));
}

/** The pair that occurs most often, and of equals the first by its characters: learning is a function of the texts. */
function mostFrequentPair(words: readonly Word[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { parts, times } of words)
    for (let at = 0; at + 1 < parts.length; at += 1) {
      const pair = `${parts[at] ?? ''} ${parts[at + 1] ?? ''}`;
      counts.set(pair, (counts.get(pair) ?? 0) + times);
    }
  let best: string | undefined;
  let most = 0;
  for (const [pair, count] of counts) {
    if (count < most || (count === most && best !== undefined && pair > best)) continue;
    best = pair;
    most = count;
  }
  return best;
}

/** Joins each occurrence of a pair, from the left. */
function merged(parts: readonly string[], pair: string): readonly string[] {
  const joined: string[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last !== undefined && `${last} ${part}` === pair) joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return joined;
}

/** The bytes of a text in the alphabet of the vocabulary. */
function charactersOf(text: string): readonly string[] {
  return [...Buffer.from(text)].map((byte) => alphabet[byte] ?? '');
}

/** Turns text into tokens and back. */
export class BytePairTokenizer {
  readonly #tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #control: ReadonlySet<number>;

  constructor({ tokens, merges, control }: Pick<BytePairVocabulary, 'tokens' | 'merges' | 'control'>) {
    this.#tokens = tokens;
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    this.#ranks = new Map(merges.map((pair, rank) => [pair, rank]));
    this.#control = control;
  }

  /** Tokens of a text. What looks like a control token in it is text. */
  encode(text: string): readonly number[] {
    return [...text.matchAll(pieces)].flatMap(([piece]) => this.#piece(piece).map((part) => this.#id(part)));
  }

  /** The text of tokens, without control tokens. */
  decode(tokens: readonly number[]): string {
    const characters = tokens.filter((id) => !this.#control.has(id)).flatMap((id) => [...(this.#tokens[id] ?? '')]);
    return Buffer.from(characters.map((character) => bytesOf.get(character) ?? 0)).toString('utf8');
  }

  /** The id of a control token. */
  control(text: string): number {
    return this.#id(text);
  }

  #piece(piece: string): readonly string[] {
    let parts = charactersOf(piece);
    for (;;) {
      let best: string | undefined;
      let rank = Infinity;
      for (let at = 0; at + 1 < parts.length; at += 1) {
        const pair = `${parts[at] ?? ''} ${parts[at + 1] ?? ''}`;
        const candidate = this.#ranks.get(pair) ?? Infinity;
        if (candidate < rank) [best, rank] = [pair, candidate];
      }
      if (best === undefined) return parts;
      parts = merged(parts, best);
    }
  }

  #id(token: string): number {
    const id = this.#ids.get(token);
    if (id === undefined) throw new RangeError(`the vocabulary has no token ${JSON.stringify(token)}`);
    return id;
  }
}
