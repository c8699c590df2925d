/**
 * The narrative of an audit: what was found in a few sentences, written after the deterministic part is over and digested.
 * A model may write it, from counts and a bounded choice of findings; where there is none, or it fails, it is made from
 * the counts, and the report says which. Nothing is decided by it: findings, exit code and digest are as without.
 */
import { z } from 'zod';
import type { TokenUsage } from '#protocols/wire/inference';

/** Most entries of a list, and characters of a text. */
export const narrativeLimits = { headline: 300, entries: 5, title: 120, text: 400 } as const;

const line = (most: number) => z.string().trim().min(1).max(most);

/** The words alone, as a model has to give them. */
export const narrativeText = z.strictObject({
  /** One sentence. */
  headline: line(narrativeLimits.headline),
  /** The worst first. */
  risks: z
    .array(z.strictObject({ title: line(narrativeLimits.title), why: line(narrativeLimits.text) }))
    .max(narrativeLimits.entries),
  /** What to do, in order. */
  next: z.array(line(narrativeLimits.text)).max(narrativeLimits.entries),
});

/** Who wrote it. */
export type NarrativeSource =
  | { readonly type: 'model'; readonly model: string; readonly usage: TokenUsage; readonly durationMs: number }
  /** `reason`: why no model did. */
  | { readonly type: 'counts'; readonly reason: string };

/** A narrative, and who wrote it. */
export type Narrative = Readonly<z.output<typeof narrativeText>> & { readonly source: NarrativeSource };

/** The schema that constrains the answer of a model: plain JSON Schema, no deeper and larger than small grammars take. */
export const narrativeSchema: Readonly<Record<string, unknown>> = {
  type: 'object',
  properties: {
    headline: { type: 'string', minLength: 1, maxLength: narrativeLimits.headline },
    risks: {
      type: 'array',
      maxItems: narrativeLimits.entries,
      items: {
        type: 'object',
        properties: {
          title: { type: 'string', minLength: 1, maxLength: narrativeLimits.title },
          why: { type: 'string', minLength: 1, maxLength: narrativeLimits.text },
        },
        required: ['title', 'why'],
        additionalProperties: false,
      },
    },
    next: {
      type: 'array',
      maxItems: narrativeLimits.entries,
      items: { type: 'string', minLength: 1, maxLength: narrativeLimits.text },
    },
  },
  required: ['headline', 'risks', 'next'],
  additionalProperties: false,
};
