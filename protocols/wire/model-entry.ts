/**
 * A model as configuration names it: plain data, so that it can be an argument of an actor, cross the wire and be
 * printed. Which backend answers is told by `backend`; the rest of an entry is what that backend needs.
 */
import { z } from 'zod';
import { nameSchema } from './address.js';

/** What a model is for; a choice by task looks at it. */
export const modelRole = z.enum(['chat', 'embedding']);
/** How a choice between models leans. */
export const modelProfile = z.enum(['fast', 'balanced', 'quality']);

const common = {
  /** Its name: what `ask` and the CLI call it. */
  name: nameSchema,
  role: modelRole.default('chat'),
  profile: modelProfile.default('balanced'),
  /** Tokens of an answer at most, where the request does not say. */
  maxTokens: z.number().int().min(1).max(1_000_000).default(1_024),
  /** Requests that may wait. */
  queueRequests: z.number().int().min(1).max(100_000).default(256),
  /** Tokens (prompts and longest answers) that may wait. */
  queueTokens: z.number().int().min(1).max(1_000_000_000).default(1_000_000),
  /** Milliseconds without a request after which it is unloaded; 0: never. */
  keepAliveMs: z.number().int().min(0).max(86_400_000).default(0),
};

/** A GGUF file, run by llama.cpp in a process of its own. */
const llamaEntry = z.strictObject({
  ...common,
  backend: z.literal('llama'),
  /** Path of the GGUF file. */
  path: z.string().min(1).max(4_096),
  /** Tokens of one sequence; default: what the model was trained for, at most 8,192. */
  contextTokens: z.number().int().min(16).max(10_000_000).optional(),
  /** Answers at the same time. */
  sequences: z.number().int().min(1).max(256).default(4),
  /** Threads that compute. More than the cores that are free makes it slower by far. */
  threads: z.number().int().min(1).max(1_024).default(1),
  /** Layers on the GPU: `auto`, `off`, or how many. */
  gpu: z
    .union([z.enum(['auto', 'off']), z.number().int().min(0).max(10_000)], {
      error: 'expected auto, off, or a whole number of layers from 0 to 10000',
    })
    .default('auto'),
  /** Tokens of prompts that one step computes beside the answers that are under way. */
  prefillChunk: z.number().int().min(1).max(8_192).default(32),
  /** Bytes of idle prefixes that are kept outside the context. */
  prefixCacheBytes: z
    .number()
    .int()
    .min(0)
    .default(64 * 1024 * 1024),
  /** A process of its own, or a thread of this one: quicker to talk to, and what ends it ends the node. */
  isolation: z.enum(['process', 'thread']).default('process'),
});

/** Where a secret comes from; it is read when it is needed and never printed. */
const secretSource = z.union(
  [z.strictObject({ env: z.string().min(1).max(256) }), z.strictObject({ file: z.string().min(1).max(4_096) })],
  { error: 'expected where the key is found, as { env: NAME } or { file: PATH }, and not the key itself' },
);

const remote = {
  ...common,
  /** Name of the model at the provider. */
  model: z.string().min(1).max(256),
  key: secretSource.optional(),
  /** Tokens of prompt and answer together, as the provider says. */
  contextTokens: z.number().int().min(16).max(100_000_000).default(128_000),
  /** Requests at the same time. */
  connections: z.number().int().min(1).max(1_024).default(8),
  /** Milliseconds until the first byte, and between two parts of a stream. */
  firstByteMs: z.number().int().min(1).max(3_600_000).default(60_000),
  betweenPartsMs: z.number().int().min(1).max(3_600_000).default(30_000),
};

/** An API that speaks OpenAI's chat completions: llama-server, vLLM, Ollama, OpenAI. */
const openaiEntry = z.strictObject({
  ...remote,
  backend: z.literal('openai'),
  /** Without the path of an endpoint, such as http://127.0.0.1:8080/v1. */
  url: z.url().default('https://api.openai.com/v1'),
});

/** Anthropic's Messages API. */
const anthropicEntry = z.strictObject({
  ...remote,
  backend: z.literal('anthropic'),
  url: z.url().default('https://api.anthropic.com'),
});

/** A model of the configuration, by what answers for it. */
export const modelEntry = z.discriminatedUnion('backend', [llamaEntry, openaiEntry, anthropicEntry], {
  error: 'expected a model whose backend is llama, openai or anthropic',
});

export type ModelEntry = z.output<typeof modelEntry>;
export type LlamaEntry = z.output<typeof llamaEntry>;
export type OpenAiEntry = z.output<typeof openaiEntry>;
export type AnthropicEntry = z.output<typeof anthropicEntry>;
