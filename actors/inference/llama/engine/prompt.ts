/**
 * Prompts as tokens. Messages go through the chat template of the model; what people wrote is never read as a control
 * token. Tools are described in the system message and their calls and results are written in the manner of the Hermes
 * models, whatever the template has of its own: so one way of calling works with each model, and constrains each alike.
 */
import type { ChatMessage, ToolSpec } from '#protocols/wire/inference';
import { SkepError } from '#protocols/wire/error';
import type { CountedPrompt } from '../protocol.js';
import { callCloses, callOpens } from '../grammar/grammars.js';
import type { ChatHistoryItem, ChatWrapper, LlamaModel, Token } from '../llama.js';

/** No token stands for more characters than this; a longer text is refused without tokenising it. */
const longestToken = 256;

/** A prompt, and what of the template ends its answer. */
export interface Prompt {
  readonly tokens: readonly Token[];
  readonly stopTokens: ReadonlySet<Token>;
  readonly stopTexts: readonly string[];
}

/** Makes prompts for one model. */
export class PromptMaker {
  readonly #model: LlamaModel;
  readonly #wrapper: ChatWrapper;
  readonly #contextTokens: number;

  constructor(model: LlamaModel, wrapper: ChatWrapper, contextTokens: number) {
    this.#model = model;
    this.#wrapper = wrapper;
    this.#contextTokens = contextTokens;
  }

  /** @throws SkepError CONTEXT_OVERFLOW when it cannot fit, BAD_MESSAGE when it has no tokens. */
  make({ messages, prompt, tools = [] }: CountedPrompt): Prompt {
    const made = messages === undefined ? this.#plain(prompt ?? '') : this.#chat(messages, tools);
    if (made.tokens.length === 0) throw new SkepError('BAD_MESSAGE', 'the prompt has no tokens; expected some text');
    return made;
  }

  #plain(text: string): Prompt {
    this.#checkLength(text.length);
    const { shouldPrependBosToken, bos } = this.#model.tokens;
    const start = shouldPrependBosToken && bos !== null ? [bos] : [];
    return { tokens: [...start, ...this.#model.tokenize(text)], stopTokens: new Set(), stopTexts: [] };
  }

  #chat(messages: readonly ChatMessage[], tools: readonly ToolSpec[]): Prompt {
    this.#checkLength(messages.reduce((length, { content }) => length + content.length, 0));
    const state = this.#wrapper.generateContextState({ chatHistory: historyOf(messages, tools) });
    const stopTokens = new Set<Token>();
    const stopTexts: string[] = [];
    for (const trigger of state.stopGenerationTriggers) {
      const tokens = trigger.tokenize(this.#model.tokenizer);
      const [only] = tokens;
      if (tokens.length === 1 && only !== undefined) stopTokens.add(only);
      else if (trigger.values.every((value) => typeof value === 'string')) stopTexts.push(trigger.toString());
    }
    return { tokens: state.contextText.tokenize(this.#model.tokenizer), stopTokens, stopTexts };
  }

  #checkLength(characters: number): void {
    if (characters <= this.#contextTokens * longestToken) return;
    throw new SkepError(
      'CONTEXT_OVERFLOW',
      `a prompt of ${characters} characters does not fit a context of ${this.#contextTokens} tokens; shorten it`,
      { characters, contextTokens: this.#contextTokens },
    );
  }
}

/** Messages as the library has them; the last is the answer to come. A last message of the assistant is gone on with. */
function historyOf(messages: readonly ChatMessage[], tools: readonly ToolSpec[]): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = [];
  let results: string[] = [];
  const flushResults = (): void => {
    if (results.length > 0) history.push({ type: 'user', text: results.join('\n') });
    results = [];
  };
  for (const message of messages) {
    if (message.role === 'tool') {
      results.push(`<tool_response>\n${message.content}\n</tool_response>`);
      continue;
    }
    flushResults();
    history.push(itemOf(message));
  }
  flushResults();
  if (tools.length > 0) addTools(history, tools);
  if (history.at(-1)?.type !== 'model') history.push({ type: 'model', response: [] });
  return history;
}

function itemOf(message: Exclude<ChatMessage, { role: 'tool' }>): ChatHistoryItem {
  if (message.role !== 'assistant') return { type: message.role, text: message.content };
  const calls = (message.toolCalls ?? []).map(
    ({ name, arguments: args }) => `${callOpens}\n${JSON.stringify({ name, arguments: args })}\n${callCloses}`,
  );
  const parts = message.content === '' ? calls : [message.content, ...calls];
  return { type: 'model', response: [parts.join('\n')] };
}

function addTools(history: ChatHistoryItem[], tools: readonly ToolSpec[]): void {
  const told = describeTools(tools);
  const [first] = history;
  if (first?.type === 'system' && typeof first.text === 'string') {
    history[0] = { type: 'system', text: `${first.text}\n\n${told}` };
  } else history.unshift({ type: 'system', text: told });
}

function describeTools(tools: readonly ToolSpec[]): string {
  const functions = tools.map(({ name, description, parameters }) =>
    JSON.stringify({ type: 'function', function: { name, description, parameters } }),
  );
  return [
    '# Tools',
    'You may call one or more functions. Their signatures are within <tools></tools>:',
    `<tools>\n${functions.join('\n')}\n</tools>`,
    `To call one, answer with its name and arguments as JSON within ${callOpens}${callCloses}:`,
    `${callOpens}\n{"name": <name of the function>, "arguments": <its arguments>}\n${callCloses}`,
  ].join('\n');
}
