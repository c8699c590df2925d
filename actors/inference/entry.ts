/**
 * A model as configuration names it. The schema is in `protocols/`, because the configuration reads it as well and
 * imports nothing else.
 */
export {
  type AnthropicEntry,
  type LlamaEntry,
  type ModelEntry,
  modelEntry,
  type OpenAiEntry,
} from '#protocols/wire/model-entry';
