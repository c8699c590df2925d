/**
 * Text out of tokens. A token may end in the middle of a character (byte-level vocabularies split what they have not
 * seen), so what is not a whole character yet is held back until its rest arrives; bytes that never become a character
 * are told as U+FFFD, as every decoder of UTF-8 does.
 */
import type { LlamaModel, Token } from '../llama.js';

/** A character has four bytes at most, of which three can be the unfinished end of a text. */
const longestUnfinished = 3;
/** Tokens that are decoded together at most; only bytes that are no text come so far. */
const longestPending = 64;
/** Tokens before, which tell some vocabularies whether a word begins with a space. */
const before = 3;

/** Detokenises a stream. */
export class TextStream {
  readonly #detokenize: LlamaModel['detokenize'];
  #last: Token[];
  #pending: Token[] = [];
  /** Characters of the pending tokens that were given out. */
  #given = 0;

  constructor(model: Pick<LlamaModel, 'detokenize'>, prompt: readonly Token[]) {
    this.#detokenize = (...args) => model.detokenize(...args);
    this.#last = prompt.slice(-before);
  }

  /** The text that a token completes; often its own, sometimes none. */
  push(token: Token): string {
    this.#pending.push(token);
    const text = this.#detokenize(this.#pending, false, this.#last);
    const whole = text.length - unfinishedLength(text);
    const isSettled = whole === text.length || this.#pending.length >= longestPending;
    const given = text.slice(this.#given, isSettled ? text.length : whole);
    if (isSettled) this.#settle();
    else this.#given = Math.max(this.#given, whole);
    return given;
  }

  /** What is left at the end. */
  end(): string {
    if (this.#pending.length === 0) return '';
    const rest = this.#detokenize(this.#pending, false, this.#last).slice(this.#given);
    this.#settle();
    return rest;
  }

  #settle(): void {
    this.#last = [...this.#last, ...this.#pending].slice(-before);
    this.#pending = [];
    this.#given = 0;
  }
}

/** How many characters at the end may be the beginning of one. */
function unfinishedLength(text: string): number {
  let length = 0;
  while (length < longestUnfinished && text.charAt(text.length - 1 - length) === '\uFFFD') length += 1;
  return length;
}
