/**
 * Calls that were cancelled while they waited in a mailbox, remembered until their turn. Keys of calls that no longer
 * wait are swept before they outgrow the mail, so that no caller can fill the memory with cancellations.
 */
import { callKey } from './call-key.js';
import type { Letter } from './letter.js';

export class CancelledCalls {
  readonly #keys = new Set<string>();

  mark(key: string, mail: Iterable<Letter>, mailSize: number): void {
    this.#keys.add(key);
    if (this.#keys.size <= mailSize) return;
    const waiting = new Set<string>();
    for (const letter of mail)
      if ('deadlineMs' in letter) waiting.add(callKey(letter.envelope.from, letter.envelope.id));
    for (const known of this.#keys) if (!waiting.has(known)) this.#keys.delete(known);
  }

  /** Whether this call was cancelled; asked once, at its turn. */
  takes(key: string): boolean {
    return this.#keys.delete(key);
  }
}
