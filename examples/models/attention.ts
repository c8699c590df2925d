/**
 * Causal attention with grouped keys and values (Ainslie et al. 2023) and rotary positions (Su et al. 2021), forward and
 * backward, for one sequence.
 *
 * Positions turn the elements 2i and 2i + 1 of each head as a pair. So does llama.cpp for the architecture llama
 * (LLAMA_ROPE_TYPE_NORM); models that were trained with the other layout, in halves of a head, have the rows of their
 * queries and keys permuted when they are converted. This network is trained in the layout of the file.
 */
import type { LlamaShape } from '#actors/inference/gguf/llama-draft';
import { cosine, exp, sine } from './exact-math.js';
import type { Floats } from './linear.js';

/** Natural logarithm of the base of the angles, 10^4 (`ropeBase`). */
const lnBase = 4 * Math.LN10;

/** Queries, keys and values of a sequence, a row for each position, and the same of their gradients. */
export interface Projections {
  readonly q: Floats;
  readonly k: Floats;
  readonly v: Floats;
}

/** Attention of one form, for sequences up to a length. */
export class Attention {
  readonly #heads: number;
  /** Heads of queries that share one of keys and values. */
  readonly #group: number;
  readonly #width: number;
  readonly #widthKv: number;
  readonly #head: number;
  readonly #scale: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  constructor({ embedding, heads, headsKv }: LlamaShape, longest: number) {
    this.#heads = heads;
    this.#group = heads / headsKv;
    this.#width = embedding;
    this.#head = embedding / heads;
    this.#widthKv = this.#head * headsKv;
    this.#scale = 1 / Math.sqrt(this.#head);
    const pairs = this.#head / 2;
    this.#cos = new Float64Array(longest * pairs);
    this.#sin = new Float64Array(longest * pairs);
    for (let pair = 0; pair < pairs; pair += 1) {
      const frequency = exp((-2 * pair * lnBase) / this.#head);
      for (let t = 0; t < longest; t += 1) {
        this.#cos[t * pairs + pair] = cosine(t * frequency);
        this.#sin[t * pairs + pair] = sine(t * frequency);
      }
    }
  }

  /** Turns rows of queries or keys by their position; `direction` -1 turns back, which is the way of gradients. */
  rotate(x: Floats, width: number, rows: number, direction: 1 | -1): void {
    const pairs = this.#head / 2;
    for (let t = 0; t < rows; t += 1) {
      for (let at = t * width, pair = 0; at < (t + 1) * width; at += 2, pair = (pair + 1) % pairs) {
        const cos = this.#cos[t * pairs + pair] as number;
        const sin = direction * (this.#sin[t * pairs + pair] as number);
        const even = x[at] as number;
        const odd = x[at + 1] as number;
        x[at] = even * cos - odd * sin;
        x[at + 1] = even * sin + odd * cos;
      }
    }
  }

  /** Mixes values by softmax(q k / sqrt(head)). `weights` keeps the softmax: heads x rows x rows. */
  forward(out: Floats, weights: Floats, { q, k, v }: Projections, rows: number): void {
    out.fill(0, 0, rows * this.#width);
    for (let h = 0; h < this.#heads; h += 1) {
      const kv = Math.floor(h / this.#group) * this.#head;
      for (let t = 0; t < rows; t += 1) {
        const query = t * this.#width + h * this.#head;
        const row = (h * rows + t) * rows;
        this.#softmax(weights, row, q, query, k, kv, t);
        for (let s = 0; s <= t; s += 1) {
          const weight = weights[row + s] as number;
          const value = s * this.#widthKv + kv;
          for (let i = 0; i < this.#head; i += 1)
            out[query + i] = (out[query + i] as number) + weight * (v[value + i] as number);
        }
      }
    }
  }

  /** Adds to the gradients of the projections what changes of `out` by `dout` come from. */
  backward(into: Projections, dout: Floats, weights: Floats, from: Projections, rows: number): void {
    const pulls = new Float64Array(rows);
    for (let h = 0; h < this.#heads; h += 1) {
      const kv = Math.floor(h / this.#group) * this.#head;
      for (let t = 0; t < rows; t += 1) {
        const query = t * this.#width + h * this.#head;
        const row = (h * rows + t) * rows;
        let mean = 0;
        for (let s = 0; s <= t; s += 1) {
          const value = s * this.#widthKv + kv;
          const weight = weights[row + s] as number;
          let pull = 0;
          for (let i = 0; i < this.#head; i += 1) {
            const change = dout[query + i] as number;
            pull += change * (from.v[value + i] as number);
            into.v[value + i] = (into.v[value + i] as number) + weight * change;
          }
          pulls[s] = pull;
          mean += weight * pull;
        }
        for (let s = 0; s <= t; s += 1) {
          const key = s * this.#widthKv + kv;
          const change = (weights[row + s] as number) * ((pulls[s] as number) - mean) * this.#scale;
          for (let i = 0; i < this.#head; i += 1) {
            into.q[query + i] = (into.q[query + i] as number) + change * (from.k[key + i] as number);
            into.k[key + i] = (into.k[key + i] as number) + change * (from.q[query + i] as number);
          }
        }
      }
    }
  }

  /** The softmax of one query over the keys up to its own position. */
  #softmax(weights: Floats, row: number, q: Floats, query: number, k: Floats, kv: number, t: number): void {
    let largest = -Infinity;
    for (let s = 0; s <= t; s += 1) {
      const key = s * this.#widthKv + kv;
      let score = 0;
      for (let i = 0; i < this.#head; i += 1) score += (q[query + i] as number) * (k[key + i] as number);
      score *= this.#scale;
      weights[row + s] = score;
      if (score > largest) largest = score;
    }
    let sum = 0;
    for (let s = 0; s <= t; s += 1) {
      const weight = exp((weights[row + s] as number) - largest);
      weights[row + s] = weight;
      sum += weight;
    }
    for (let s = 0; s <= t; s += 1) weights[row + s] = (weights[row + s] as number) / sum;
  }
}
