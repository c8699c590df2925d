/**
 * One answer between the model that writes it and whoever reads it. What the model wrote is cut into numbered parts when
 * it is read, not when it is written: a quick reader gets small parts soon, a slow one fewer and larger ones, and one that
 * comes back behind a loss gets the parts that it had under the same numbers.
 *
 *     written by the model             read by one reader at a time
 *
 *     ... dropped | kept parts ... | read to |   cut, not read   |  uncut: text, toolCall, end  | <- push
 *                 ^first                     ^cursor             ^next                            room() waits above a bound
 *
 * The first text is handed out at once; after that text is gathered for `coalesceMs` since the part before.
 */
import { SkepError, unreachable } from '#protocols/wire/error';
import type { AnswerPart } from '#protocols/wire/inference';
import type { Clock, Timer } from '#runtime/clock/clock';

/** What a model writes. */
export type Written = DistributiveOmit<AnswerPart, 'seq'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Bounds of an answer. */
export interface AnswerBounds {
  readonly coalesceMs: number;
  readonly aheadCharacters: number;
  readonly keptCharacters: number;
}

/** Characters above which text that waits is not gathered further. */
const LARGE_PART = 16_384;
/** What a part that is no text counts for beside what is in it. */
const PART_CHARACTERS = 64;

/** An answer that is written and read. */
export class Answer {
  readonly id: string;
  /** Whether parts are kept for a reader that comes back. */
  readonly keeps: boolean;
  readonly #clock: Clock;
  readonly #bounds: AnswerBounds;
  readonly #onLeft: (answer: Answer) => void;
  #parts: AnswerPart[] = [];
  /** Number of the first part that is kept, and of the next that is cut. */
  #first = 0;
  #next = 0;
  #keptCharacters = 0;
  #uncut: Written[] = [];
  #uncutCharacters = 0;
  #cutMs = Number.NEGATIVE_INFINITY;
  #ended = false;
  #failure: SkepError | undefined;
  #reader: AnswerReader | undefined;
  #onRoom: (() => void) | undefined;

  /** `onLeft` hears of a reader that went, unless another took its place. */
  constructor(id: string, keeps: boolean, clock: Clock, bounds: AnswerBounds, onLeft: (answer: Answer) => void) {
    this.id = id;
    this.keeps = keeps;
    this.#clock = clock;
    this.#bounds = bounds;
    this.#onLeft = onLeft;
  }

  /** Whether nothing more will be written. */
  get ended(): boolean {
    return this.#ended;
  }

  get read(): boolean {
    return this.#reader !== undefined;
  }

  /** Characters that it holds. */
  get characters(): number {
    return this.#keptCharacters + this.#uncutCharacters;
  }

  // ---- the model ---------------------------------------------------------------------------------------------

  push(written: Written): void {
    if (this.#ended) return;
    const last = this.#uncut.at(-1);
    if (written.type === 'text' && last?.type === 'text' && last.text.length < LARGE_PART) {
      this.#uncut[this.#uncut.length - 1] = { type: 'text', text: last.text + written.text };
      this.#uncutCharacters += written.text.length;
    } else {
      this.#uncut.push(written);
      this.#uncutCharacters += charactersOf(written);
    }
    if (written.type === 'end') this.#close();
    this.#reader?.wake();
  }

  /** The model can write no more: readers get what there is, and then the error. */
  fail(error: SkepError): void {
    if (this.#ended) return;
    this.#failure = error;
    this.#close();
    this.#reader?.wake();
  }

  /** Undefined while the model may go on; otherwise resolves once it may, or the answer has ended. */
  room(): Promise<void> | undefined {
    if (this.#ended || this.#uncutCharacters < this.#bounds.aheadCharacters) return undefined;
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  #close(): void {
    this.#ended = true;
    this.#roomMade();
  }

  #roomMade(): void {
    const go = this.#onRoom;
    this.#onRoom = undefined;
    go?.();
  }

  // ---- the reader --------------------------------------------------------------------------------------------

  /**
   * Takes the answer up from part `from` on; a reader that is there loses it.
   * @throws SkepError ANSWER_GONE when that part is not kept any more, BAD_MESSAGE when it is none yet.
   */
  open(from: number): AnswerReader {
    if (from > this.#next) {
      const text = `from is ${from}: answer ${this.id} has had ${this.#next} parts so far`;
      throw new SkepError('BAD_MESSAGE', text, { id: this.id, next: this.#next });
    }
    if (from < this.#first) {
      const text = `part ${from} of answer ${this.id} is not kept any more; the first that is kept is ${this.#first}`;
      throw new SkepError('ANSWER_GONE', text, { id: this.id, firstKept: this.#first });
    }
    const before = this.#reader;
    const reader = new AnswerReader(this, from, this.#clock);
    this.#reader = reader;
    before?.close(new SkepError('CALL_CANCELLED', `another reader has taken answer ${this.id} up`, { id: this.id }));
    return reader;
  }

  /** For its reader: the part of that number, milliseconds until one may be cut, or undefined to wait for the model. */
  part(seq: number): AnswerPart | number | undefined {
    if (seq < this.#next) return this.#parts[seq - this.#first];
    const [head, second] = this.#uncut;
    if (head === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      return undefined;
    }
    if (head.type === 'text' && second === undefined && !this.#ended && head.text.length < LARGE_PART) {
      const waitMs = this.#cutMs + this.#bounds.coalesceMs - this.#clock.now();
      if (waitMs > 0) return waitMs;
    }
    return this.#cut(head);
  }

  /** For its reader: parts before `cursor` have been handed out. */
  handedOut(cursor: number): void {
    const { keptCharacters } = this.#bounds;
    while (this.#first < cursor && (!this.keeps || this.#keptCharacters > keptCharacters)) {
      const oldest = this.#parts.shift();
      if (oldest === undefined) return;
      this.#first += 1;
      this.#keptCharacters -= charactersOf(oldest);
    }
  }

  /** For its reader: it went. */
  left(reader: AnswerReader): void {
    if (this.#reader !== reader) return;
    this.#reader = undefined;
    this.#onLeft(this);
  }

  #cut(head: Written): AnswerPart {
    this.#uncut.shift();
    const part: AnswerPart = { ...head, seq: this.#next };
    this.#next += 1;
    this.#parts.push(part);
    const characters = charactersOf(part);
    this.#keptCharacters += characters;
    this.#uncutCharacters -= characters;
    this.#cutMs = this.#clock.now();
    if (this.#uncutCharacters < this.#bounds.aheadCharacters) this.#roomMade();
    return part;
  }
}

/** Reads one answer; ends by its last part, by an error, or by {@link close}. */
export class AnswerReader {
  readonly #answer: Answer;
  readonly #clock: Clock;
  #cursor: number;
  #closed: SkepError | undefined;
  #wake: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(answer: Answer, from: number, clock: Clock) {
    this.#answer = answer;
    this.#cursor = from;
    this.#clock = clock;
  }

  /** The next part. @throws SkepError why there is none. */
  async next(): Promise<AnswerPart> {
    for (;;) {
      if (this.#closed !== undefined) throw this.#closed;
      const part = this.#answer.part(this.#cursor);
      if (typeof part === 'object') {
        this.#cursor += 1;
        this.#answer.handedOut(this.#cursor);
        return part;
      }
      await this.#woken(part);
    }
  }

  wake(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const go = this.#wake;
    this.#wake = undefined;
    go?.();
  }

  /** Reads no more; a `next` that waits fails with `why`. */
  close(why: SkepError = new SkepError('CALL_CANCELLED', `nobody reads answer ${this.#answer.id} any more`)): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    this.wake();
    this.#answer.left(this);
  }

  /** Waits for the model, and no longer than `limitMs`. */
  #woken(limitMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (limitMs !== undefined) this.#timer = this.#clock.after(limitMs, () => this.wake());
    });
  }
}

function charactersOf(written: Written): number {
  switch (written.type) {
    case 'text':
      return PART_CHARACTERS + written.text.length;
    case 'toolCall':
      return PART_CHARACTERS + JSON.stringify(written.call).length;
    case 'end':
      return PART_CHARACTERS;
    default:
      return unreachable(written);
  }
}
