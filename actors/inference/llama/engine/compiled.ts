/**
 * Grammars of requests, compiled. A swarm asks with the same few schemas again and again, so compiled ones are kept, the
 * latest first. A schema is checked for its size before it comes here, which bounds the time that compiling takes; what
 * the native compiler refuses all the same is the schema's fault and told so.
 */
import { SkepError } from '#protocols/wire/error';
import { type AnswerForm, grammarOf } from '../grammar/grammars.js';
import type { LlamaGrammar, LlamaGrammarEvaluationState, LlamaModel, Native, Token, TokenBias } from '../llama.js';

const kept = 64;

/** A grammar at its start, and what is avoided while it holds. */
export interface BegunGrammar {
  readonly state: LlamaGrammarEvaluationState;
  readonly bias: TokenBias;
  readonly noBias: TokenBias;
}

/** Compiles grammars for one model. */
export class Grammars {
  readonly #native: Native;
  readonly #model: LlamaModel;
  readonly #compiled = new Map<string, LlamaGrammar>();
  #biases: Pick<BegunGrammar, 'bias' | 'noBias'> | undefined;

  constructor(native: Native, model: LlamaModel) {
    this.#native = native;
    this.#model = model;
  }

  /** @throws SkepError BAD_SCHEMA. */
  async begin(form: AnswerForm): Promise<BegunGrammar> {
    const grammar = await this.#compile(JSON.stringify(form), form);
    this.#biases ??= {
      bias: this.#native.avoid(this.#model, loneLeads(this.#model)),
      noBias: this.#native.avoid(this.#model, []),
    };
    return { state: this.#native.grammarState(this.#model, grammar), ...this.#biases };
  }

  async #compile(key: string, form: AnswerForm): Promise<LlamaGrammar> {
    const grammar = this.#compiled.get(key) ?? (await this.#native.grammar(grammarOf(form)).catch(refuseGrammar));
    // Set again, it becomes the latest of the map.
    this.#compiled.delete(key);
    this.#compiled.set(key, grammar);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > kept && oldest !== undefined) this.#compiled.delete(oldest);
    return grammar;
  }
}

function refuseGrammar(error: unknown): never {
  const problem = error instanceof Error ? error.message : String(error);
  throw new SkepError('BAD_SCHEMA', `llama.cpp does not take the grammar of the schema: ${problem}`, {}, error);
}

/**
 * Tokens that are the single bytes E0 and F0. What begins with them may be an overlong spelling of a character, which
 * the grammar of llama.cpp takes for one character and each decoder of UTF-8 for several that are none, so lengths would
 * not agree. Vocabularies that know the scripts behind these bytes have longer tokens for them, and `\u` is left.
 */
function loneLeads(model: LlamaModel): readonly Token[] {
  return ['\u0800', '\u{10000}'].flatMap((character) => {
    const tokens = model.tokenize(character);
    const lead = tokens.at(-Buffer.byteLength(character));
    return lead !== undefined && model.detokenize([lead]) === '\uFFFD' ? [lead] : [];
  });
}
