/**
 * A network of the architecture llama (Touvron et al. 2023) that learns: one sequence forward, and the gradients of its
 * loss backward, written out by hand. Each block adds to the stream x what its two halves make of it:
 *
 *     x -> norm -> q, k, v -> rotate -> attention -> output -> + x -> norm -> silu(gate) * up -> down -> + x
 *
 * The gradients are held against differences of the loss by a test, in F64; training runs in F32.
 */
import type { LlamaShape } from '#actors/inference/gguf/llama-draft';
import { Attention } from './attention.js';
import { exp } from './exact-math.js';
import { type Floats, linear, linearInputs, linearWeights } from './linear.js';
import { norm, normBackward } from './norm.js';
import { type BlockViews, type Views, viewsOf } from './parameters.js';

/** A sequence to learn from. */
export interface Lesson {
  readonly tokens: readonly number[];
  /** Whether each token is to be predicted from those before it; the first never is. */
  readonly counted: readonly boolean[];
}

/** What is kept of a block between the way forward and the way back. */
interface Trace {
  readonly input: Floats;
  readonly normed: Floats;
  readonly scales: Floats;
  readonly q: Floats;
  readonly k: Floats;
  readonly v: Floats;
  readonly weights: Floats;
  readonly mixed: Floats;
  readonly middle: Floats;
  readonly middleNormed: Floats;
  readonly middleScales: Floats;
  readonly gate: Floats;
  readonly up: Floats;
  readonly active: Floats;
}

/** How well a lesson is known. */
export interface Review {
  /** Counted tokens that are not the likeliest. */
  readonly wrong: number;
  /** The least distance between the logit of a counted token and the best of the others; negative when one is wrong. */
  readonly margin: number;
}

/** See the file's head. */
export class Network {
  readonly #shape: LlamaShape;
  readonly #longest: number;
  readonly #make: (length: number) => Floats;
  readonly #weights: Views<Floats>;
  readonly #gradients: Views<Floats>;
  readonly #attention: Attention;
  readonly #traces: readonly Trace[];
  readonly #x: Floats;
  readonly #last: Floats;
  readonly #lastScales: Floats;
  readonly #dx: Floats;

  /** @param values parameters; `gradients`, of the same kind and length, is added to; `longest`: tokens of a lesson */
  constructor(shape: LlamaShape, values: Floats, gradients: Floats, longest: number) {
    this.#shape = shape;
    this.#longest = longest;
    this.#make = (length) => (values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length));
    this.#weights = viewsOf(shape, values);
    this.#gradients = viewsOf(shape, gradients);
    this.#attention = new Attention(shape, longest);
    this.#traces = Array.from({ length: shape.blocks }, () => this.#trace());
    this.#x = this.#rows(shape.embedding);
    this.#last = this.#rows(shape.embedding);
    this.#lastScales = this.#rows(1);
    this.#dx = this.#rows(shape.embedding);
  }

  /** Adds the gradients of a lesson's loss, and gives the loss: the sum over the counted tokens, in nats. */
  learn(lesson: Lesson): number {
    const rows = this.#forward(lesson.tokens);
    const { places, targets } = placesOf(lesson);
    const logits = this.#logits(places);
    const loss = lossOf(logits, targets, this.#shape.vocabulary);
    this.#backward(lesson.tokens, rows, places, logits);
    return loss;
  }

  /** The loss alone. */
  loss(lesson: Lesson): number {
    this.#forward(lesson.tokens);
    const { places, targets } = placesOf(lesson);
    return lossOf(this.#logits(places), targets, this.#shape.vocabulary);
  }

  /** Whether each counted token is the likeliest after those before it. */
  review(lesson: Lesson): Review {
    this.#forward(lesson.tokens);
    const { places, targets } = placesOf(lesson);
    const logits = this.#logits(places);
    let wrong = 0;
    let margin = Infinity;
    targets.forEach((target, index) => {
      const row = logits.subarray(index * this.#shape.vocabulary, (index + 1) * this.#shape.vocabulary);
      let best = -Infinity;
      for (let id = 0; id < row.length; id += 1) if (id !== target) best = Math.max(best, row[id] as number);
      const distance = (row[target] as number) - best;
      if (distance <= 0) wrong += 1;
      margin = Math.min(margin, distance);
    });
    return { wrong, margin };
  }

  /** Logits of the token behind the last one. */
  next(tokens: readonly number[]): Floats {
    // A forward pass leaves out the last token of a lesson, which nothing follows.
    const rows = this.#forward([...tokens, 0]);
    return this.#logits([rows - 1]);
  }

  /** Runs all but the last token, and gives how many those are. */
  #forward(tokens: readonly number[]): number {
    const rows = tokens.length - 1;
    if (rows < 1 || rows > this.#longest) throw new RangeError(`${rows} tokens; expected 1 to ${this.#longest}`);
    const { embedding: width } = this.#shape;
    for (let t = 0; t < rows; t += 1) {
      const from = (tokens[t] ?? 0) * width;
      this.#x.set(this.#weights.embedding.subarray(from, from + width), t * width);
    }
    this.#weights.blocks.forEach((weights, block) => {
      const trace = this.#traces[block];
      if (trace !== undefined) this.#blockForward(weights, trace, rows);
    });
    norm(this.#last, this.#lastScales, this.#x, this.#weights.outputNorm, rows);
    return rows;
  }

  #blockForward(weights: BlockViews<Floats>, trace: Trace, rows: number): void {
    const { embedding: width, feedForward: hidden } = this.#shape;
    const keys = trace.k.length / this.#longest;
    const x = this.#x;
    trace.input.set(x.subarray(0, rows * width));
    norm(trace.normed, trace.scales, x, weights.attentionNorm, rows);
    linear(trace.q, trace.normed, weights.q, rows, width, width);
    linear(trace.k, trace.normed, weights.k, rows, width, keys);
    linear(trace.v, trace.normed, weights.v, rows, width, keys);
    this.#attention.rotate(trace.q, width, rows, 1);
    this.#attention.rotate(trace.k, keys, rows, 1);
    this.#attention.forward(trace.mixed, trace.weights, trace, rows);
    linear(trace.middle, trace.mixed, weights.attentionOutput, rows, width, width);
    add(trace.middle, x, rows * width);
    norm(trace.middleNormed, trace.middleScales, trace.middle, weights.feedForwardNorm, rows);
    linear(trace.gate, trace.middleNormed, weights.gate, rows, width, hidden);
    linear(trace.up, trace.middleNormed, weights.up, rows, width, hidden);
    for (let at = 0; at < rows * hidden; at += 1) {
      const gate = trace.gate[at] as number;
      trace.active[at] = (gate / (1 + exp(-gate))) * (trace.up[at] as number);
    }
    linear(x, trace.active, weights.down, rows, hidden, width);
    add(x, trace.middle, rows * width);
  }

  /** Logits at some places, a row for each. */
  #logits(places: readonly number[]): Floats {
    const { embedding: width, vocabulary } = this.#shape;
    const logits = this.#make(places.length * vocabulary);
    linear(logits, this.#picked(places), this.#weights.output, places.length, width, vocabulary);
    return logits;
  }

  #picked(places: readonly number[]): Floats {
    const { embedding: width } = this.#shape;
    const picked = this.#make(places.length * width);
    places.forEach((t, index) => picked.set(this.#last.subarray(t * width, (t + 1) * width), index * width));
    return picked;
  }

  /** From the gradients of the logits down to those of the embedding. */
  #backward(tokens: readonly number[], rows: number, places: readonly number[], dlogits: Floats): void {
    const { embedding: width, vocabulary } = this.#shape;
    linearWeights(this.#gradients.output, dlogits, this.#picked(places), places.length, width, vocabulary);
    const dpicked = this.#make(places.length * width);
    linearInputs(dpicked, dlogits, this.#weights.output, places.length, width, vocabulary);
    const dlast = this.#make(rows * width);
    places.forEach((t, index) => dlast.set(dpicked.subarray(index * width, (index + 1) * width), t * width));
    this.#dx.fill(0, 0, rows * width);
    const { outputNorm } = this.#gradients;
    normBackward(this.#dx, outputNorm, dlast, this.#lastScales, this.#x, this.#weights.outputNorm, rows);
    for (let block = this.#shape.blocks - 1; block >= 0; block -= 1) {
      const weights = this.#weights.blocks[block];
      const gradients = this.#gradients.blocks[block];
      const trace = this.#traces[block];
      if (weights === undefined || gradients === undefined || trace === undefined) continue;
      this.#feedForwardBackward(weights, gradients, trace, rows);
      this.#attentionBackward(weights, gradients, trace, rows);
    }
    for (let t = 0; t < rows; t += 1) {
      const to = (tokens[t] ?? 0) * width;
      const { embedding } = this.#gradients;
      for (let i = 0; i < width; i += 1)
        embedding[to + i] = (embedding[to + i] as number) + (this.#dx[t * width + i] as number);
    }
  }

  #feedForwardBackward(weights: BlockViews<Floats>, into: BlockViews<Floats>, trace: Trace, rows: number): void {
    const { embedding: width, feedForward: hidden } = this.#shape;
    const dactive = this.#make(rows * hidden);
    linearInputs(dactive, this.#dx, weights.down, rows, hidden, width);
    linearWeights(into.down, this.#dx, trace.active, rows, hidden, width);
    const dup = this.#make(rows * hidden);
    const dgate = this.#make(rows * hidden);
    for (let at = 0; at < rows * hidden; at += 1) {
      const gate = trace.gate[at] as number;
      const sigmoid = 1 / (1 + exp(-gate));
      const change = dactive[at] as number;
      dup[at] = change * gate * sigmoid;
      dgate[at] = change * (trace.up[at] as number) * sigmoid * (1 + gate * (1 - sigmoid));
    }
    const dnormed = this.#make(rows * width);
    linearInputs(dnormed, dgate, weights.gate, rows, width, hidden);
    linearInputs(dnormed, dup, weights.up, rows, width, hidden);
    linearWeights(into.gate, dgate, trace.middleNormed, rows, width, hidden);
    linearWeights(into.up, dup, trace.middleNormed, rows, width, hidden);
    const { feedForwardNorm } = weights;
    normBackward(this.#dx, into.feedForwardNorm, dnormed, trace.middleScales, trace.middle, feedForwardNorm, rows);
  }

  #attentionBackward(weights: BlockViews<Floats>, into: BlockViews<Floats>, trace: Trace, rows: number): void {
    const { embedding: width } = this.#shape;
    const keys = trace.k.length / this.#longest;
    const dmixed = this.#make(rows * width);
    linearInputs(dmixed, this.#dx, weights.attentionOutput, rows, width, width);
    linearWeights(into.attentionOutput, this.#dx, trace.mixed, rows, width, width);
    const changes = { q: this.#make(rows * width), k: this.#make(rows * keys), v: this.#make(rows * keys) };
    this.#attention.backward(changes, dmixed, trace.weights, trace, rows);
    this.#attention.rotate(changes.q, width, rows, -1);
    this.#attention.rotate(changes.k, keys, rows, -1);
    const dnormed = this.#make(rows * width);
    linearInputs(dnormed, changes.q, weights.q, rows, width, width);
    linearInputs(dnormed, changes.k, weights.k, rows, width, keys);
    linearInputs(dnormed, changes.v, weights.v, rows, width, keys);
    linearWeights(into.q, changes.q, trace.normed, rows, width, width);
    linearWeights(into.k, changes.k, trace.normed, rows, width, keys);
    linearWeights(into.v, changes.v, trace.normed, rows, width, keys);
    normBackward(this.#dx, into.attentionNorm, dnormed, trace.scales, trace.input, weights.attentionNorm, rows);
  }

  #trace(): Trace {
    const { embedding, heads, headsKv, feedForward } = this.#shape;
    const keys = (embedding / heads) * headsKv;
    return {
      input: this.#rows(embedding),
      normed: this.#rows(embedding),
      scales: this.#rows(1),
      q: this.#rows(embedding),
      k: this.#rows(keys),
      v: this.#rows(keys),
      weights: this.#make(heads * this.#longest * this.#longest),
      mixed: this.#rows(embedding),
      middle: this.#rows(embedding),
      middleNormed: this.#rows(embedding),
      middleScales: this.#rows(1),
      gate: this.#rows(feedForward),
      up: this.#rows(feedForward),
      active: this.#rows(feedForward),
    };
  }

  #rows(width: number): Floats {
    return this.#make(this.#longest * width);
  }
}

/** Where something is predicted, and what. */
function placesOf({ tokens, counted }: Lesson): { readonly places: number[]; readonly targets: number[] } {
  const places: number[] = [];
  const targets: number[] = [];
  for (let t = 0; t + 1 < tokens.length; t += 1) {
    if (counted[t + 1] !== true) continue;
    places.push(t);
    targets.push(tokens[t + 1] ?? 0);
  }
  return { places, targets };
}

/** Cross entropy; the logits become their own gradients: softmax less one at the target. */
function lossOf(logits: Floats, targets: readonly number[], vocabulary: number): number {
  let loss = 0;
  targets.forEach((target, index) => {
    const row = logits.subarray(index * vocabulary, (index + 1) * vocabulary);
    let largest = -Infinity;
    for (let id = 0; id < vocabulary; id += 1) largest = Math.max(largest, row[id] as number);
    let sum = 0;
    for (let id = 0; id < vocabulary; id += 1) {
      const weight = exp((row[id] as number) - largest);
      row[id] = weight;
      sum += weight;
    }
    for (let id = 0; id < vocabulary; id += 1) row[id] = (row[id] as number) / sum;
    loss -= Math.log(Math.max(row[target] as number, 1e-300));
    row[target] = (row[target] as number) - 1;
  });
  return loss;
}

function add(to: Floats, from: Floats, length: number): void {
  for (let at = 0; at < length; at += 1) to[at] = (to[at] as number) + (from[at] as number);
}
