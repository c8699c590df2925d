/**
 * OpenAI's chat completions on the wire, from the published reference: chunks with one choice, a role in the first, the
 * finish reason in the last, usage in one more without choices, then `[DONE]`. The form of requests is strict, so that a
 * field that the reference does not know fails the test.
 */
import { modelEntry, type OpenAiEntry } from '#actors/inference/entry';
import { openOpenAi } from '#actors/inference/providers/openai';
import { z } from 'zod';
import { type BackendSetting, type Speaker, quick } from './speaker.js';

/** One event of a stream. */
export function data(value: unknown): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

const frame = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'test-model' };

/** A chunk with a delta. */
export function chunk(delta: unknown, finish: string | null = null, more: object = {}): string {
  return data({ ...frame, choices: [{ index: 0, delta, finish_reason: finish }], ...more });
}

/** The chunk that carries usage. */
export function usageChunk(input: number, output: number, cached?: number): string {
  const details = cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } };
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output, ...details };
  return data({ ...frame, choices: [], usage });
}

export const done = 'data: [DONE]\n\n';

export function openAiEntry(
  origin: string,
  setting: BackendSetting & { readonly role?: 'embedding' } = {},
): OpenAiEntry {
  const { options: _options, ...fields } = setting;
  const entry = modelEntry.parse({
    backend: 'openai',
    name: 'remote',
    model: 'test-model',
    url: `${origin}/v1`,
    ...fields,
  });
  if (entry.backend !== 'openai') throw new Error('not an entry of this backend');
  return entry;
}

export const openai: Speaker = {
  name: 'openai',
  open: (origin, setting = {}) => openOpenAi(openAiEntry(origin, setting), { ...quick, ...setting.options }),
  path: '/v1/chat/completions',
  requestIdHeader: 'x-request-id',
  keyHeader: (key) => ['authorization', `Bearer ${key}`],
  answer: (pieces, usage) =>
    [
      openai.beginning(pieces),
      chunk({}, 'stop'),
      ...(usage === undefined ? [] : [usageChunk(usage.input, usage.output)]),
      done,
    ].join(''),
  beginning: (pieces) => chunk({ role: 'assistant', content: '' }) + pieces.map(openai.piece).join(''),
  piece: (text) => chunk({ content: text }),
  error: (status, message) => ({
    error: { message, type: status === 429 ? 'rate_limit_exceeded' : 'invalid_request_error', param: null, code: null },
  }),
  errorEvent: (type, message) => data({ error: { message, type, param: null, code: null } }),
};

const textMessage = z.strictObject({ role: z.enum(['system', 'user']), content: z.string() });
const call = z.strictObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
});

/** The request as the reference describes it, with what llama-server and vLLM add. */
export const chatRequest = z.strictObject({
  model: z.string(),
  stream: z.literal(true),
  stream_options: z.strictObject({ include_usage: z.literal(true) }).optional(),
  max_tokens: z.number().int().optional(),
  max_completion_tokens: z.number().int().optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().optional(),
  top_k: z.number().int().optional(),
  min_p: z.number().optional(),
  seed: z.number().int().optional(),
  stop: z.array(z.string()).min(1).optional(),
  response_format: z
    .strictObject({
      type: z.literal('json_schema'),
      json_schema: z.strictObject({ name: z.string(), schema: z.record(z.string(), z.unknown()), strict: z.boolean() }),
    })
    .optional(),
  messages: z.array(
    z.union([
      textMessage,
      z.strictObject({ role: z.literal('tool'), tool_call_id: z.string(), content: z.string() }),
      z.strictObject({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        tool_calls: z.array(call).min(1).optional(),
      }),
    ]),
  ),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        function: z.strictObject({
          name: z.string(),
          description: z.string().optional(),
          parameters: z.record(z.string(), z.unknown()),
        }),
      }),
    )
    .min(1)
    .optional(),
  tool_choice: z
    .union([
      z.enum(['auto', 'none', 'required']),
      z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
    ])
    .optional(),
});
