/** The front door of models: what a program needs to load models and to ask them. */
export { askModel, type AskOptions, type FindModel } from './client.js';
export { type ModelEntry, modelEntry } from './entry.js';
export { modelActor } from './model.js';
export { modelRegistry, MODELS_NAME, type RegistryArgs } from './registry.js';
export type { AnswerPart, AskRequest, ChatMessage, TokenUsage } from '#protocols/wire/inference';
