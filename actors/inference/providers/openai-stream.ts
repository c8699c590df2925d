/**
 * A stream of OpenAI's chunks, folded into the events of an answer. Servers differ in it, and what is known is taken:
 * Ollama gives all tool calls of an answer the index 0 (ollama#15457), or none (#7881), and its calls come whole; vLLM and
 * llama-server put thoughts into `reasoning_content` or `reasoning`; several finish with `stop` where tools were called;
 * usage comes in a chunk without choices, in the last one, or not at all; and some end without `[DONE]`.
 *
 *     chunk* -> text*            as it comes
 *               (tool calls)     gathered until the end: a later delta may belong to any
 *     [DONE] or the end of the stream -> toolCall* end
 */
import type { FinishReason } from '#protocols/wire/inference';
import { z } from 'zod';
import type { WorkEvent } from '../backend.js';
import type { Answer } from './accept.js';
import { type AnswerSetting, AnswerUnderWay, type ReportedUsage, parseJson } from './answer.js';
import { AttemptError, badAnswer, errorInStream, garbled } from './attempt-error.js';
import { providerErrorOf } from './provider-error.js';
import type { SseEvent } from './sse.js';

const count = z.number().int().min(0);

const toolDelta = z.object({
  index: z.number().int().min(0).nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});

const delta = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z.array(toolDelta).nullish(),
});

const usageForm = z.object({
  prompt_tokens: count.nullish(),
  completion_tokens: count.nullish(),
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: count.nullish() }).nullish(),
});

/** A chunk of either kind of completion; what else a server adds is passed over. */
const chunkForm = z.object({
  choices: z.array(
    z.object({ delta: delta.nullish(), text: z.string().nullish(), finish_reason: z.string().nullish() }),
  ),
  usage: usageForm.nullish(),
});

interface ToolDraft {
  /** Undefined while no server named one. */
  id: string | undefined;
  readonly index: number | undefined;
  name: string;
  text: string;
}

/** Reads the events of an answer, which is JSON where it is `structured`. @throws AttemptError, Trouble. */
export async function* readCompletion(
  answer: Answer,
  setting: AnswerSetting,
  structured: boolean,
): AsyncGenerator<WorkEvent, void, undefined> {
  const fold = new CompletionFold(setting, structured);
  for await (const event of answer.events()) {
    if (event.data.trim() === '[DONE]') {
      yield* fold.end(true);
      return;
    }
    yield* fold.take(event);
  }
  yield* fold.end(false);
}

class CompletionFold {
  readonly #answer: AnswerUnderWay;
  readonly #tools: ToolDraft[] = [];
  #finish: string | undefined;
  #refused = false;
  #usage: ReportedUsage = {};
  #showsThoughts = false;
  /** The whole text, where it has to be JSON. */
  #whole: string | undefined;

  constructor(setting: AnswerSetting, structured: boolean) {
    this.#answer = new AnswerUnderWay(setting);
    this.#whole = structured ? '' : undefined;
  }

  *take(event: SseEvent): Generator<WorkEvent, void, undefined> {
    const value = parseJson(event.data);
    const error = providerErrorOf(value);
    if (error !== undefined) throw errorInStream(error);
    const chunk = chunkForm.safeParse(value);
    if (!chunk.success) throw garbled('an event of the stream is no chunk of a completion', event.data);
    if (chunk.data.usage !== undefined && chunk.data.usage !== null) this.#usage = usageOf(chunk.data.usage);
    for (const choice of chunk.data.choices) {
      yield* this.#written(choice.text ?? '');
      if (choice.delta !== undefined && choice.delta !== null) yield* this.#takeDelta(choice.delta);
      this.#finish = choice.finish_reason ?? this.#finish;
    }
  }

  /** The rest of the answer. @throws AttemptError when it has no proper end. */
  *end(done: boolean): Generator<WorkEvent, void, undefined> {
    if (!done && this.#finish === undefined) {
      throw new AttemptError('connection', 'PROVIDER_FAILED', 'the stream ended before the answer was complete');
    }
    const finish = finishOf(this.#finish ?? 'stop', this.#refused, this.#tools.length > 0);
    // What was cut off by its length has no arguments that could be read. All are read before the first is told, so that
    // a bad one can still be asked for again.
    if (finish === 'stop' && this.#whole !== undefined && parseJson(this.#whole) === undefined) {
      throw badAnswer('the structured answer is no JSON', this.#whole);
    }
    const drafts = finish === 'tool-calls' ? this.#tools : [];
    yield* drafts.map(({ id, name, text }, at) => this.#answer.toolCall(id ?? `call_${at}`, name, text));
    yield this.#answer.end(finish, this.#showsThoughts ? { ...this.#usage, unseen: 0 } : this.#usage);
  }

  *#takeDelta(part: z.output<typeof delta>): Generator<WorkEvent, void, undefined> {
    const thoughts = part.reasoning_content ?? part.reasoning ?? '';
    this.#showsThoughts ||= thoughts !== '';
    this.#noteHidden(thoughts);
    yield* this.#written(part.content ?? '');
    if (part.refusal !== undefined && part.refusal !== null && part.refusal !== '') {
      this.#refused = true;
      yield* this.#written(part.refusal);
    }
    for (const call of part.tool_calls ?? []) this.#takeTool(call);
  }

  *#written(text: string): Generator<WorkEvent, void, undefined> {
    if (text === '') return;
    if (this.#whole !== undefined) this.#whole += text;
    yield this.#answer.text(text);
  }

  /** The model wrote what the reader does not get, or not yet. */
  #noteHidden(text: string): void {
    if (text !== '') this.#answer.wrote(text);
  }

  #takeTool({ id, index, function: called }: z.output<typeof toolDelta>): void {
    const name = called?.name ?? '';
    const text = called?.arguments ?? '';
    const draft = this.#draftOf(index ?? undefined, id ?? '', name);
    if (draft.id === undefined && id !== undefined && id !== null && id !== '') draft.id = id;
    if (draft.name === '') draft.name = name;
    draft.text += text;
    this.#noteHidden(name + text);
  }

  /** The draft that a delta goes on with, or a new one: an id of its own begins one, whatever the index says. */
  #draftOf(index: number | undefined, id: string, name: string): ToolDraft {
    const known =
      index === undefined ? this.#unnumbered(id, name) : this.#tools.findLast((tool) => tool.index === index);
    if (known !== undefined && !isOther(known, id, name)) return known;
    const draft: ToolDraft = { id: undefined, index, name: '', text: '' };
    this.#tools.push(draft);
    return draft;
  }

  /** Without an index, a delta with a name begins a call, and one without goes on with the last. */
  #unnumbered(id: string, name: string): ToolDraft | undefined {
    if (id !== '') return this.#tools.find((tool) => tool.id === id);
    return name === '' ? this.#tools.at(-1) : undefined;
  }
}

/** Whether a delta at the index of a draft is of another call: it has another id, or a name where the draft is whole. */
function isOther(draft: ToolDraft, id: string, name: string): boolean {
  if (id !== '') return draft.id !== undefined && draft.id !== id;
  return name !== '' && draft.name !== '' && parseJson(draft.text) !== undefined;
}

function usageOf(usage: z.output<typeof usageForm>): ReportedUsage {
  const { prompt_tokens: input, completion_tokens: output } = usage;
  return {
    ...(input === undefined || input === null ? {} : { input }),
    ...(output === undefined || output === null ? {} : { output }),
    cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
    unseen: usage.completion_tokens_details?.reasoning_tokens ?? 0,
  };
}

/** @throws AttemptError for the reasons by which vLLM tells that it failed. */
function finishOf(reason: string, refused: boolean, withTools: boolean): FinishReason {
  if (reason === 'abort' || reason === 'error') {
    throw new AttemptError('server', 'PROVIDER_FAILED', `the provider ended the answer: ${reason}`);
  }
  if (reason === 'content_filter' || refused) return 'refusal';
  if (reason === 'length') return 'length';
  return withTools ? 'tool-calls' : 'stop';
}
