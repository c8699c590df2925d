/**
 * What crosses the boundary of a model: requests, parts of an answer, and what a model says of itself. One contract for
 * a model in a child process of ours and for one behind HTTP, so that an asker never knows which of them answers.
 *
 *     ask ----> text* (toolCall)* end            a stream; `end` is always its last part, or the stream fails
 *     embed, tokenize, count ----> one reply     with a coded error
 */
import { z } from 'zod';

/** Bounds of a request, whoever answers it. Above them is a mistake or an attack, not a prompt. */
export const inferenceLimits = {
  /** Messages of a conversation. */
  messages: 10_000,
  /** Characters of one message or prompt. */
  textLength: 16_000_000,
  /** Sequences that end an answer. */
  stops: 16,
  tools: 128,
  /** Texts of one `embed`. */
  texts: 2_048,
  /** How deep a JSON schema may nest; a deeper one ends native grammar compilers. */
  schemaDepth: 32,
  /** Nodes of a JSON schema. */
  schemaNodes: 10_000,
} as const;

const text = z.string().max(inferenceLimits.textLength);
const toolName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, hyphens or underscores');
/** A JSON schema (2020-12), as an object; its depth and size are checked where it is compiled. */
const jsonSchema = z.record(z.string(), z.unknown());

/** A tool call as the model made it; `arguments` has the form that the tool's schema asks for. */
const toolCall = z.strictObject({
  id: z.string().min(1).max(256),
  name: toolName,
  arguments: z.record(z.string(), z.unknown()),
});

/** One message of a conversation. */
export const chatMessage = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: text }),
  z.strictObject({ role: z.literal('user'), content: text }),
  z.strictObject({ role: z.literal('assistant'), content: text, toolCalls: z.array(toolCall).optional() }),
  z.strictObject({ role: z.literal('tool'), toolCallId: z.string().min(1).max(256), content: text }),
]);

/** A tool that the model may call. */
export const toolSpec = z.strictObject({
  name: toolName,
  description: z.string().max(16_384).optional(),
  /** Of the arguments: a JSON schema of type `object`. */
  parameters: jsonSchema,
});

/** How tokens are drawn. */
const sampling = {
  /** 0 takes the likeliest token each time and is repeatable; default 0. */
  temperature: z.number().min(0).max(2).optional(),
  topK: z.number().int().min(1).max(100_000).optional(),
  topP: z.number().gt(0).max(1).optional(),
  minP: z.number().min(0).max(1).optional(),
  seed: z.number().int().min(0).max(0xffff_ffff).optional(),
};

/** Asks a model. Exactly one of `messages` and `prompt`. */
export const askRequest = z
  .strictObject({
    /** Names the answer, so that a reader who lost it can take it up again; default: one is made. */
    id: z.string().min(1).max(128).optional(),
    /** A conversation; the chat template of the model is applied. */
    messages: z.array(chatMessage).min(1).max(inferenceLimits.messages).optional(),
    /** Plain text that the model goes on with; no template is applied. */
    prompt: text.min(1).optional(),
    /** Tokens of the answer at most; default: what the model's configuration says. */
    maxTokens: z.number().int().min(1).max(10_000_000).optional(),
    ...sampling,
    /** Text that ends the answer; not part of it. */
    stop: z.array(z.string().min(1).max(256)).max(inferenceLimits.stops).optional(),
    /** The answer is JSON of this schema. */
    schema: jsonSchema.optional(),
    tools: z.array(toolSpec).max(inferenceLimits.tools).optional(),
    /** Default `auto` where there are tools. */
    toolChoice: z.union([z.enum(['auto', 'none', 'required']), z.strictObject({ name: toolName })]).optional(),
    /** Band of the queue: 0 first, 4 last; default 2. Waiting moves a request up. */
    priority: z.number().int().min(0).max(4).optional(),
    /** Whose share of the model this is; default: the asking actor. */
    agent: z.string().min(1).max(128).optional(),
    /** Milliseconds from now after which nobody wants the answer; default: the deadline of the call. */
    deadlineMs: z.number().int().min(1).max(86_400_000).optional(),
  })
  .refine(({ messages, prompt }) => (messages === undefined) !== (prompt === undefined), {
    message: 'expected exactly one of messages and prompt',
    path: ['messages'],
  });

/** Why an answer ended. */
export const finishReason = z.enum([
  /** The model was done, or met a stop sequence. */
  'stop',
  /** `maxTokens` was reached. */
  'length',
  /** It asks for tools. */
  'tool-calls',
  /** The provider withheld it. */
  'refusal',
]);

/** Tokens of a request. `input` counts all of the prompt, `cached` those of it that needed no computing. */
export const tokenUsage = z.strictObject({
  input: z.number().int().min(0),
  cached: z.number().int().min(0),
  output: z.number().int().min(0),
});

/** Where the time went, in milliseconds. `prefillMs` ends with the first token. */
export const answerTiming = z.strictObject({
  queueMs: z.number().min(0),
  prefillMs: z.number().min(0),
  decodeMs: z.number().min(0),
});

/** A part of an answer. `seq` counts from 0 without gaps, so that a reader knows where it was. */
export const answerPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), seq: z.number().int().min(0), text: z.string() }),
  z.strictObject({ type: z.literal('toolCall'), seq: z.number().int().min(0), call: toolCall }),
  z.strictObject({
    type: z.literal('end'),
    seq: z.number().int().min(0),
    id: z.string(),
    model: z.string(),
    finish: finishReason,
    usage: tokenUsage,
    timing: answerTiming,
  }),
]);

/** Takes up an answer again behind the parts that were read. */
export const resumeRequest = z.strictObject({
  id: z.string().min(1).max(128),
  /** `seq` of the first part that is wanted. */
  from: z.number().int().min(0),
});

/** Vectors for texts, in their order. */
export const embedRequest = z.strictObject({
  texts: z.array(text.min(1)).min(1).max(inferenceLimits.texts),
  agent: z.string().min(1).max(128).optional(),
  priority: z.number().int().min(0).max(4).optional(),
  deadlineMs: z.number().int().min(1).max(86_400_000).optional(),
});

/** Reply to `embed`. */
export const embedReply = z.strictObject({
  model: z.string(),
  vectors: z.array(z.array(z.number())),
  usage: tokenUsage,
});

/** Tokens of a text. */
export const tokenizeRequest = z.strictObject({ text });

/** Whether a model can be asked. */
export const modelHealth = z.strictObject({
  /** Its process lives or will live again by itself. */
  live: z.boolean(),
  /** It answers now. */
  ready: z.boolean(),
  /** It takes nothing more at the moment. */
  saturated: z.boolean(),
  /** In words, when it is not ready. */
  reason: z.string().optional(),
});

export type ChatMessage = z.output<typeof chatMessage>;
export type ToolSpec = z.output<typeof toolSpec>;
export type ToolCall = z.output<typeof toolCall>;
export type AskRequest = z.output<typeof askRequest>;
export type FinishReason = z.output<typeof finishReason>;
export type TokenUsage = z.output<typeof tokenUsage>;
export type AnswerTiming = z.output<typeof answerTiming>;
export type AnswerPart = z.output<typeof answerPart>;
export type ResumeRequest = z.output<typeof resumeRequest>;
export type EmbedRequest = z.output<typeof embedRequest>;
export type EmbedReply = z.output<typeof embedReply>;
export type ModelHealth = z.output<typeof modelHealth>;
