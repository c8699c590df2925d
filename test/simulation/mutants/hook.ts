/**
 * Loads modules with a planted bug. A module that is imported as `...?mutant=3` is loaded for mutant 3, and so is every
 * module of ours that it imports in turn: one process holds many versions of the same code, each with its own bug. The
 * text to replace has to occur exactly once, because a bug that is planted nowhere, or somewhere else as well, is not the
 * bug that the list describes.
 */
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.js';

/** What the hooks are registered with. */
export interface HookData {
  /** By number. */
  readonly mutants: readonly Mutant[];
  /** URL of dist/. */
  readonly root: string;
}

let data: HookData = { mutants: [], root: '' };

export const initialize: InitializeHook<HookData> = (given) => {
  data = given;
};

export const resolve: ResolveHook = async (specifier, context, next) => {
  const resolved = await next(specifier, context);
  const mutant = numberOf(context.parentURL);
  if (mutant === undefined || !resolved.url.startsWith(data.root)) return resolved;
  return { ...resolved, url: withMutant(resolved.url, mutant) };
};

export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  const number = numberOf(url);
  const mutant = number === undefined ? undefined : data.mutants[number];
  if (mutant === undefined || fileURLToPath(url) !== fileURLToPath(new URL(mutant.file, data.root))) return loaded;
  const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
  const pieces = text.split(mutant.find);
  if (pieces.length !== 2)
    throw new Error(
      `mutant "${mutant.name}": the text to replace occurs ${pieces.length - 1} times in ${mutant.file}: ${mutant.find}`,
    );
  // Told to whoever asks for the mutant: a file that nobody loads is a bug that nobody has.
  const mark = `(globalThis.plantedMutants ??= new Set()).add(${number});`;
  return { ...loaded, source: `${pieces.join(mutant.replace)}\n${mark}\n` };
};

/** The URL of a module as it is for a mutant. */
export function withMutant(url: string, mutant: number): string {
  return `${url.replace(/\?.*$/, '')}?mutant=${mutant}`;
}

function numberOf(url: string | undefined): number | undefined {
  const digits = /\?mutant=(\d+)$/.exec(url ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
