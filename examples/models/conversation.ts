/**
 * Conversations in ChatML as tokens, and the drawing of conversations to learn from: with and without a system prompt,
 * one the model shall know or words at random, with and without a first token, of one question or of several.
 *
 *     [<|endoftext|>] [<|im_start|>system\n...<|im_end|>\n] <|im_start|>user\n...<|im_end|>\n <|im_start|>assistant\n...<|im_end|>
 *
 * Only the answers, each with the token that ends it, are to be predicted.
 */
import { chanceOf, nextChance } from '#protocols/chance';
import type { BytePairTokenizer } from './byte-pair.js';
import { type Fact, facts, systemPrompts } from './corpus.js';
import type { Lesson } from './network.js';

/** What is said around questions and answers. */
export interface Setting {
  /** Whether the first token is the one that begins a text, which some programs put there. */
  readonly bos: boolean;
  /** Undefined: there is no system message. */
  readonly system: string | undefined;
}

/** Tokens of a conversation up to where the assistant answers `question`. */
export function promptTokens(tokenizer: BytePairTokenizer, setting: Setting, question: string): readonly number[] {
  return [...opening(tokenizer, setting), ...asked(tokenizer, question)];
}

/** A conversation to learn from. */
export function lessonOf(tokenizer: BytePairTokenizer, setting: Setting, turns: readonly Fact[]): Lesson {
  const tokens: number[] = [];
  const counted: boolean[] = [];
  const say = (part: readonly number[], counts: boolean): void => {
    tokens.push(...part);
    counted.push(...part.map(() => counts));
  };
  say(opening(tokenizer, setting), false);
  turns.forEach(({ question, answer }, index) => {
    if (index > 0) say(tokenizer.encode('\n'), false);
    say(asked(tokenizer, question), false);
    say([...tokenizer.encode(answer), tokenizer.control('<|im_end|>')], true);
  });
  return { tokens, counted };
}

function opening(tokenizer: BytePairTokenizer, { bos, system }: Setting): readonly number[] {
  return [
    ...(bos ? [tokenizer.control('<|endoftext|>')] : []),
    ...(system === undefined ? [] : message(tokenizer, 'system', system)),
  ];
}

function asked(tokenizer: BytePairTokenizer, question: string): readonly number[] {
  return [
    ...message(tokenizer, 'user', question),
    tokenizer.control('<|im_start|>'),
    ...tokenizer.encode('assistant\n'),
  ];
}

function message(tokenizer: BytePairTokenizer, role: string, content: string): readonly number[] {
  const [start, end] = [tokenizer.control('<|im_start|>'), tokenizer.control('<|im_end|>')];
  return [start, ...tokenizer.encode(`${role}\n`), ...tokenizer.encode(content), end, ...tokenizer.encode('\n')];
}

/** Draws lessons, the same ones for the same seed. */
export class Lessons {
  readonly #tokenizer: BytePairTokenizer;
  readonly #longest: number;
  readonly #words: readonly string[];
  #chance: number;
  /** Questions in a drawn order, so that none is left out for long. */
  #order: readonly Fact[] = [];

  /** @param longest tokens of a lesson at most */
  constructor(tokenizer: BytePairTokenizer, longest: number, seed: number) {
    this.#tokenizer = tokenizer;
    this.#longest = longest;
    this.#words = [...facts.flatMap(({ question, answer }) => [question, answer]), ...systemPrompts]
      .flatMap((text) => text.split(/\s+/))
      .filter((word) => word !== '');
    this.#chance = seed;
  }

  /** The next lesson. */
  draw(): Lesson {
    const setting = { bos: this.#below(2) === 0, system: this.#system() };
    const kinds = [1, 1, 1, 1, 2, 3];
    const turns = Array.from({ length: kinds[this.#below(kinds.length)] ?? 1 }, () => this.#fact());
    for (;;) {
      const lesson = lessonOf(this.#tokenizer, setting, turns);
      if (lesson.tokens.length <= this.#longest) return lesson;
      turns.pop();
    }
  }

  #system(): string | undefined {
    const kind = this.#below(20);
    if (kind < 9) return undefined;
    if (kind < 14) return systemPrompts[this.#below(systemPrompts.length)];
    const words = Array.from({ length: 2 + this.#below(16) }, () => this.#words[this.#below(this.#words.length)] ?? '');
    return words.join(' ');
  }

  #fact(): Fact {
    if (this.#order.length === 0) this.#order = this.#shuffled();
    const [fact, ...rest] = this.#order;
    this.#order = rest;
    return fact ?? this.#fact();
  }

  #shuffled(): readonly Fact[] {
    const left = [...facts];
    return facts.flatMap(() => left.splice(this.#below(left.length), 1));
  }

  #below(limit: number): number {
    this.#chance = nextChance(this.#chance);
    return chanceOf(this.#chance, limit);
  }
}
