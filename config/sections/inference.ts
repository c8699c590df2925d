/**
 * The section of models: which ones a node has, which one answers when none is named, and how they share its memory.
 */
import * as z from 'zod';
import { modelEntry } from '#protocols/wire/model-entry';
import { option, plainText, plainTextForm, whole } from '../option.js';

/** Most models of one node; a longer list was made by a program that means something else. */
const MAX_MODELS = 64;
/** A day, in ms. */
const DAY_MS = 86_400_000;
const LEAST_MEMORY_MB = 16;
/** A pebibyte: above it is a typing mistake. */
const MAX_MEMORY_MB = 1_073_741_824;

const modelForm = `a name of a model or the path of a GGUF file; ${plainTextForm}`;

/** Names are how models are asked, and the key of an API has a place of its own. */
const models = z
  .array(modelEntry)
  .max(MAX_MODELS)
  .superRefine((entries, context) => {
    const names = new Set<string>();
    for (const [index, entry] of entries.entries()) {
      const refuse = (field: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [index, field], message, input: undefined });
      if (names.has(entry.name)) refuse('name', 'expected a name that no other model has');
      names.add(entry.name);
      if (entry.backend !== 'llama' && !isBareUrl(entry.url))
        refuse('url', 'expected an http or https url without user, query or fragment; a key goes into `key`');
    }
  });

/** A url is printed and logged, so that nothing secret may stand in it. */
function isBareUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && [username, password, search, hash].every((part) => part === '');
}

export const inference = z.strictObject({
  models: option(z.exactOptional(models), {
    text: 'Models of each node that has this configuration; `docs/inference.md` has the fields of an entry. Set as a whole: a higher layer replaces all.',
    form: `a list of at most ${MAX_MODELS} models, each with \`name\` and \`backend\` (in a variable: a JSON list)`,
  }),
  model: option(z.exactOptional(plainText()), {
    text: 'Model that `skep ask` asks when none is named.',
    form: modelForm,
  }),
  auditModel: option(z.exactOptional(plainText()), {
    text: 'Model that writes the summary of an audit. Without it the summary is made from the counts.',
    form: modelForm,
  }),
  load: option(z.enum(['start', 'demand', 'off']), {
    text: 'When a node loads its models: as it starts, as far as they fit together; when first asked for; or not at all.',
    default: 'start',
  }),
  memoryMb: option(z.exactOptional(whole(LEAST_MEMORY_MB, MAX_MEMORY_MB)), {
    text: 'Memory that the models of a node may take together, by estimate. Without it: what is free when one is loaded.',
    unit: 'MiB',
  }),
  switchAfterMs: option(whole(0, DAY_MS), {
    text: 'Where models do not fit together: how long requests for one that is not loaded wait for those of one that is. Short swaps often, long makes them wait.',
    unit: 'ms',
    default: 10_000,
  }),
});
