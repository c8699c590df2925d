/**
 * The parts of one answer between the process that makes them and their reader. What the reader has taken is given back
 * as credit, a quarter of the window at a time; text that came while nobody read is one part when somebody does.
 */
import type { WorkEvent } from '../backend.js';
import { window } from './protocol.js';

type Text = Extract<WorkEvent, { readonly type: 'text' }>;

/** A queue with one reader. */
export class Parts implements AsyncIterableIterator<WorkEvent> {
  readonly #giveCredit: (tokens: number) => void;
  readonly #onDone: (isComplete: boolean) => void;
  readonly #queue: WorkEvent[] = [];
  #error: Error | undefined;
  #isComplete = false;
  #isDone = false;
  #owed = 0;
  /** Tokens without text of their own (half a character, part of a call), told with the next text. */
  #textless = 0;
  #wake: (() => void) | undefined;

  /** @param onDone called once: with false when the reader left or the answer failed before its end. */
  constructor(giveCredit: (tokens: number) => void, onDone: (isComplete: boolean) => void) {
    this.#giveCredit = giveCredit;
    this.#onDone = onDone;
  }

  push(event: WorkEvent): void {
    if (this.#isDone || this.#isComplete) return;
    const last = this.#queue.at(-1);
    if (event.type === 'text' && last?.type === 'text') this.#queue[this.#queue.length - 1] = joined(last, event);
    else this.#queue.push(event);
    if (event.type === 'end') {
      this.#isComplete = true;
      this.#done(true);
    }
    this.#rouse();
  }

  /** Ends it with an error, at once: what was not read is not read any more. */
  fail(error: Error): void {
    if (this.#isDone || this.#isComplete) return;
    this.#error = error;
    this.#queue.length = 0;
    this.#done(false);
    this.#rouse();
  }

  async next(): Promise<IteratorResult<WorkEvent, undefined>> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const event = this.#take();
      if (event !== undefined) return { done: false, value: event };
      if (this.#isDone) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<WorkEvent, undefined>> {
    this.#queue.length = 0;
    this.#done(false);
    this.#rouse();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): WorkEvent | undefined {
    const event = this.#queue.shift();
    if (event?.type !== 'text') return event;
    this.#pay(event.tokens);
    const tokens = this.#textless + event.tokens;
    this.#textless = event.text === '' ? tokens : 0;
    return event.text === '' ? this.#take() : { ...event, tokens };
  }

  #pay(tokens: number): void {
    this.#owed += tokens;
    if (this.#owed < window / 4 || this.#isComplete) return;
    this.#giveCredit(this.#owed);
    this.#owed = 0;
  }

  #done(isComplete: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#onDone(isComplete);
  }

  #rouse(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function joined(a: Text, b: Text): Text {
  return { type: 'text', text: a.text + b.text, tokens: a.tokens + b.tokens };
}
