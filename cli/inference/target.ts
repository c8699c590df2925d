/**
 * Which model a command means: a file, by its path, or a model of a cluster or of the configuration, by its name. A text
 * that ends in `.gguf` or holds a slash is a path; names can have neither.
 */
import { access, constants, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type ModelEntry, modelEntry } from '#actors/inference/entry';
import { nameSchema } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';

/** A model as the command line names it. */
export type ModelTarget =
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'name'; readonly name: string }
  /** Whichever answers by default. */
  | { readonly type: 'default' };

/** Reads what was given. @throws SkepError BAD_USAGE for what can be neither path nor name. */
export function modelTarget(given: string | undefined): ModelTarget {
  if (given === undefined) return { type: 'default' };
  if (given.endsWith('.gguf') || given.includes('/')) return { type: 'file', path: resolve(given) };
  if (nameSchema.safeParse(given).success) return { type: 'name', name: given };
  const text = `"${given}" is neither the name of a model (letters, digits, hyphens, underscores) nor the path of a .gguf file`;
  throw new SkepError('BAD_USAGE', text, { given });
}

/** What a person may say about a model of a file. */
export interface FileOptions {
  readonly name?: string;
  readonly sequences?: number;
  readonly context?: number;
  readonly threads?: number;
  readonly gpu?: 'auto' | 'off';
}

/** The entry of a model file. @throws SkepError PATH_UNREADABLE, BAD_USAGE. */
export async function entryOfFile(path: string, options: FileOptions = {}): Promise<ModelEntry> {
  await assertReadable(path);
  const { sequences, context: contextTokens, threads, gpu } = options;
  const given = { sequences, contextTokens, threads, gpu };
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const entry = modelEntry.safeParse({ backend: 'llama', name: options.name ?? nameOfFile(path), path, ...defined });
  if (entry.success) return entry.data;
  const [issue] = entry.error.issues;
  throw new SkepError('BAD_USAGE', `${issue?.path.join('.') ?? 'model'}: ${issue?.message ?? 'not valid'}`, { path });
}

/** `models/Qwen2.5-0.5B.Q4.gguf` becomes `Qwen2-5-0-5B-Q4`. */
function nameOfFile(path: string): string {
  const name = basename(path, '.gguf')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64);
  return name === '' ? 'model' : name;
}

async function assertReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
    if ((await stat(path)).isFile()) return;
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SkepError('PATH_UNREADABLE', `the model file ${path} cannot be read (${why})`, { path }, cause);
  }
  throw new SkepError('PATH_UNREADABLE', `${path} is no file`, { path });
}
