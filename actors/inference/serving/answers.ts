/**
 * The answers of a model by id: those that are written, and those with an id of their asker's that have ended and are kept
 * for a reader that comes back. What is kept is bounded in time, number and size; the one that ended first goes first.
 */
import { SkepError } from '#protocols/wire/error';
import type { Clock, Timer } from '#runtime/clock/clock';
import { Answer } from './answer.js';
import type { ServingSettings } from './settings.js';

/** Answers by id. */
export class Answers {
  readonly #clock: Clock;
  readonly #settings: ServingSettings;
  readonly #onLeft: (answer: Answer) => void;
  readonly #all = new Map<string, Answer>();
  /** Those that ended, the first to end first. */
  readonly #kept = new Map<string, { readonly answer: Answer; readonly timer: Timer; readonly characters: number }>();
  #keptCharacters = 0;
  #made = 0;

  /** `onLeft` hears of an answer whose reader went. */
  constructor(clock: Clock, settings: ServingSettings, onLeft: (answer: Answer) => void) {
    this.#clock = clock;
    this.#settings = settings;
    this.#onLeft = onLeft;
  }

  /** Answers that are written or kept. */
  get size(): number {
    return this.#all.size;
  }

  /** Answers that are kept. */
  get kept(): number {
    return this.#kept.size;
  }

  get(id: string): Answer | undefined {
    return this.#all.get(id);
  }

  /** Opens an answer; one whose asker gave it no id is not kept for anybody. @throws SkepError BAD_MESSAGE. */
  open(wanted: string | undefined): Answer {
    const id = wanted ?? this.#freeId();
    if (this.#all.has(id)) {
      const text = `id ${JSON.stringify(id)} names an answer that is there: take it up with "resume", or choose another id`;
      throw new SkepError('BAD_MESSAGE', text, { id });
    }
    const answer = new Answer(id, wanted !== undefined, this.#clock, this.#settings, this.#onLeft);
    this.#all.set(id, answer);
    return answer;
  }

  /** Nobody will ask for it again. */
  forget(answer: Answer): void {
    const { id } = answer;
    if (this.#all.get(id) !== answer) return;
    this.#all.delete(id);
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    kept.timer.cancel();
    this.#kept.delete(id);
    this.#keptCharacters -= kept.characters;
  }

  /** An answer has ended: it is kept for a while if it has an id, and until it is read if it has none. */
  ended(answer: Answer): void {
    if (this.#all.get(answer.id) !== answer) return;
    if (!answer.keeps) {
      this.#all.delete(answer.id);
      return;
    }
    const { keptMs, keptAnswers, keptCharacters } = this.#settings;
    const { characters } = answer;
    const timer = this.#clock.after(keptMs, () => this.forget(answer));
    this.#kept.set(answer.id, { answer, timer, characters });
    this.#keptCharacters += characters;
    for (const { answer: oldest } of [...this.#kept.values()]) {
      if (this.#kept.size <= keptAnswers && this.#keptCharacters <= keptCharacters) return;
      this.forget(oldest);
    }
  }

  /** Forgets all. */
  close(): void {
    for (const answer of [...this.#all.values()]) this.forget(answer);
  }

  #freeId(): string {
    do this.#made += 1;
    while (this.#all.has(`answer-${this.#made}`));
    return `answer-${this.#made}`;
  }
}
