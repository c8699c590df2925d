/**
 * How long the answers of each agent are: what a request will probably cost, before it is served. An agent that allows
 * 1,000 tokens and gets 50 is charged about 50, or it would wait for the shares of 950 tokens that nobody computes. A
 * moving average per agent; whoever is new gets that of all.
 */

/** Weight of the newest answer. */
const NEWEST = 1 / 8;
/** Agents whose average is kept; the one that was not heard of for longest is forgotten first. */
const AGENTS = 4_096;

/** Moving averages of the lengths of answers. */
export class AnswerLength {
  /** In the order in which they were last heard of. */
  readonly #byAgent = new Map<string, number>();
  #all: number | undefined;

  /** Tokens that an answer will probably have which may have `maxTokens`. */
  expected(agent: string, maxTokens: number): number {
    const mean = this.#byAgent.get(agent) ?? this.#all ?? maxTokens;
    return Math.min(maxTokens, Math.ceil(mean));
  }

  /** An answer of that agent had so many tokens. */
  ended(agent: string, tokens: number): void {
    const before = this.#byAgent.get(agent) ?? this.#all ?? tokens;
    this.#byAgent.delete(agent);
    this.#byAgent.set(agent, before + (tokens - before) * NEWEST);
    this.#all = this.#all === undefined ? tokens : this.#all + (tokens - this.#all) * NEWEST;
    if (this.#byAgent.size <= AGENTS) return;
    const [oldest] = this.#byAgent.keys();
    if (oldest !== undefined) this.#byAgent.delete(oldest);
  }
}
