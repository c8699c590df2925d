/**
 * Gathers what answers say before it crosses to the parent. A message costs the same whether it carries one token or
 * fifty, so all answers share one message each few milliseconds; the first text of an answer and its end go at once, as
 * that is what somebody waits for. Measured on tiny models, where it matters most, this brings a child process from
 * about 0.75 to 0.9 of the speed without one.
 */
import type { Item } from '../protocol.js';

/** Milliseconds that text may be gathered for. */
const gatherMs = 5;

type Text = Extract<Item, { type: 'text' }>;

/** What is on its way out. */
export class Outbox {
  readonly #send: (items: readonly Item[]) => void;
  readonly #started = new Set<number>();
  /** Where in `#items` the last text of an answer is, so that more of it joins it. */
  readonly #texts = new Map<number, number>();
  #items: Item[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (items: readonly Item[]) => void) {
    this.#send = send;
  }

  /** Text of an answer, and the tokens that were drawn for it. */
  text(id: number, text: string, tokens: number): void {
    const at = this.#texts.get(id);
    const before = at === undefined ? undefined : (this.#items[at] as Text);
    if (at === undefined || before === undefined)
      this.#texts.set(id, this.#items.push({ type: 'text', id, text, tokens }) - 1);
    else this.#items[at] = { type: 'text', id, text: before.text + text, tokens: before.tokens + tokens };
    if (this.#started.has(id)) {
      this.#timer ??= setTimeout(() => this.flush(), gatherMs);
      return;
    }
    this.#started.add(id);
    this.flush();
  }

  /** Anything else: what was gathered goes with it. */
  now(item: Item): void {
    if (item.type !== 'toolCall') this.#started.delete(item.id);
    this.#items.push(item);
    this.flush();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#texts.clear();
    this.#send(items);
  }
}
