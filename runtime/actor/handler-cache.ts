/**
 * Handlers by name, remembered. A definition has its handlers as own properties of an object whose keys are not known in
 * advance, which is the dearest way to look something up; but most messages have the name of the one before, and actors
 * that talk are mostly of one definition or of two.
 */
import type { AnyDefinition } from './definition.js';

/** What was found. */
interface Found<Handler> {
  readonly definition: AnyDefinition;
  readonly name: string;
  readonly handler: Handler | undefined;
}

/** Remembers the last two handlers that were looked up. */
export class HandlerCache<Handler> {
  #latest: Found<Handler> | undefined;
  #other: Found<Handler> | undefined;
  readonly #of: (definition: AnyDefinition) => Readonly<Record<string, Handler>>;

  /** `of` gives the handlers of a definition. */
  constructor(of: (definition: AnyDefinition) => Readonly<Record<string, Handler>>) {
    this.#of = of;
  }

  /** The handler of that name; undefined when the definition has none. */
  get(definition: AnyDefinition, name: string): Handler | undefined {
    const latest = this.#latest;
    if (latest !== undefined && latest.definition === definition && latest.name === name) return latest.handler;
    const other = this.#other;
    this.#other = latest;
    if (other !== undefined && other.definition === definition && other.name === name) {
      this.#latest = other;
      return other.handler;
    }
    const handlers = this.#of(definition);
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    // A name that only comes from elsewhere may be any text, and is not worth remembering.
    if (handler !== undefined) this.#latest = { definition, name, handler };
    return handler;
  }
}

/** Of the actors on this thread. */
export const castHandlers = new HandlerCache((definition) => definition.casts);
export const callHandlers = new HandlerCache((definition) => definition.calls);
