/**
 * How much of prompts one step computes. A long prompt is computed in pieces beside the tokens of answers that are under
 * way (chunked prefill, as in Sarathi: Agrawal et al., "Taming Throughput-Latency Tradeoff in LLM Inference with
 * Sarathi-Serve", OSDI 2024), so that nobody's next token waits for a stranger's prompt. Here a piece is a turn of this
 * gate: all sequences together have at most `size` tokens of prompts in the batch, in the order in which they asked, so
 * several long prompts take turns. A piece that is under way is finished; a cancelled prompt ends behind it.
 */
import type { CustomBatchingPrioritizationStrategy } from '../llama.js';

interface Waiting {
  readonly wanted: number;
  readonly grant: (tokens: number) => void;
}

/** Gives out tokens of prompts. */
export class PrefillGate {
  #left: number;
  readonly #waiting: Waiting[] = [];

  constructor(size: number) {
    this.#left = size;
  }

  /** From 1 to `wanted` tokens, once it is this one's turn. Each has to be given back. */
  async take(wanted: number): Promise<number> {
    if (this.#waiting.length === 0 && this.#left > 0) return this.#grant(wanted);
    return new Promise((grant) => this.#waiting.push({ wanted, grant }));
  }

  give(tokens: number): void {
    this.#left += tokens;
    while (this.#left > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.grant(this.#grant(next.wanted));
    }
  }

  #grant(wanted: number): number {
    const tokens = Math.min(wanted, this.#left);
    this.#left -= tokens;
    return tokens;
  }
}

/** Fills a batch with the next tokens of answers first, and with pieces of prompts behind them. */
export const decodeFirst: CustomBatchingPrioritizationStrategy = ({ items, size }) => {
  const chosen: ReturnType<CustomBatchingPrioritizationStrategy> = [];
  let left = size;
  const byLength = [...items].sort((a, b) => Math.min(2, a.tokens.length) - Math.min(2, b.tokens.length));
  for (const item of byLength) {
    if (left === 0) break;
    const processAmount = Math.min(item.tokens.length, left);
    chosen.push({ item, processAmount });
    left -= processAmount;
  }
  return chosen;
};
