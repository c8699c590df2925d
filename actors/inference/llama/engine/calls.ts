/**
 * Reads tool calls out of text as it comes. A call ends at its closing tag, unless that tag is part of a text among its
 * arguments: then what stands before it is no JSON yet, and the next closing tag is looked at.
 */
import { SkepError } from '#protocols/wire/error';
import type { ToolCall, ToolSpec } from '#protocols/wire/inference';
import { conforms } from '../grammar/conforms.js';
import { callCloses, callOpens } from '../grammar/grammars.js';

/** Collects calls. */
export class CallReader {
  readonly #tools: ReadonlyMap<string, ToolSpec>;
  readonly #prefix: string;
  #text = '';
  #count = 0;

  /** @param answer what the ids of the calls begin with. */
  constructor(tools: readonly ToolSpec[], answer: string) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    this.#prefix = answer;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether a call was begun and not ended. */
  get isOpen(): boolean {
    return this.#text.trim() !== '';
  }

  /** The calls that a part completes. @throws SkepError BAD_ANSWER when arguments do not fit their tool. */
  push(part: string): readonly ToolCall[] {
    this.#text += part;
    const calls: ToolCall[] = [];
    for (let call = this.#next(); call !== undefined; call = this.#next()) calls.push(call);
    return calls;
  }

  #next(): ToolCall | undefined {
    const start = this.#text.trimStart();
    const from = start.startsWith(callOpens) ? callOpens.length : 0;
    for (let at = start.indexOf(callCloses, from); at !== -1; at = start.indexOf(callCloses, at + 1)) {
      const value = parsed(start.slice(from, at));
      if (value === undefined) continue;
      this.#text = start.slice(at + callCloses.length);
      return this.#callOf(value);
    }
    return undefined;
  }

  #callOf({ name, arguments: args }: { readonly name: string; readonly arguments: Record<string, unknown> }): ToolCall {
    const parameters = this.#tools.get(name)?.parameters;
    if (parameters === undefined || !conforms(args, parameters)) {
      throw new SkepError('BAD_ANSWER', `the arguments of a call of ${name} do not fit its schema`, { name });
    }
    this.#count += 1;
    return { id: `${this.#prefix}-${this.#count}`, name, arguments: args };
  }
}

function parsed(text: string): { readonly name: string; readonly arguments: Record<string, unknown> } | undefined {
  try {
    const value = JSON.parse(text) as { readonly name?: unknown; readonly arguments?: unknown } | null;
    const { name, arguments: args } = value ?? {};
    if (typeof name !== 'string' || typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
    return { name, arguments: args as Record<string, unknown> };
  } catch {
    return undefined;
  }
}
