/**
 * Turns the tokens of an answer into its parts: text up to a stop sequence, JSON, or calls of tools.
 *
 *     token -> TextStream -> NeedleStream (stops, <tool_call>) -> text
 *                                |  behind the first <tool_call>
 *                                +-> CallReader -> tool calls
 *
 * JSON of a schema has no stop sequences: it ends where it is complete.
 */
import { SkepError } from '#protocols/wire/error';
import type { ToolCall } from '#protocols/wire/inference';
import { conforms } from '../grammar/conforms.js';
import { type AnswerForm, callOpens } from '../grammar/grammars.js';
import { CallReader } from './calls.js';
import { NeedleStream } from './stops.js';
import type { TextStream } from './text.js';
import type { Token } from '../llama.js';

/** Characters of an answer that is told as a sample in an error. */
const sampleLength = 200;

/** What came of one token. */
export interface Piece {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** A stop sequence was met. */
  readonly stops?: boolean;
  /** The first call was opened by this token, with so much text of it behind the opening. */
  readonly opensCall?: { readonly rest: string };
}

const nothing: Piece = { text: '', calls: [] };

/** Reads one answer. */
export class AnswerReader {
  readonly #text: TextStream;
  readonly #form: AnswerForm | undefined;
  readonly #needles: NeedleStream;
  readonly #calls: CallReader;
  #mode: 'text' | 'json' | 'calls' | 'open';
  #json = '';

  constructor(text: TextStream, form: AnswerForm | undefined, stops: readonly string[], answer: string) {
    this.#text = text;
    this.#form = form;
    this.#calls = new CallReader(form?.tools ?? [], `call-${answer}`);
    this.#mode = modeOf(form);
    this.#needles = new NeedleStream(
      form?.from === 'call' ? [...stops, callOpens] : this.#mode === 'text' ? stops : [],
    );
  }

  push(token: Token): Piece {
    const text = this.#text.push(token);
    return text === '' ? nothing : this.#take(text);
  }

  /** What is left when the model is done. @throws SkepError BAD_ANSWER when the form is not complete. */
  end(isComplete: boolean): Piece {
    const rest = this.#text.end();
    const last = rest === '' ? nothing : this.#take(rest);
    const held = this.#mode === 'text' && last.stops !== true ? this.#needles.end() : '';
    if (this.#mode !== 'text') this.#checkForm(isComplete);
    return { ...last, text: last.text + held };
  }

  get calls(): number {
    return this.#calls.count;
  }

  #take(text: string): Piece {
    if (this.#mode === 'open') this.#mode = text.startsWith('<') ? 'calls' : 'json';
    if (this.#mode === 'calls') return { text: '', calls: this.#calls.push(text) };
    if (this.#mode === 'json') {
      this.#json += text;
      return { text, calls: [] };
    }
    const found = this.#needles.push(text);
    if (found.needle === undefined) return { text: found.text, calls: [] };
    if (found.needle.text !== callOpens || this.#form?.from !== 'call')
      return { text: found.text, calls: [], stops: true };
    this.#mode = 'calls';
    return { text: found.text, calls: [], opensCall: { rest: found.needle.rest } };
  }

  #checkForm(isComplete: boolean): void {
    const isCalls = this.#mode === 'calls';
    const isBroken = isCalls ? this.#calls.isOpen || this.#calls.count === 0 : !this.#isValid();
    if (!isBroken) return;
    const what = isCalls ? 'its tool call' : 'its JSON';
    throw new SkepError(
      'BAD_ANSWER',
      isComplete
        ? `the model ended ${what} in a form that was not asked for`
        : `the answer reached maxTokens inside ${what}; raise maxTokens or ask for less`,
      { reason: isComplete ? 'form' : 'length', sample: this.#json.slice(-sampleLength) },
    );
  }

  #isValid(): boolean {
    try {
      return conforms(JSON.parse(this.#json), this.#form?.schema ?? true);
    } catch {
      return false;
    }
  }
}

function modeOf(form: AnswerForm | undefined): 'text' | 'json' | 'calls' | 'open' {
  if (form === undefined || form.from === 'call') return 'text';
  if (form.callsOnly) return 'calls';
  return form.tools.length > 0 ? 'open' : 'json';
}
