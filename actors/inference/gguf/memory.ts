/**
 * How much memory a model will take, from its file's facts alone, so that a node can refuse one that does not fit before
 * it is loaded. Three parts, as llama.cpp allocates them:
 *
 *     weights   the tensors, as they are in the file. They are mapped, so they may be shared and may be given back.
 *     KV        sequences x context x elements of keys and values of a token x 2 bytes (F16). Each sequence has a stream
 *               of its own, padded to 256 tokens (llama_kv_cache; `n_ctx_seq` of llama_context).
 *     compute   the buffer of the graph at its largest: a batch of prompt tokens goes through at once, and either the
 *               logits of all its tokens or the attention and feed-forward of one block need the most.
 *
 * The compute buffer is an estimate: ggml's allocator puts tensors that do not live at the same time into the same place,
 * and how well depends on the graph. On a processor it was 2 % below to 25 % above what was allocated
 * (docs/inference/model-files.md). What llama.cpp and the process around it take besides, most of some 100 MB for the
 * program, is not in it.
 */
import type { GgufFacts } from './check.js';

/** How a model will be run. */
export interface MemoryOptions {
  /** Tokens of one sequence. */
  readonly contextTokens: number;
  /** Answers at the same time. */
  readonly sequences: number;
  /** Prompt tokens that one step computes at most; default 512, as llama.cpp's batch. */
  readonly batchTokens?: number;
  /** Whether attention is computed without its matrix of scores; default false. */
  readonly flashAttention?: boolean;
}

/** Bytes that a model takes. */
export interface MemoryEstimate {
  readonly weightsBytes: number;
  readonly kvBytes: number;
  readonly computeBytes: number;
  readonly totalBytes: number;
}

const float = 4;
const half = 2;
/** Tokens that a stream of keys and values is padded to. */
const streamPadding = 256;

/** Estimates the memory of a model. @see the file's head for the formulas. */
export function estimateMemory(facts: GgufFacts, options: MemoryOptions): MemoryEstimate {
  const { contextTokens, sequences } = options;
  const stream = Math.ceil(contextTokens / streamPadding) * streamPadding;
  const kvBytes = sequences * stream * facts.kvElements * half;
  const computeBytes = graphBytes(facts, stream, options) + outputBytes(facts, sequences);
  const { weightsBytes } = facts;
  return { weightsBytes, kvBytes, computeBytes, totalBytes: weightsBytes + kvBytes + computeBytes };
}

/** The buffer of the graph: the larger of its last step, the logits, and of one block. */
function graphBytes(
  { vocabulary, embedding, heads, feedForward, kvElements, blocks }: GgufFacts,
  stream: number,
  { sequences, batchTokens = 512, flashAttention = false }: MemoryOptions,
): number {
  const batch = Math.min(batchTokens, stream * sequences);
  const mask = batch * stream * (flashAttention ? half : float);
  const scores = flashAttention ? 0 : batch * heads * stream * float;
  const logits = batch * (vocabulary + 2 * embedding) * float;
  // The input, its norm and the sum behind it live beside what a block computes, and so do the new keys and values.
  const carried = batch * (3 * embedding + kvElements / blocks) * float;
  const attention = carried + 2 * batch * embedding * float + scores;
  // The gate, what it lets through, and the product of the two.
  const network = carried + 3 * batch * feedForward * float;
  return mask + Math.max(logits, attention, network);
}

/** Logits and embeddings that are kept for whoever asks: one row for each sequence. */
function outputBytes({ vocabulary, embedding }: GgufFacts, sequences: number): number {
  return sequences * (vocabulary + embedding) * float;
}
