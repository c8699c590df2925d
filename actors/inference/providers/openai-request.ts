/**
 * Requests in the form of OpenAI's API, which llama-server, vLLM and Ollama share. Where the servers differ, the form
 * that most of them take is sent first, and the other one once a server refuses it:
 *
 *     field             first                                        after a refusal that names it
 *     max_tokens        `max_completion_tokens` at api.openai.com    the other of the two
 *     temperature       0 where the asker does not say               left to the provider
 *     stream_options    include_usage                                left out; usage is estimated
 *
 * What an asker chose is never changed: a temperature that the model refuses is an error.
 */
import { unreachable } from '#protocols/wire/error';
import type { ChatMessage, ToolCall, ToolSpec } from '#protocols/wire/inference';
import type { Work } from '../backend.js';
import type { OpenAiEntry } from '../entry.js';
import { type ProviderError, refusesField } from './provider-error.js';

type Json = Readonly<Record<string, unknown>>;

/** The forms of the fields in which servers differ, as one server was found to take them. */
export class OpenAiDialect {
  #limitField: 'max_tokens' | 'max_completion_tokens';
  #other: 'max_tokens' | 'max_completion_tokens' | undefined;
  #defaultTemperature = true;
  #asksUsage = true;

  constructor(host: string) {
    const atOpenAi = host === 'api.openai.com';
    this.#limitField = atOpenAi ? 'max_completion_tokens' : 'max_tokens';
    this.#other = atOpenAi ? 'max_tokens' : 'max_completion_tokens';
  }

  /** The fields of a request that depend on the server. */
  fields(work: Work): Json {
    return {
      [this.#limitField]: work.maxTokens,
      temperature: work.temperature ?? (this.#defaultTemperature ? 0 : undefined),
      stream_options: this.#asksUsage ? { include_usage: true } : undefined,
    };
  }

  /** Changes the form that a refusal names, each at most once; false where there is no other. */
  learn({ message, param }: ProviderError, work: Work): boolean {
    // A field whose value is too large is known to the server.
    if (!refusesField(message)) return false;
    const names = (field: string): boolean => param === field || (param === '' && message.includes(field));
    if (this.#other !== undefined && names(this.#limitField)) {
      this.#limitField = this.#other;
      this.#other = undefined;
      return true;
    }
    if (this.#defaultTemperature && work.temperature === undefined && names('temperature')) {
      this.#defaultTemperature = false;
      return true;
    }
    if (this.#asksUsage && names('stream_options')) {
      this.#asksUsage = false;
      return true;
    }
    return false;
  }
}

/** Body for `/chat/completions`. */
export function chatBody(entry: OpenAiEntry, work: Work, dialect: OpenAiDialect): Json {
  const tools = work.tools ?? [];
  return {
    ...commonBody(entry, work, dialect),
    messages: (work.messages ?? []).map(messageOf),
    ...(tools.length === 0 ? {} : { tools: tools.map(toolOf), tool_choice: choiceOf(work.toolChoice) }),
  };
}

/** Body for `/completions`: the prompt as it is, without a template. */
export function completionBody(entry: OpenAiEntry, work: Work, dialect: OpenAiDialect): Json {
  const { max_completion_tokens: limit, ...rest } = commonBody(entry, work, dialect);
  // The older endpoint knows one name for the limit.
  return { ...rest, ...(limit === undefined ? {} : { max_tokens: limit }), prompt: work.prompt };
}

/** Body for `/embeddings`. */
export function embeddingBody(entry: OpenAiEntry, texts: readonly string[]): Json {
  return { model: entry.model, input: texts, encoding_format: 'float' };
}

/** What both kinds of completions have. `undefined` is left out of JSON. */
function commonBody(entry: OpenAiEntry, work: Work, dialect: OpenAiDialect): Json {
  return {
    model: entry.model,
    stream: true,
    ...dialect.fields(work),
    top_p: work.topP,
    // Known to llama-server and vLLM; OpenAI refuses them by name, Ollama passes over them.
    top_k: work.topK,
    min_p: work.minP,
    seed: work.seed,
    stop: work.stop !== undefined && work.stop.length > 0 ? work.stop : undefined,
    response_format: work.schema === undefined ? undefined : formatOf(work.schema),
  };
}

function messageOf(message: ChatMessage): Json {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content };
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
    case 'assistant':
      return assistantOf(message.content, message.toolCalls ?? []);
    default:
      return unreachable(message);
  }
}

function assistantOf(content: string, calls: readonly ToolCall[]): Json {
  if (calls.length === 0) return { role: 'assistant', content };
  const made = calls.map(({ id, name, arguments: given }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(given) },
  }));
  return { role: 'assistant', content: content === '' ? null : content, tool_calls: made };
}

function toolOf({ name, description, parameters }: ToolSpec): Json {
  return { type: 'function', function: { name, description, parameters } };
}

function choiceOf(choice: Work['toolChoice']): unknown {
  if (choice === undefined) return 'auto';
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

function formatOf(schema: Json): Json {
  return { type: 'json_schema', json_schema: { name: 'answer', schema, strict: isStrict(schema) } };
}

/**
 * Whether OpenAI takes a schema in its strict mode, which alone guarantees the form: each object names all of its
 * properties as required and allows no others. Other servers constrain the answer whatever this says.
 */
function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (typeof schema !== 'object' || schema === null) return true;
  const { properties, required, additionalProperties, ...rest } = schema as Json;
  const named = new Map<string, unknown>(typeof properties === 'object' ? Object.entries(properties ?? {}) : []);
  if (rest['type'] === 'object' || properties !== undefined) {
    const demanded = new Set<unknown>(Array.isArray(required) ? required : []);
    if (additionalProperties !== false || ![...named.keys()].every((name) => demanded.has(name))) return false;
  }
  return [...named.values(), ...Object.values(rest)].every(isStrict);
}
