/**
 * An answer as it comes: its text is handed on part by part, at the pace of whoever takes it, and the rest is gathered. A
 * model may write anything, so what would steer a terminal is taken out of what a terminal gets.
 */
import { unreachable } from '#protocols/wire/error';
import { SkepError } from '#protocols/wire/error';
import type { AnswerPart, AnswerTiming, FinishReason, TokenUsage, ToolCall } from '#protocols/wire/inference';

/** An answer that is complete. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finish: FinishReason;
  readonly usage: TokenUsage;
  readonly timing: AnswerTiming;
}

/** Reads an answer to its end; `take` gets each piece of its text. @throws SkepError BAD_ANSWER for one without an end. */
export async function gatherAnswer(
  parts: AsyncIterable<AnswerPart>,
  take: (text: string) => Promise<void> | void = () => {},
): Promise<Answer> {
  let text = '';
  const toolCalls: ToolCall[] = [];
  let end: Extract<AnswerPart, { type: 'end' }> | undefined;
  for await (const part of parts) {
    switch (part.type) {
      case 'text':
        text += part.text;
        await take(part.text);
        break;
      case 'toolCall':
        toolCalls.push(part.call);
        break;
      case 'end':
        end = part;
        break;
      default:
        unreachable(part);
    }
  }
  if (end === undefined) throw new SkepError('BAD_ANSWER', 'the answer ended without saying why');
  const { id, model, finish, usage, timing } = end;
  return { id, model, text, toolCalls, finish, usage, timing };
}

/** Text for a terminal: without characters that would move its cursor, change its colours or its title. */
export function terminalText(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** Writes as fast as the reader reads; resolves at once when the reader has left. */
export function writePaced(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (stream.destroyed || stream.write(text)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stream.on(event, done);
  });
}

/** What an answer cost, in one line. */
export function statsLine({ model, usage, timing, finish }: Answer): string {
  const seconds = timing.decodeMs / 1_000;
  const rate = seconds > 0 && usage.output > 1 ? `, ${((usage.output - 1) / seconds).toFixed(1)} tokens/s` : '';
  const cached = usage.cached > 0 ? ` (${usage.cached} cached)` : '';
  const times = `queued ${ms(timing.queueMs)}, first token ${ms(timing.prefillMs)}`;
  return `${model}: ${usage.input} tokens in${cached}, ${usage.output} out, ${times}${rate}, ${finish}`;
}

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
