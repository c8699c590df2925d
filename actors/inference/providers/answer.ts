/**
 * An answer while it is made: the events that a backend tells of it, the time of its first token, and its tokens, which
 * are estimated part by part and set right by the usage at the end where the provider reports one.
 */
import type { FinishReason, TokenUsage, ToolCall } from '#protocols/wire/inference';
import type { Clock } from '#runtime/clock/clock';
import { z } from 'zod';
import type { WorkEvent } from '../backend.js';
import { badAnswer } from './attempt-error.js';
import { type TokenEstimator, textWeight } from './estimate.js';

/** What of an answer is common to all providers. */
export interface AnswerSetting {
  readonly clock: Clock;
  /** When it was asked for, by that clock. */
  readonly startedMs: number;
  /** Weight of its prompt. */
  readonly promptWeight: number;
  readonly prompts: TokenEstimator;
  readonly answers: TokenEstimator;
}

/** Tokens as the provider counted them; what it leaves out is estimated. */
export interface ReportedUsage extends Partial<TokenUsage> {
  /** Tokens of the output that were not shown: they say nothing about how many a text has. */
  readonly unseen?: number;
}

const toolCallForm = z.object({
  id: z.string().min(1).max(256),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
});
const jsonObject = z.record(z.string(), z.unknown());

export class AnswerUnderWay {
  readonly #setting: AnswerSetting;
  #firstMs: number | undefined;
  #weight = 0;
  #told = 0;

  constructor(setting: AnswerSetting) {
    this.#setting = setting;
  }

  /** The model writes, though nothing that the reader gets yet: thoughts, or a piece of a tool's arguments. */
  wrote(text: string): void {
    this.#firstMs ??= this.#setting.clock.now();
    this.#weight += textWeight(text);
  }

  /** A piece of text. */
  text(text: string): WorkEvent {
    this.wrote(text);
    const soFar = this.#setting.answers.tokens(this.#weight);
    // Another answer may have taught the estimate to count less meanwhile.
    const tokens = Math.max(0, soFar - this.#told);
    this.#told += tokens;
    return { type: 'text', text, tokens };
  }

  /** A tool call that is complete. @throws AttemptError BAD_ANSWER when it is none. */
  toolCall(id: string, name: string, argumentText: string): WorkEvent {
    this.#firstMs ??= this.#setting.clock.now();
    const head = toolCallForm.safeParse({ id, name });
    if (!head.success) throw badAnswer('a tool call has a name or id of a form that is not allowed', `${name} ${id}`);
    return { type: 'toolCall', call: { id, name, arguments: argumentsOf(name, argumentText) } };
  }

  /** The last event. Learns from the usage that was reported. */
  end(finish: FinishReason, reported: ReportedUsage): WorkEvent {
    const { clock, startedMs, promptWeight, prompts, answers } = this.#setting;
    const endedMs = clock.now();
    const firstMs = this.#firstMs ?? endedMs;
    const usage = {
      input: reported.input ?? prompts.tokens(promptWeight),
      cached: reported.cached ?? 0,
      output: reported.output ?? answers.tokens(this.#weight),
    };
    prompts.observe(promptWeight, reported.input ?? 0);
    answers.observe(this.#weight, (reported.output ?? 0) - (reported.unseen ?? 0));
    return { type: 'end', finish, usage, prefillMs: firstMs - startedMs, decodeMs: endedMs - firstMs };
  }
}

/** Arguments as a model wrote them; nothing stands for none. @throws AttemptError BAD_ANSWER. */
function argumentsOf(name: string, text: string): ToolCall['arguments'] {
  const parsed = jsonObject.safeParse(parseJson(text.trim() === '' ? '{}' : text));
  if (parsed.success) return parsed.data;
  throw badAnswer(`the arguments of the tool call ${name} are no JSON object`, text);
}

/** The value of a JSON text; undefined where it is none, which JSON cannot say. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
