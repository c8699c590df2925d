/**
 * What a node and the process of a model say to each other, over Node's channel between parent and child (structured
 * clones, which need no encoding of ours) or between threads.
 *
 *     parent                                   child
 *       |  <-------------------------- ready     the native library is loaded, no model is
 *       |  load ---------------------------->
 *       |  <------------- loaded | loadFailed
 *       |  ask, embed, tokenize, count ----->    any number, each with an id of its own
 *       |  <-------------------------- items     parts of all answers, gathered for a few milliseconds
 *       |  credit, cancel ------------------>
 *       |  <-------------------------- alive     each second, with how long the native code has made no step
 *       |  close --------------------------->    what runs is cancelled; the process ends
 *
 * An answer may be ahead of its reader by `window` tokens; then its sequence waits for credit and computes nothing.
 */
import type { FinishReason, TokenUsage, ToolCall } from '#protocols/wire/inference';
import type { WireError } from '#protocols/wire/error';
import type { ModelBackend, Work } from '../backend.js';

/** Tokens that an answer may be ahead of its reader. */
export const window = 64;
/** Milliseconds between two signs of life. */
export const aliveMs = 1_000;

/** What a child needs to know of a model. */
export interface LoadSpec {
  readonly path: string;
  readonly contextTokens: number;
  readonly sequences: number;
  readonly threads: number;
  readonly gpuLayers: 'auto' | number;
  readonly prefillChunk: number;
  readonly prefixCacheBytes: number;
  /** Bytes that a token takes in a state: keys and values of all blocks. */
  readonly bytesPerToken: number;
}

/** A request for an answer; wall-clock limits are the parent's to keep. */
export type AskWork = Omit<Work, 'timeLeftMs'>;
/** What is counted as a prompt. */
export type CountedPrompt = Parameters<ModelBackend['countPrompt']>[0];

export type ToChild =
  | { readonly type: 'load'; readonly spec: LoadSpec }
  | { readonly type: 'ask'; readonly id: number; readonly work: AskWork; readonly credit: number }
  | { readonly type: 'credit'; readonly id: number; readonly tokens: number }
  | { readonly type: 'embed'; readonly id: number; readonly texts: readonly string[] }
  | { readonly type: 'tokenize'; readonly id: number; readonly text: string }
  | { readonly type: 'count'; readonly id: number; readonly prompt: CountedPrompt }
  | { readonly type: 'counters'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close' };

/** Something of one request. `end`, `failed` and `reply` are the last of theirs. */
export type Item =
  | { readonly type: 'text'; readonly id: number; readonly text: string; readonly tokens: number }
  | { readonly type: 'toolCall'; readonly id: number; readonly call: ToolCall }
  | {
      readonly type: 'end';
      readonly id: number;
      readonly finish: FinishReason;
      readonly usage: TokenUsage;
      readonly prefillMs: number;
      readonly decodeMs: number;
    }
  | { readonly type: 'reply'; readonly id: number; readonly reply: Reply }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError };

export type Reply =
  | { readonly type: 'embedded'; readonly vectors: readonly (readonly number[])[]; readonly tokens: number }
  | { readonly type: 'tokenized'; readonly tokens: readonly number[] }
  | { readonly type: 'counted'; readonly tokens: number }
  | { readonly type: 'counters'; readonly counters: Counters };

/** What a child has done since its model was loaded. */
export interface Counters {
  /** Tokens that went through the model, of prompts and of answers. */
  readonly computedTokens: number;
  /** Tokens of prompts that needed no computing, and tokens of answers; of answers that ended. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Sequences that answer now, and requests that wait for one. */
  readonly running: number;
  readonly waiting: number;
  /** Bytes of prefixes that are kept outside the context. */
  readonly storedBytes: number;
}

/** A model that is loaded, as its child sees it. */
export interface Loaded {
  readonly contextTokens: number;
  readonly memoryBytes: number;
}

export type FromChild =
  | { readonly type: 'ready'; readonly folder: string; readonly gpu: string | false }
  | { readonly type: 'unavailable'; readonly error: WireError }
  | { readonly type: 'loaded'; readonly loaded: Loaded }
  | { readonly type: 'loadFailed'; readonly error: WireError }
  | { readonly type: 'items'; readonly items: readonly Item[] }
  /** `stalledMs`: how long there has been work and no step of it was finished. */
  | { readonly type: 'alive'; readonly stalledMs: number };
