/**
 * Server-sent events as the HTML standard interprets a stream of them (WHATWG HTML, section 9.2.6): UTF-8 with a byte
 * order mark passed over once, lines that end in CR, LF or CRLF wherever a chunk was cut, comments, and an event that
 * the end of the stream leaves open is dropped. `id` and `retry` serve reconnecting, which no answer of a model allows.
 *
 * One addition: builds of llama-server before late 2025 tell a failure in a field called `error`, which the standard
 * ignores; here it is an event of that type.
 *
 *     bytes -> text -> lines -> fields -> (empty line) -> event
 */

/** One event. `type` is empty where the stream names none. */
export interface SseEvent {
  readonly type: string;
  readonly data: string;
}

/** Bounds, in UTF-16 code units: what is larger is a fault or an attack, not a part of an answer. */
export interface SseLimits {
  readonly line: number;
  /** The lines of data of one event together. */
  readonly event: number;
}

/** A tool call of Ollama is one event with all of its arguments, so the bound is far above a token. */
export const defaultSseLimits: SseLimits = { line: 4 * 1024 * 1024, event: 8 * 1024 * 1024 };

/** A line or event above its bound. The stream cannot be read on. */
export class SseTooLarge extends Error {
  override readonly name = 'SseTooLarge';
  readonly part: 'line' | 'event';

  constructor(part: 'line' | 'event', limit: number) {
    super(`${part === 'line' ? 'a line' : 'an event'} of the stream has more than ${limit} characters`);
    this.part = part;
  }
}

/** Reads one stream. */
export class SseParser {
  readonly #limits: SseLimits;
  readonly #decoder = new TextDecoder();
  #line = '';
  /** The last chunk ended in CR: an LF at the head of the next belongs to it. */
  #afterReturn = false;
  #type = '';
  #data: string[] = [];
  #dataLength = 0;

  constructor(limits: SseLimits = defaultSseLimits) {
    this.#limits = limits;
  }

  /** The events that a chunk completes, made as they are asked for; read all of them before the next chunk. @throws SseTooLarge. */
  *push(chunk: Uint8Array): Generator<SseEvent, void, undefined> {
    const text = this.#decoder.decode(chunk, { stream: true });
    if (text === '') return;
    let at = this.#afterReturn && text.startsWith('\n') ? 1 : 0;
    this.#afterReturn = false;
    const ends = /[\r\n]/g;
    for (;;) {
      ends.lastIndex = at;
      const end = ends.exec(text)?.index;
      this.#append(text.slice(at, end));
      if (end === undefined) return;
      at = end + 1;
      if (text[end] === '\r') {
        if (at === text.length) this.#afterReturn = true;
        else if (text[at] === '\n') at += 1;
      }
      const event = this.#endLine();
      if (event !== undefined) yield event;
    }
  }

  #append(text: string): void {
    if (this.#line.length + text.length > this.#limits.line) throw new SseTooLarge('line', this.#limits.line);
    this.#line += text;
  }

  #endLine(): SseEvent | undefined {
    const line = this.#line;
    this.#line = '';
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    // A comment.
    if (colon === 0) return undefined;
    const field = colon === -1 ? line : line.slice(0, colon);
    const rest = colon === -1 ? '' : line.slice(colon + 1);
    this.#take(field, rest.startsWith(' ') ? rest.slice(1) : rest);
    return undefined;
  }

  #take(field: string, value: string): void {
    if (field === 'event') this.#type = value;
    if (field !== 'data' && field !== 'error') return;
    if (field === 'error') this.#type = 'error';
    this.#dataLength += value.length + 1;
    if (this.#dataLength > this.#limits.event) throw new SseTooLarge('event', this.#limits.event);
    this.#data.push(value);
  }

  #dispatch(): SseEvent | undefined {
    const event = this.#data.length === 0 ? undefined : { type: this.#type, data: this.#data.join('\n') };
    this.#type = '';
    this.#data = [];
    this.#dataLength = 0;
    return event;
  }
}
