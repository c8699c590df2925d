/**
 * Has a model write the narrative, and makes it from the counts where that fails: for want of a model, because it takes
 * too long, or because its answer is not what was asked for. The audit is over by then, so nothing here ends it.
 */
import { errorCatalogue, SkepError, toWireError } from '#protocols/wire/error';
import type { AskRequest, TokenUsage } from '#protocols/wire/inference';
import { printable } from '../report/printable.js';
import { narrativeFromCounts } from './from-counts.js';
import { type Narrative, narrativeSchema, narrativeText } from './narrative.js';
import { instructions, type NarratedResult, promptData, promptSizes } from './prompt.js';

/** An answer, whole. */
export interface NarratorAnswer {
  readonly model: string;
  readonly text: string;
  readonly usage: TokenUsage;
}

/** Asks a model; ends with the signal. */
export type AskNarrator = (request: AskRequest, signal: AbortSignal) => Promise<NarratorAnswer>;

/** How to narrate. */
export interface NarrateOptions {
  /** Milliseconds until the counts speak instead. */
  readonly timeoutMs: number;
  /** The person's interruption: the counts speak at once. */
  readonly signal: AbortSignal;
  /** Told in full what the report tells by its code: messages may hold paths of this machine. */
  readonly onFailure: (error: unknown) => void;
}

/** Tokens of the answer at most: its schema allows about three thousand characters. */
const MAX_TOKENS = 1_200;

/** Narrates by a model. Never rejects. */
export async function narrate(
  input: NarratedResult,
  ask: AskNarrator,
  { timeoutMs, signal, onFailure }: NarrateOptions,
): Promise<Narrative> {
  const begunMs = performance.now();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    const { model, text, usage } = await askSmaller(input, ask, AbortSignal.any([signal, late.signal]));
    const words = read(text);
    return { ...words, source: { type: 'model', model, usage, durationMs: Math.round(performance.now() - begunMs) } };
  } catch (error) {
    if (signal.aborted) return narrativeFromCounts(input, 'the model was interrupted');
    onFailure(error);
    const { code } = toWireError(error);
    const reason = late.signal.aborted
      ? `the model had no answer within ${timeoutMs} ms`
      : `${code}: ${errorCatalogue[code].meaning}`;
    return narrativeFromCounts(input, reason.replace(/\.$/, ''));
  } finally {
    clearTimeout(timer);
  }
}

/** Asks with as much as the context of the model takes. */
async function askSmaller(input: NarratedResult, ask: AskNarrator, signal: AbortSignal): Promise<NarratorAnswer> {
  let overflow: unknown;
  for (const size of promptSizes) {
    try {
      return await ask(
        {
          messages: [
            { role: 'system', content: instructions },
            { role: 'user', content: promptData(input, size) },
          ],
          schema: { ...narrativeSchema },
          maxTokens: MAX_TOKENS,
          temperature: 0,
          agent: 'audit',
        },
        signal,
      );
    } catch (error) {
      if (!(error instanceof SkepError) || error.code !== 'CONTEXT_OVERFLOW') throw error;
      overflow = error;
    }
  }
  throw overflow;
}

/** The words of an answer, which a schema constrained where the model is one that can. @throws SkepError BAD_ANSWER. */
function read(text: string): Pick<Narrative, 'headline' | 'risks' | 'next'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SkepError('BAD_ANSWER', 'the model did not answer in JSON', { sample: printable(text.slice(0, 200)) });
  }
  const parsed = narrativeText.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new SkepError('BAD_ANSWER', `the model's answer does not fit its schema${where === '' ? '' : ` at ${where}`}`, {
    sample: printable(text.slice(0, 200)),
  });
}
