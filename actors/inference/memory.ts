/**
 * What models take and what is free, in bytes of this machine's memory, before anything is loaded: a model that does not
 * fit is refused with both numbers instead of driving the machine into its swap space or the kernel into a kill.
 */
import { freemem } from 'node:os';
import { readGgufFacts } from './gguf/facts.js';
import { estimateMemory } from './gguf/memory.js';
import type { ModelEntry } from './entry.js';

/** What a model of this entry will take here. @throws SkepError MODEL_FILE_BAD, PATH_UNREADABLE. */
export async function memoryOf(entry: ModelEntry): Promise<number> {
  if (entry.backend !== 'llama') return 0;
  const facts = await readGgufFacts(entry.path);
  const { contextTokens, sequences, prefixCacheBytes } = entry;
  const estimate = estimateMemory(facts, { contextTokens, sequences });
  return estimate.totalBytes + prefixCacheBytes;
}

/** What is free: what the kernel or the container would still give without taking it from others. */
export function freeMemory(): number {
  return typeof process.availableMemory === 'function' ? process.availableMemory() : freemem();
}
