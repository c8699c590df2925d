/**
 * The front door of the configuration: loading, printing and the types that both speak.
 */
export { type LoadedConfig, loadConfig, type LoadOptions } from './load.js';
export type { Origin } from './origin.js';
export { type PresetName, presetNames } from './presets.js';
export { printConfig, type PrintOptions } from './print.js';
export type { Config } from './schema.js';
