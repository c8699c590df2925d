/**
 * A stream of Anthropic's Messages API, folded into the events of an answer. New types of events, blocks and deltas may
 * come at any time, says its documentation, and are passed over.
 *
 *     message_start (content_block_start content_block_delta* content_block_stop)* message_delta message_stop
 *     ping and error come anywhere between
 *
 * `input_tokens` counts only what was not read from or written to the cache of prompts; the three together are the
 * prompt. `output_tokens` is cumulative.
 */
import { unreachable } from '#protocols/wire/error';
import type { FinishReason } from '#protocols/wire/inference';
import { z } from 'zod';
import type { WorkEvent } from '../backend.js';
import type { Answer } from './accept.js';
import { type AnswerSetting, AnswerUnderWay, type ReportedUsage, parseJson } from './answer.js';
import { AttemptError, badAnswer, errorInStream, garbled } from './attempt-error.js';
import { providerErrorOf } from './provider-error.js';
import { type AnswerTool, unwrapped } from './structured.js';

const count = z.number().int().min(0).nullish();
const usageForm = z.object({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
});
const index = z.number().int().min(0);

const eventForm = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: z.object({ usage: usageForm.nullish() }) }),
  z.object({
    type: z.literal('content_block_start'),
    index,
    content_block: z.object({
      type: z.string(),
      id: z.string().nullish(),
      name: z.string().nullish(),
      text: z.string().nullish(),
    }),
  }),
  z.object({
    type: z.literal('content_block_delta'),
    index,
    delta: z.object({
      type: z.string(),
      text: z.string().nullish(),
      partial_json: z.string().nullish(),
      thinking: z.string().nullish(),
    }),
  }),
  z.object({ type: z.literal('content_block_stop'), index }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({ stop_reason: z.string().nullish() }),
    usage: usageForm.nullish(),
  }),
  z.object({ type: z.literal('message_stop') }),
]);
type MessageEvent = z.output<typeof eventForm>;
type BlockStart = Extract<MessageEvent, { type: 'content_block_start' }>['content_block'];
type BlockDelta = Extract<MessageEvent, { type: 'content_block_delta' }>['delta'];

const knownTypes: ReadonlySet<unknown> = new Set(eventForm.options.map(({ shape }) => shape.type.value));

interface ToolBlock {
  readonly id: string;
  readonly name: string;
  text: string;
}

/** Reads the events of an answer; the call of `structured` becomes its text. @throws AttemptError, Trouble. */
export async function* readMessage(
  answer: Answer,
  setting: AnswerSetting,
  structured: AnswerTool | undefined,
): AsyncGenerator<WorkEvent, void, undefined> {
  const fold = new MessageFold(setting, structured);
  for await (const { data } of answer.events()) {
    const value = parseJson(data);
    if (typeof value !== 'object' || value === null) throw garbled('an event of the stream is no JSON object', data);
    const error = 'type' in value && value.type === 'error' ? providerErrorOf(value) : undefined;
    if (error !== undefined) throw errorInStream(error);
    if (!('type' in value) || !knownTypes.has(value.type)) continue;
    const event = eventForm.safeParse(value);
    if (!event.success) throw garbled('an event of the stream has not the form of its type', data);
    if (event.data.type === 'message_stop') {
      yield* fold.end();
      return;
    }
    yield* fold.take(event.data);
  }
  throw new AttemptError('connection', 'PROVIDER_FAILED', 'the stream ended before the answer was complete');
}

class MessageFold {
  readonly #answer: AnswerUnderWay;
  readonly #structured: AnswerTool | undefined;
  readonly #tools = new Map<number, ToolBlock>();
  #stopReason: string | undefined;
  #usage: z.output<typeof usageForm> = {};

  constructor(setting: AnswerSetting, structured: AnswerTool | undefined) {
    this.#answer = new AnswerUnderWay(setting);
    this.#structured = structured;
  }

  *take(event: Exclude<MessageEvent, { type: 'message_stop' }>): Generator<WorkEvent, void, undefined> {
    switch (event.type) {
      case 'message_start':
        this.#count(event.message.usage);
        return;
      case 'content_block_start':
        yield* this.#begin(event.index, event.content_block);
        return;
      case 'content_block_delta':
        yield* this.#goOn(event.index, event.delta);
        return;
      case 'content_block_stop':
        return;
      case 'message_delta':
        this.#stopReason = event.delta.stop_reason ?? this.#stopReason;
        this.#count(event.usage);
        return;
      default:
        unreachable(event);
    }
  }

  /** The rest of the answer. @throws AttemptError when it has no proper end. */
  *end(): Generator<WorkEvent, void, undefined> {
    const blocks = [...this.#tools.values()];
    const answers = blocks.filter((tool) => this.#isAnswer(tool));
    const calls = blocks.filter((tool) => !this.#isAnswer(tool));
    const finish = finishOf(this.#stopReason, calls.length > 0);
    const complete = finish === 'stop' || finish === 'tool-calls';
    // All are read before the first is told, so that a bad one can still be asked for again.
    const told = complete ? calls.map(({ id, name, text }) => this.#answer.toolCall(id, name, text)) : [];
    if (complete && calls.length === 0) yield* this.#checked(answers);
    yield* told;
    yield this.#answer.end(finish, reported(this.#usage));
  }

  /** What is left to tell of a structured answer. @throws AttemptError BAD_ANSWER where it has not its form. */
  *#checked(answers: readonly ToolBlock[]): Generator<WorkEvent, void, undefined> {
    if (this.#structured === undefined) return;
    const [answer] = answers;
    if (answer === undefined) throw badAnswer('the answer is not structured as it was asked for', '');
    if (this.#structured.wraps) yield this.#answer.text(unwrapped(answer.text));
    else if (parseJson(answer.text) === undefined) throw badAnswer('the structured answer is no JSON', answer.text);
  }

  *#begin(at: number, block: BlockStart): Generator<WorkEvent, void, undefined> {
    if (block.type === 'tool_use') this.#tools.set(at, { id: block.id ?? '', name: block.name ?? '', text: '' });
    if (block.type === 'text' && (block.text ?? '') !== '') yield this.#answer.text(block.text ?? '');
  }

  *#goOn(at: number, delta: BlockDelta): Generator<WorkEvent, void, undefined> {
    const text = delta.text ?? '';
    if (delta.type === 'text_delta' && text !== '' && this.#structured === undefined) yield this.#answer.text(text);
    // Words beside a structured answer are no part of it.
    else if (delta.type === 'text_delta' && text !== '') this.#answer.wrote(text);
    if (delta.type === 'thinking_delta') this.#answer.wrote(delta.thinking ?? '');
    const json = delta.partial_json ?? '';
    const tool = this.#tools.get(at);
    if (delta.type !== 'input_json_delta' || tool === undefined || json === '') return;
    tool.text += json;
    if (this.#isAnswer(tool) && this.#structured?.wraps === false) yield this.#answer.text(json);
    else this.#answer.wrote(json);
  }

  #isAnswer({ name }: ToolBlock): boolean {
    return name === this.#structured?.name;
  }

  /** Later counts replace earlier ones; a count that is left out stays. */
  #count(usage: z.output<typeof usageForm> | null | undefined): void {
    if (usage === undefined || usage === null) return;
    const known = this.#usage;
    this.#usage = {
      input_tokens: usage.input_tokens ?? known.input_tokens,
      cache_creation_input_tokens: usage.cache_creation_input_tokens ?? known.cache_creation_input_tokens,
      cache_read_input_tokens: usage.cache_read_input_tokens ?? known.cache_read_input_tokens,
      output_tokens: usage.output_tokens ?? known.output_tokens,
    };
  }
}

function reported(usage: z.output<typeof usageForm>): ReportedUsage {
  const { input_tokens: fresh, output_tokens: output } = usage;
  const cached = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  return {
    ...(fresh === undefined || fresh === null ? {} : { input: fresh + cached + written }),
    ...(output === undefined || output === null ? {} : { output }),
    cached,
  };
}

/** Reasons that are new one day end an answer as any other. */
function finishOf(reason: string | undefined, withCalls: boolean): FinishReason {
  if (reason === 'refusal') return 'refusal';
  // The context was full before `max_tokens` was reached: cut off all the same.
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length';
  return withCalls ? 'tool-calls' : 'stop';
}
