/**
 * What a model will take, in bytes of this machine's memory, before anything is loaded: one that does not fit is refused
 * with that number and what is free, instead of driving the machine into its swap space or the kernel into a kill. Layers on
 * a GPU are counted all the same, so that the estimate errs to the safe side.
 */
import type { LlamaEntry, ModelEntry } from './entry.js';
import type { GgufFacts } from './gguf/check.js';
import { estimateMemory, type MemoryEstimate } from './gguf/memory.js';

/** Tokens of a sequence where an entry does not say: what the model was trained for, and no more than this. */
const DEFAULT_CONTEXT = 8_192;

/** What a model of this entry will take here. @throws SkepError MODEL_FILE_BAD, PATH_UNREADABLE. */
export async function memoryOf(entry: ModelEntry): Promise<number> {
  if (entry.backend !== 'llama') return 0;
  // Loaded when a file is first looked at: most nodes have none.
  const { checkGguf } = await import('./gguf/check.js');
  return estimateOf(await checkGguf(entry.path), entry).totalBytes + entry.prefixCacheBytes;
}

/** The parts of what a model takes, its cache of prefixes left out. */
export function estimateOf(
  facts: GgufFacts,
  { contextTokens, sequences }: Pick<LlamaEntry, 'contextTokens' | 'sequences'>,
): MemoryEstimate & { readonly contextTokens: number } {
  const context = contextTokens ?? Math.min(facts.contextTokens, DEFAULT_CONTEXT);
  return { ...estimateMemory(facts, { contextTokens: context, sequences }), contextTokens: context };
}
