/** The parameters of a network as one array, and views of it by tensor: what a step changes is one loop over the array. */
import { type LlamaShape, llamaTensors } from '#actors/inference/gguf/llama-draft';
import { chanceOf, nextChance } from '#protocols/chance';
import type { Floats } from './linear.js';

/** The tensors of one block. */
export interface BlockViews<F extends Floats> {
  readonly attentionNorm: F;
  readonly q: F;
  readonly k: F;
  readonly v: F;
  readonly attentionOutput: F;
  readonly feedForwardNorm: F;
  readonly gate: F;
  readonly up: F;
  readonly down: F;
}

/** The tensors of a network. */
export interface Views<F extends Floats> {
  readonly embedding: F;
  readonly blocks: readonly BlockViews<F>[];
  readonly outputNorm: F;
  readonly output: F;
}

/** A tensor and where in the array it lies. */
export interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Elements of a row. */
  readonly inputs: number;
  readonly norm: boolean;
}

/** Where each tensor lies, in the order of the file. */
export function spansOf(shape: LlamaShape): readonly Span[] {
  let next = 0;
  return llamaTensors(shape).map(({ name, dims, norm }) => {
    const from = next;
    next += dims.reduce((product, dim) => product * dim, 1);
    return { name, from, to: next, inputs: dims[0] ?? 1, norm };
  });
}

/** How many parameters a network has. */
export function countOf(shape: LlamaShape): number {
  return spansOf(shape).at(-1)?.to ?? 0;
}

/** Views of an array by tensor. */
export function viewsOf<F extends Floats>(shape: LlamaShape, values: F): Views<F> {
  const spans = new Map(spansOf(shape).map((span) => [span.name, span]));
  const view = (name: string): F => {
    const span = spans.get(`${name}.weight`);
    if (span === undefined) throw new Error(`the shape has no tensor ${name}`);
    return values.subarray(span.from, span.to) as F;
  };
  return {
    embedding: view('token_embd'),
    blocks: Array.from({ length: shape.blocks }, (_, block) => ({
      attentionNorm: view(`blk.${block}.attn_norm`),
      q: view(`blk.${block}.attn_q`),
      k: view(`blk.${block}.attn_k`),
      v: view(`blk.${block}.attn_v`),
      attentionOutput: view(`blk.${block}.attn_output`),
      feedForwardNorm: view(`blk.${block}.ffn_norm`),
      gate: view(`blk.${block}.ffn_gate`),
      up: view(`blk.${block}.ffn_up`),
      down: view(`blk.${block}.ffn_down`),
    })),
    outputNorm: view('output_norm'),
    output: view('output'),
  };
}

/**
 * Draws the parameters that training begins with: norms are one; a matrix has a variance of one over its inputs, and one
 * that adds to the stream between blocks less, by the number of such additions (Radford et al. 2019).
 */
export function drawParameters(shape: LlamaShape, values: Floats, seed: number): void {
  let chance = seed;
  for (const { name, from, to, inputs, norm } of spansOf(shape)) {
    const adds = /attn_output|ffn_down/.test(name);
    const deviation = name === 'token_embd.weight' ? 0.02 * Math.sqrt(inputs) : 1;
    const scale = deviation / Math.sqrt(inputs) / (adds ? Math.sqrt(2 * shape.blocks) : 1);
    for (let at = from; at < to; at += 1) {
      if (norm) values[at] = 1;
      else {
        // The sum of four uniform draws has the variance 1/3, and near enough the form of a bell.
        let sum = 0;
        for (let draw = 0; draw < 4; draw += 1) {
          chance = nextChance(chance);
          sum += chanceOf(chance, 65_536) / 65_536 - 0.5;
        }
        values[at] = sum * Math.sqrt(3) * scale;
      }
    }
  }
}
