/**
 * The reader's pace. Each token that is drawn takes one credit; without any its sequence rests, while others go on. What
 * is computed and not read is bounded so, whatever the reader does.
 */

/** Credits of one answer. */
export class Credit {
  #left: number;
  #resume: (() => void) | undefined;

  constructor(tokens: number) {
    this.#left = tokens;
  }

  give(tokens: number): void {
    this.#left += tokens;
    this.#wake();
  }

  /** Takes one, after waiting for it; gives undefined at once when there is one, so that the hot path has no promise. */
  take(): Promise<void> | undefined {
    this.#left -= 1;
    if (this.#left >= 0) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Ends the wait, for an answer that was cancelled. */
  release(): void {
    this.#left = Number.MAX_SAFE_INTEGER;
    this.#wake();
  }

  /** Whether the answer waits for its reader. */
  get isPaused(): boolean {
    return this.#resume !== undefined;
  }

  #wake(): void {
    if (this.#left < 0) return;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
