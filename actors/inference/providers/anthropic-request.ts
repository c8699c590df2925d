/**
 * Requests of Anthropic's Messages API. It differs from a conversation of ours in this: system texts stand apart from the
 * messages, results of tools are blocks of a user message and must follow their calls in one message, empty texts are
 * refused, and ids of tool calls have letters, digits, hyphens and underscores only.
 */
import { unreachable } from '#protocols/wire/error';
import type { ChatMessage, ToolCall, ToolSpec } from '#protocols/wire/inference';
import type { Work } from '../backend.js';
import type { AnthropicEntry } from '../entry.js';
import { unsendable } from './attempt-error.js';
import { type ProviderError, refusesField } from './provider-error.js';
import type { AnswerTool } from './structured.js';

type Json = Readonly<Record<string, unknown>>;
type Block = Json;

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: Block[];
}

/** What one model was found not to take. */
export class AnthropicDialect {
  #defaultTemperature = true;

  /** The temperature of a request: 0 where the asker says nothing of sampling and the model takes it. */
  temperature({ temperature, topP }: Work): number | undefined {
    if (temperature !== undefined) return temperature;
    // Newer models take one of the two.
    return this.#defaultTemperature && topP === undefined ? 0 : undefined;
  }

  /** Leaves the default away once a model refused it; what an asker chose is never changed. */
  learn({ message }: ProviderError, work: Work): boolean {
    const usedDefault = this.#defaultTemperature && work.temperature === undefined && work.topP === undefined;
    if (!usedDefault || !refusesField(message) || !message.includes('temperature')) return false;
    this.#defaultTemperature = false;
    return true;
  }
}

/** Body for `/v1/messages`. @throws AttemptError BAD_MESSAGE for a prompt without messages. */
export function messagesBody(
  entry: AnthropicEntry,
  work: Work,
  dialect: AnthropicDialect,
  answer: AnswerTool | undefined,
): Json {
  if (work.messages === undefined) {
    throw unsendable('BAD_MESSAGE', 'prompt: this API takes conversations only; expected messages');
  }
  const system = work.messages.filter(({ role, content }) => role === 'system' && content !== '');
  return {
    model: entry.model,
    max_tokens: work.maxTokens,
    stream: true,
    system: system.length === 0 ? undefined : system.map(({ content }) => content).join('\n\n'),
    messages: turnsOf(work.messages),
    temperature: dialect.temperature(work),
    top_p: work.topP,
    top_k: work.topK,
    stop_sequences: work.stop !== undefined && work.stop.length > 0 ? work.stop : undefined,
    ...toolFields(work, answer),
  };
}

function toolFields({ tools = [], toolChoice }: Work, answer: AnswerTool | undefined): Json {
  if (answer === undefined) {
    return tools.length === 0 ? {} : { tools: tools.map(toolOf), tool_choice: choiceOf(toolChoice) };
  }
  // The answer is a tool like the others: the model calls one of them, or must take this one where there are none.
  const usable = toolChoice === 'none' ? [] : tools;
  const forced = usable.length === 0 ? { type: 'tool', name: answer.name } : { type: 'any' };
  const named = typeof toolChoice === 'object' && usable.length > 0 ? choiceOf(toolChoice) : forced;
  return { tools: [...usable, answer].map(toolOf), tool_choice: named };
}

function toolOf({ name, description, parameters }: ToolSpec): Json {
  return { name, description, input_schema: parameters };
}

function choiceOf(choice: Work['toolChoice']): Json {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  switch (choice) {
    case undefined:
    case 'auto':
      return { type: 'auto' };
    case 'none':
      return { type: 'none' };
    case 'required':
      return { type: 'any' };
    default:
      return unreachable(choice);
  }
}

/** The turns of a conversation: neighbours of one role become one. */
function turnsOf(messages: readonly ChatMessage[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const blocks = blocksOf(message);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role, content: [...blocks] });
  }
  return turns;
}

function blocksOf(message: Exclude<ChatMessage, { role: 'system' }>): readonly Block[] {
  const text = message.content === '' ? [] : [{ type: 'text', text: message.content }];
  switch (message.role) {
    case 'user':
      return text;
    case 'tool':
      return [{ type: 'tool_result', tool_use_id: idOf(message.toolCallId), content: message.content }];
    case 'assistant':
      return [...text, ...(message.toolCalls ?? []).map(callBlock)];
    default:
      return unreachable(message);
  }
}

function callBlock({ id, name, arguments: input }: ToolCall): Block {
  return { type: 'tool_use', id: idOf(id), name, input };
}

/** An id of any provider in the letters that this one takes; the same id gives the same. */
function idOf(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '_');
}
