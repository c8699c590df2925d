/**
 * Which slot takes a request. A slot is a sequence of the context: what it computed last is still in it, and a prompt
 * that begins like it needs only its rest computed. The rules are those of llama-server (`--slot-prompt-similarity` and
 * its prompt cache), with prefixes that were spilled looked at beside those in slots:
 *
 *     1. the idle slot with the longest common prefix, if that is at least `similarity` of the prompt and `leastTokens`
 *     2. a spilled prefix that has at least `leastTokens` more, restored into the slot of rule 3
 *     3. the idle slot that was used least recently; an empty one before all
 *
 * Rule 1 differs from llama-server's in one point: a slot that would lose `leastTokens` or more is not taken while another
 * is empty. Agents that share the beginning of their prompts would all go through the first slot otherwise, each at the
 * cost of the other's conversation, with the slots beside it unused.
 *
 * What a slot would lose is spilled first when it is `leastTokens` or more and at least the share `spillShare` of what is
 * in it. Pure bookkeeping over arrays of token ids; whoever computes does as the placement says: spill, then restore, then
 * cut the slot to `reuse` tokens, then compute the rest.
 */
import { PrefixStore, type StoredPrefix } from './prefix-store.js';

/** How slots are chosen. */
export interface SlotOptions {
  readonly slots: number;
  /** Bytes of prefixes kept outside the slots. Default 0: none. */
  readonly storeBytes?: number;
  /** Bytes that the state of one token takes. Needed with `storeBytes`. */
  readonly bytesPerToken?: number;
  /** Share of a prompt that must be in a slot for the slot to be preferred. Default 0.1, as llama-server's. */
  readonly similarity?: number;
  /** Tokens below which a prefix is worth nothing. Default 16. */
  readonly leastTokens?: number;
  /** Share of a slot that must be about to be lost for the slot to be spilled. Default 0.1. */
  readonly spillShare?: number;
}

/** What to do for a prompt. */
export interface Placement {
  readonly slot: number;
  /** Tokens of the prompt that need no computing; at least one always does, for what follows from it. */
  readonly reuse: number;
  /** Kept prefix to read into the slot before. */
  readonly restore: StoredPrefix | undefined;
  /** What to write away first, under its key. */
  readonly spill: StoredPrefix | undefined;
  /** Kept prefixes whose bytes can be deleted, once the restore is done. */
  readonly evicted: readonly StoredPrefix[];
}

interface Slot {
  readonly number: number;
  /** What is in it. */
  tokens: readonly number[];
  busy: boolean;
  /** Order of last use; 0 for never. */
  used: number;
}

/** Slots and what is in them. */
export class SlotTable {
  readonly #slots: readonly Slot[];
  readonly #store: PrefixStore;
  readonly #bytesPerToken: number;
  readonly #similarity: number;
  readonly #leastTokens: number;
  readonly #spillShare: number;
  #uses = 0;

  constructor(options: SlotOptions) {
    const { slots, storeBytes = 0, bytesPerToken = 0, similarity = 0.1, leastTokens = 16, spillShare = 0.1 } = options;
    this.#slots = Array.from({ length: slots }, (_, number) => ({ number, tokens: [], busy: false, used: 0 }));
    this.#store = new PrefixStore(storeBytes);
    this.#bytesPerToken = bytesPerToken;
    this.#similarity = similarity;
    this.#leastTokens = leastTokens;
    this.#spillShare = spillShare;
  }

  /** Slots that nobody is in. */
  get free(): number {
    return this.#slots.filter(({ busy }) => !busy).length;
  }

  get storedBytes(): number {
    return this.#store.bytes;
  }

  /** Takes a slot for a prompt; undefined when all are taken. */
  place(prompt: readonly number[]): Placement | undefined {
    const idle = this.#slots.filter(({ busy }) => !busy);
    const [oldest] = idle.toSorted((a, b) => a.used - b.used);
    if (oldest === undefined) return undefined;
    const similar = this.#mostSimilar(idle, prompt);
    const inSlot = similar === undefined ? 0 : commonPrefix(similar.tokens, prompt);
    const stored = this.#store.longest(prompt);
    if (stored !== undefined && stored.length >= inSlot + this.#leastTokens) {
      this.#store.used(stored.value.key);
      return this.#take(oldest, prompt, stored.length, stored.value);
    }
    const slot = similar === undefined || this.#spares(similar, inSlot, oldest) ? oldest : similar;
    return this.#take(slot, prompt, commonPrefix(slot.tokens, prompt), undefined);
  }

  /** A slot is free again; `tokens` is what is in it now, prompt and answer. */
  release(slot: number, tokens: readonly number[]): void {
    const entry = this.#slots[slot];
    if (entry === undefined) return;
    entry.busy = false;
    entry.tokens = tokens;
  }

  /** A spill or a restore failed: the bytes are not there. */
  lost(key: number): void {
    this.#store.drop(key);
  }

  /** Whether an empty slot is there in place of one that would lose something. */
  #spares(similar: Slot, stays: number, oldest: Slot): boolean {
    return oldest.tokens.length === 0 && similar.tokens.length - stays >= this.#leastTokens;
  }

  #mostSimilar(idle: readonly Slot[], prompt: readonly number[]): Slot | undefined {
    const least = Math.max(this.#leastTokens, this.#similarity * prompt.length);
    let best: Slot | undefined;
    let most = 0;
    for (const slot of idle) {
      const length = commonPrefix(slot.tokens, prompt);
      if (length < least || length < most) continue;
      // Of equals the one that is needed least.
      if (length === most && best !== undefined && best.used < slot.used) continue;
      best = slot;
      most = length;
    }
    return best;
  }

  #take(slot: Slot, prompt: readonly number[], common: number, restore: StoredPrefix | undefined): Placement {
    const stays = restore === undefined ? common : 0;
    const { spill, evicted } = this.#spill(slot, stays);
    slot.busy = true;
    slot.used = this.#uses += 1;
    slot.tokens = prompt;
    return { slot: slot.number, reuse: Math.min(common, Math.max(0, prompt.length - 1)), restore, spill, evicted };
  }

  /** Keeps what a slot is about to lose, where that is worth it. */
  #spill({ tokens }: Slot, stays: number): Pick<Placement, 'spill' | 'evicted'> {
    const lost = tokens.length - stays;
    const worth = lost >= this.#leastTokens && lost >= this.#spillShare * tokens.length;
    const outcome = worth ? this.#store.keep(tokens, tokens.length * this.#bytesPerToken) : undefined;
    return { spill: outcome?.kept, evicted: outcome?.evicted ?? [] };
  }
}

/** Tokens that two sequences begin with alike. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length += 1;
  return length;
}
