/**
 * Opens the backend of an entry. Each is loaded when an entry asks for it, so that a node without models pays for none,
 * and one without llama.cpp can still ask an API.
 */
import { unreachable } from '#protocols/wire/error';
import type { ModelBackend } from './backend.js';
import type { ModelEntry } from './entry.js';

/**
 * Loads the model, or makes ready to ask its API.
 * @throws SkepError PATH_UNREADABLE, MODEL_FILE_BAD, MODEL_QUARANTINED, MODEL_UNAVAILABLE, OUT_OF_MEMORY, BAD_CONFIG.
 */
export async function openBackend(entry: ModelEntry): Promise<ModelBackend> {
  switch (entry.backend) {
    case 'llama':
      return (await import('./llama/backend.js')).openLlama(entry);
    case 'openai':
      return (await import('./providers/openai.js')).openOpenAi(entry);
    case 'anthropic':
      return (await import('./providers/anthropic.js')).openAnthropic(entry);
    default:
      return unreachable(entry);
  }
}
