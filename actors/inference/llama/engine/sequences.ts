/**
 * The sequences of a context and who has them. A request waits in line for a free one, gets the one that suits its
 * prompt, and has it to itself until it is done: two evaluations on one sequence would mix their tokens without a word.
 *
 *     free --take--> [spill what would be lost] -> [restore a kept prefix] -> cut to the prompt --> busy
 *       ^                                                                                            |
 *       +------------------------------- give (its tokens stay for the next) ------------------------+
 */
import { type Placement, SlotTable } from '../../slots/slot-table.js';
import type { LlamaContextSequence, Token } from '../llama.js';
import type { Pulse } from './pulse.js';
import type { Standstill } from './standstill.js';
import type { StateFiles } from './states.js';

/** A sequence that holds the beginning of a prompt, and no more than that. */
export interface Taken {
  readonly slot: number;
  readonly sequence: LlamaContextSequence;
  /** Tokens of prompts that it had computed before anything was done for this one. */
  readonly computedBefore: number;
}

/** How prefixes are kept outside of sequences. */
export interface Keeping {
  readonly files: StateFiles;
  readonly mostBytes: number;
  readonly bytesPerToken: number;
}

/** Hands out sequences. */
export class Sequences {
  readonly #sequences: readonly LlamaContextSequence[];
  readonly #table: SlotTable;
  readonly #files: StateFiles;
  readonly #pulse: Pulse;
  readonly #standstill: Standstill;
  readonly #waiting: (() => void)[] = [];
  /** Requests that were called and have not taken their sequence yet. */
  #called = 0;

  constructor(
    sequences: readonly LlamaContextSequence[],
    keeping: Keeping,
    { pulse, standstill }: { readonly pulse: Pulse; readonly standstill: Standstill },
  ) {
    this.#sequences = sequences;
    this.#files = keeping.files;
    this.#table = new SlotTable({
      slots: sequences.length,
      storeBytes: keeping.mostBytes,
      bytesPerToken: keeping.bytesPerToken,
    });
    this.#pulse = pulse;
    this.#standstill = standstill;
  }

  get running(): number {
    return this.#sequences.length - this.#table.free;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get storedBytes(): number {
    return this.#table.storedBytes;
  }

  /** Tokens that went through the model since it was loaded, of prompts and of answers. */
  get computedTokens(): number {
    return this.#sequences.reduce(
      (sum, { tokenMeter }) => sum + tokenMeter.usedInputTokens + tokenMeter.usedOutputTokens,
      0,
    );
  }

  /** Waits for a sequence and makes it hold as much of the prompt as is known. @throws the reason of the signal. */
  async take(prompt: readonly Token[], signal: AbortSignal): Promise<Taken> {
    signal.throwIfAborted();
    if (this.#table.free <= this.#called) {
      await this.#turn(signal);
      this.#called -= 1;
    }
    const placement = this.#table.place(prompt);
    const sequence = placement === undefined ? undefined : this.#sequences[placement.slot];
    if (placement === undefined || sequence === undefined) throw new Error('it was its turn, and no sequence is free');
    const computedBefore = sequence.tokenMeter.usedInputTokens;
    try {
      await this.#pulse.beat(() => this.#standstill.hold(() => this.#fit(sequence, placement)));
      return { slot: placement.slot, sequence, computedBefore };
    } catch (error) {
      this.give(placement.slot);
      throw error;
    }
  }

  /** Gives a sequence back with what it holds. */
  give(slot: number): void {
    const sequence = this.#sequences[slot];
    this.#table.release(slot, sequence === undefined || sequence.disposed ? [] : sequence.contextTokens);
    this.#waiting.shift()?.();
  }

  /**
   * Makes a sequence hold what is known of a prompt. A model that cannot forget a part of what it holds (recurrent, or
   * with a sliding window) computes it again here, which the meter counts.
   */
  async #fit(sequence: LlamaContextSequence, { reuse, restore, spill, evicted }: Placement): Promise<void> {
    if (spill !== undefined && !(await this.#files.write(sequence, spill.key))) this.#table.lost(spill.key);
    const isThere = restore === undefined || (await this.#files.read(sequence, restore.key));
    if (restore !== undefined && !isThere) this.#table.lost(restore.key);
    for (const { key } of evicted) await this.#files.remove(key);
    const start = isThere ? reuse : 0;
    const end = sequence.nextTokenIndex;
    if (end > start) await sequence.eraseContextTokenRanges([{ start, end }]);
  }

  /** Waits in line. Who is called has a sequence for sure, which nobody who comes in between may take. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(call), 1);
        reject(signal.reason as Error);
      };
      const call = (): void => {
        signal.removeEventListener('abort', leave);
        this.#called += 1;
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(call);
    });
  }
}
