/**
 * Anthropic's Messages API on the wire, from its published documentation: named events, each with its type in the data
 * too; blocks that begin, grow and end; usage in the first and the last but one. The form of requests is strict, with the
 * rules that the API enforces: texts are not empty, roles alternate, ids of tools are of a small alphabet.
 */
import { type AnthropicEntry, modelEntry } from '#actors/inference/entry';
import { openAnthropic } from '#actors/inference/providers/anthropic';
import { z } from 'zod';
import { type BackendSetting, type Speaker, quick } from './speaker.js';

/** One event of a stream. */
export function event(type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

/** The first event. */
export function messageStart(usage: object = { input_tokens: 10, output_tokens: 1 }): string {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [], model: 'test-model', usage };
  return event('message_start', { message: { ...message, stop_reason: null, stop_sequence: null } });
}

/** A block with its deltas, from beginning to end. */
export function block(index: number, contentBlock: object, deltas: readonly object[]): string {
  const grown = deltas.map((delta) => event('content_block_delta', { index, delta }));
  const begin = event('content_block_start', { index, content_block: contentBlock });
  return [begin, ...grown, event('content_block_stop', { index })].join('');
}

/** A block of text. */
export function textBlock(index: number, pieces: readonly string[]): string {
  return block(
    index,
    { type: 'text', text: '' },
    pieces.map((text) => ({ type: 'text_delta', text })),
  );
}

/** A call of a tool, its input in these pieces. */
export function toolBlock(index: number, id: string, name: string, pieces: readonly string[]): string {
  const deltas = pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
  return block(index, { type: 'tool_use', id, name, input: {} }, deltas);
}

/** The last two events. */
export function messageEnd(reason: string, output = 7, usage: object = {}): string {
  const delta = { stop_reason: reason, stop_sequence: null };
  return event('message_delta', { delta, usage: { output_tokens: output, ...usage } }) + event('message_stop');
}

export function anthropicEntry(origin: string, setting: BackendSetting = {}): AnthropicEntry {
  const { options: _options, ...fields } = setting;
  const entry = modelEntry.parse({ backend: 'anthropic', name: 'remote', model: 'test-model', url: origin, ...fields });
  if (entry.backend !== 'anthropic') throw new Error('not an entry of this backend');
  return entry;
}

const typeOfStatus: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

export const anthropic: Speaker = {
  name: 'anthropic',
  open: (origin, setting = {}) => openAnthropic(anthropicEntry(origin, setting), { ...quick, ...setting.options }),
  path: '/v1/messages',
  requestIdHeader: 'request-id',
  keyHeader: (key) => ['x-api-key', key],
  answer: (pieces, usage) =>
    [
      messageStart({ input_tokens: usage?.input ?? 10, output_tokens: 1 }),
      event('ping'),
      textBlock(0, pieces),
      messageEnd('end_turn', usage?.output ?? 7),
    ].join(''),
  beginning: (pieces) =>
    [
      messageStart(),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      event('ping'),
      ...pieces.map(anthropic.piece),
    ].join(''),
  piece: (text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  error: (status, message) => ({
    type: 'error',
    error: { type: typeOfStatus[status] ?? 'invalid_request_error', message },
    request_id: 'req_1',
  }),
  errorEvent: (type, message) => event('error', { error: { type, message } }),
};

const toolId = z.string().regex(/^[a-zA-Z0-9_-]+$/);
const textPart = z.strictObject({ type: z.literal('text'), text: z.string().min(1) });

/** The request as the documentation describes it. */
export const messagesRequest = z.strictObject({
  model: z.string(),
  max_tokens: z.number().int().min(1),
  stream: z.literal(true),
  system: z.string().min(1).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().optional(),
  top_k: z.number().int().optional(),
  stop_sequences: z.array(z.string()).min(1).optional(),
  messages: z
    .array(
      z.union([
        z.strictObject({
          role: z.literal('user'),
          content: z
            .array(
              z.union([
                textPart,
                z.strictObject({ type: z.literal('tool_result'), tool_use_id: toolId, content: z.string() }),
              ]),
            )
            .min(1),
        }),
        z.strictObject({
          role: z.literal('assistant'),
          content: z
            .array(
              z.union([
                textPart,
                z.strictObject({
                  type: z.literal('tool_use'),
                  id: toolId,
                  name: z.string(),
                  input: z.record(z.string(), z.unknown()),
                }),
              ]),
            )
            .min(1),
        }),
      ]),
    )
    .min(1)
    .refine((turns) => turns.every(({ role }, at) => role !== turns[at - 1]?.role), 'roles alternate'),
  tools: z
    .array(
      z.strictObject({
        name: z.string(),
        description: z.string().optional(),
        input_schema: z.looseObject({ type: z.literal('object') }),
      }),
    )
    .min(1)
    .optional(),
  tool_choice: z
    .union([
      z.strictObject({ type: z.enum(['auto', 'any', 'none']) }),
      z.strictObject({ type: z.literal('tool'), name: z.string() }),
    ])
    .optional(),
});
