/**
 * One answer, from its prompt to its end:
 *
 *     wait for a sequence -> compute the prompt in pieces -> draw tokens, one for each credit -> end
 *
 * The prompt is computed without its last token by `evaluateWithoutGeneratingNewTokens`, a piece at a time, because the
 * library finishes what it was given whole before it looks at anything else; between two pieces, and between two tokens,
 * a cancelled answer ends. Tokens of the prompt that were not computed are counted by the library's own meter, not by
 * what we hope to have saved.
 */
import { SkepError } from '#protocols/wire/error';
import type { FinishReason, TokenUsage, ToolCall } from '#protocols/wire/inference';
import type { AnswerForm } from '../grammar/grammars.js';
import type { BegunGrammar } from './compiled.js';
import type { LlamaContextSequence, LlamaModel, Token } from '../llama.js';
import type { AskWork } from '../protocol.js';
import type { Credit } from './credit.js';
import type { PrefillGate } from './prefill.js';
import type { Prompt } from './prompt.js';
import type { Pulse } from './pulse.js';
import { AnswerReader, type Piece } from './reader.js';
import type { Sequences } from './sequences.js';
import type { Standstill } from './standstill.js';
import { TextStream } from './text.js';

/** What all answers of a model share. */
export interface Shared {
  readonly model: LlamaModel;
  readonly sequences: Sequences;
  readonly gate: PrefillGate;
  readonly pulse: Pulse;
  readonly standstill: Standstill;
  readonly prefillChunk: number;
}

/** One answer to compute. */
export interface Answering {
  readonly work: AskWork;
  readonly prompt: Prompt;
  readonly form: AnswerForm | undefined;
  readonly grammar: BegunGrammar | undefined;
  readonly credit: Credit;
  readonly signal: AbortSignal;
  readonly onText: (text: string, tokens: number) => void;
  readonly onCall: (call: ToolCall) => void;
}

/** How an answer ended. */
export interface Answered {
  readonly finish: FinishReason;
  readonly usage: TokenUsage;
  readonly prefillMs: number;
  readonly decodeMs: number;
}

/** Computes an answer. @throws SkepError BAD_ANSWER; the reason of the signal. */
export async function answer(shared: Shared, answering: Answering): Promise<Answered> {
  const startedMs = performance.now();
  const { prompt, signal } = answering;
  const { slot, sequence, computedBefore } = await shared.sequences.take(prompt.tokens, signal);
  try {
    await prefill(shared, sequence, prompt.tokens, signal);
    // The last token of the prompt is computed when the first of the answer is drawn from it.
    const computed = sequence.tokenMeter.usedInputTokens - computedBefore + 1;
    const drawn = await draw(shared, sequence, answering);
    const input = prompt.tokens.length;
    return {
      finish: drawn.finish,
      usage: { input, cached: Math.max(0, input - computed), output: drawn.output },
      prefillMs: drawn.firstMs - startedMs,
      decodeMs: performance.now() - drawn.firstMs,
    };
  } finally {
    shared.sequences.give(slot);
  }
}

/** Computes a prompt but for its last token. */
async function prefill(
  { gate, pulse, standstill, prefillChunk }: Shared,
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
  signal: AbortSignal,
): Promise<void> {
  const end = prompt.length - 1;
  for (let at = sequence.nextTokenIndex; at < end; ) {
    signal.throwIfAborted();
    const piece = await gate.take(Math.min(prefillChunk, end - at));
    try {
      await standstill.pass();
      signal.throwIfAborted();
      const tokens = prompt.slice(at, at + piece);
      await pulse.beat(() => sequence.evaluateWithoutGeneratingNewTokens(tokens));
    } finally {
      gate.give(piece);
    }
    at += piece;
  }
}

interface Drawn {
  readonly finish: FinishReason;
  readonly output: number;
  readonly firstMs: number;
}

async function draw(shared: Shared, sequence: LlamaContextSequence, answering: Answering): Promise<Drawn> {
  const { model, pulse, standstill } = shared;
  const { work, prompt, form, credit, signal } = answering;
  const stops = [...prompt.stopTexts, ...(work.stop ?? [])];
  const reader = new AnswerReader(new TextStream(model, prompt.tokens), form, stops, work.id);
  const grammar = new GrammarHold(answering);
  const last = prompt.tokens.slice(-1);
  const tokens = sequence.evaluateWithMetadata([...last], {}, { ...samplingOf(work), ...grammar.options });
  let firstMs = 0;
  let output = 0;
  let instead: Token[] | undefined;
  try {
    for (;;) {
      const standing = standstill.pass();
      if (standing !== undefined) await standing;
      signal.throwIfAborted();
      const next = await pulse.beat(() => (instead === undefined ? tokens.next() : tokens.next(instead)));
      if (output === 0) firstMs = performance.now();
      signal.throwIfAborted();
      if (next.done === true || prompt.stopTokens.has(next.value.token)) {
        return { ...finish(reader, answering, 'stop'), output, firstMs };
      }
      output += 1;
      const piece = reader.push(next.value.token);
      give(piece, answering, 1);
      if (piece.stops === true) return { ...finish(reader, answering, 'stop'), output, firstMs };
      if (output >= work.maxTokens) return { ...finish(reader, answering, 'length'), output, firstMs };
      instead = grammar.follow(piece, next.value.token, model);
      const pause = credit.take();
      if (pause !== undefined) await pause;
    }
  } finally {
    await tokens.return();
  }
}

function give({ text, calls }: Piece, { onText, onCall }: Answering, tokens: number): void {
  onText(text, tokens);
  for (const call of calls) onCall(call);
}

/** Lets out what was held back. */
function finish(reader: AnswerReader, answering: Answering, why: 'stop' | 'length'): { readonly finish: FinishReason } {
  const isComplete = why === 'stop';
  const rest = reader.end(isComplete);
  if (rest.text !== '' || rest.calls.length > 0) give(rest, answering, 0);
  return { finish: reader.calls > 0 ? 'tool-calls' : why };
}

/** When the grammar takes hold of what is drawn: from the start, or once the first call was opened. */
class GrammarHold {
  readonly options: Parameters<LlamaContextSequence['evaluateWithMetadata']>[2];
  #holds: boolean;

  constructor({ form, grammar }: Answering) {
    this.#holds = form?.from === 'start';
    if (grammar === undefined) this.options = {};
    else if (this.#holds) this.options = { grammarEvaluationState: grammar.state, tokenBias: grammar.bias };
    else {
      this.options = {
        grammarEvaluationState: () => (this.#holds ? grammar.state : undefined),
        tokenBias: () => (this.#holds ? grammar.bias : grammar.noBias),
      };
    }
  }

  /**
   * Lets the grammar take hold where a call was opened. It has to see all that follows the opening: where the token had
   * more in it than that, the tokens to go on with instead are given.
   */
  follow({ opensCall }: Piece, token: Token, model: LlamaModel): Token[] | undefined {
    if (opensCall === undefined) return undefined;
    this.#holds = true;
    if (/^[ \n]?$/.test(opensCall.rest)) return undefined;
    const text = model.detokenize([token]);
    return model.tokenize(text.slice(0, text.length - opensCall.rest.length));
  }
}

type Sampling = Pick<
  NonNullable<Parameters<LlamaContextSequence['evaluateWithMetadata']>[2]>,
  'temperature' | 'topK' | 'topP' | 'minP' | 'seed'
>;

/** The library draws equal seeds in one second, so each answer without a seed gets one of its own. */
function samplingOf({
  temperature = 0,
  topK,
  topP,
  minP,
  seed = Math.floor(Math.random() * 2 ** 32),
}: AskWork): Sampling {
  return {
    temperature,
    seed,
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
    ...(minP === undefined ? {} : { minP }),
  };
}

/** @throws SkepError CONTEXT_OVERFLOW when prompt and answer do not fit together. */
export function checkFits(promptTokens: number, maxTokens: number, contextTokens: number): void {
  if (promptTokens + maxTokens <= contextTokens) return;
  throw new SkepError(
    'CONTEXT_OVERFLOW',
    `a prompt of ${promptTokens} tokens and an answer of up to ${maxTokens} do not fit a context of ${contextTokens}; shorten the prompt or lower maxTokens`,
    { promptTokens, maxTokens, contextTokens },
  );
}
