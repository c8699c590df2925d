/**
 * Tokens of a text without the tokenizer of its model. Text is weighed by the kinds of its characters, with weights that
 * lie near what the byte-pair encodings of current models need; the ratio of what usage reported to what was weighed
 * then corrects them, as means that forget: the longer texts count for more, the older ones for less. An estimate is for
 * admission and budgets, where a tenth more or less is of no matter; what was used is told by the usage of an answer.
 */
import type { AskRequest } from '#protocols/wire/inference';

/** The parts of a request that make its prompt. */
export type PromptOf = Pick<AskRequest, 'messages' | 'prompt' | 'tools' | 'schema'>;

/** Tokens that a template puts around a message, and before the answer. */
const MESSAGE_TOKENS = 4;
const ANSWER_TOKENS = 3;
/** Tokens that the first estimate stands for: so much has to be seen until observation weighs as much. */
const PRIOR_TOKENS = 500;
/** What an observation of the past keeps of its weight when a new one comes. */
const KEPT = 0.9;
/** Bounds of the correction: beyond them a provider counts something else than this text. */
const LEAST_RATIO = 0.25;
const MOST_RATIO = 4;

/** Tokens by weight, corrected by what was observed. */
export class TokenEstimator {
  #weighed = PRIOR_TOKENS;
  #observed = PRIOR_TOKENS;

  /** Tokens of something that weighs so much; a whole number, 0 only for nothing. */
  tokens(weight: number): number {
    return Math.ceil(weight * this.ratio);
  }

  /** Tokens for each unit of weight, from 0.25 to 4. */
  get ratio(): number {
    return Math.min(MOST_RATIO, Math.max(LEAST_RATIO, this.#observed / this.#weighed));
  }

  /** Learns that something of this weight had so many tokens. */
  observe(weight: number, tokens: number): void {
    if (weight <= 0 || tokens <= 0) return;
    this.#weighed = this.#weighed * KEPT + weight;
    this.#observed = this.#observed * KEPT + tokens;
  }
}

/** The weight of a text, near its tokens. */
export function textWeight(text: string): number {
  let weight = 0;
  for (let at = 0; at < text.length; at += 1) weight += unitWeight(text.charCodeAt(at));
  return weight;
}

/** The weight of a prompt: its texts, and what the template puts around them. */
export function promptWeight({ messages, prompt, tools, schema }: PromptOf): number {
  let weight = ANSWER_TOKENS + textWeight(prompt ?? '');
  for (const message of messages ?? []) {
    weight += MESSAGE_TOKENS + textWeight(message.content);
    if (message.role === 'assistant' && message.toolCalls !== undefined) {
      weight += textWeight(JSON.stringify(message.toolCalls));
    }
  }
  if (tools !== undefined && tools.length > 0) weight += textWeight(JSON.stringify(tools));
  if (schema !== undefined) weight += textWeight(JSON.stringify(schema));
  return weight;
}

/** Tokens of a UTF-16 code unit, on average. */
function unitWeight(unit: number): number {
  // Letters, digits and spaces of ASCII: four to a token and a little more.
  if ((unit >= 0x61 && unit <= 0x7a) || unit === 0x20 || (unit >= 0x30 && unit <= 0x39)) return 0.23;
  if (unit >= 0x41 && unit <= 0x5a) return 0.3;
  if (unit < 0x80) return 0.5;
  // Two bytes of UTF-8: Latin with accents, Greek, Cyrillic, Hebrew, Arabic. Three: Chinese, Japanese, Korean.
  if (unit < 0x800) return 0.5;
  // Half of a pair of surrogates: an emoji is two tokens and more.
  return unit >= 0xd800 && unit <= 0xdfff ? 1 : 0.8;
}
