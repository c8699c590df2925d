/**
 * Loading a module again while its actors live. It is imported under its URL with the hash of its text as a query, so
 * the same text is loaded once and another text is another module; the one before can not be unloaded. A reload has two
 * steps on each executor, `prepare` that changes nothing and may fail, and `commit` once all executors are prepared.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SkepError } from '#protocols/wire/error';
import { type AnyDefinition, isDefinition } from '../actor/definition.js';
import type { DefinitionRegistry, DefinitionChange } from '../actor/registry.js';
import type { ReadonlySerialTable } from './serial-table.js';
import type { Upgradable, UpgradeCounts, Upgrades } from './upgrades.js';

/** A module as it is to be loaded. Plain data. */
export interface ReloadSpec {
  /** File URL without a query. */
  readonly url: string;
  /** Of the text of the file. */
  readonly hash: string;
  /** Whether a definition with the same version and another value takes the place of the present one. */
  readonly force: boolean;
}

/** What became of one definition of a reloaded module, and of its actors. */
export interface ReloadedDefinition extends UpgradeCounts {
  readonly name: string;
  readonly version: number;
  readonly change: DefinitionChange;
}

/** The spec of a module's present text. @throws SkepError MODULE_FAILED when the file cannot be read. */
export async function reloadSpecOf(url: string, force: boolean): Promise<ReloadSpec> {
  return { url, hash: await hashOf(url), force };
}

/**
 * Imports the module and judges what would change.
 * @throws SkepError MODULE_FAILED, or DUPLICATE_DEFINITION for a definition that has changed under its old version.
 */
export async function prepareReload(registry: DefinitionRegistry, spec: ReloadSpec): Promise<void> {
  const definitions = await imported(spec);
  if ((await hashOf(spec.url)) !== spec.hash) throw failed(spec.url, 'its file changed while it was loaded');
  if (definitions.length === 0) throw failed(spec.url, 'it exports no definition');
  for (const definition of definitions) registry.judge(definition, spec.force);
}

/** Puts the definitions of a prepared module in the place of those before. */
export async function commitReload(
  registry: DefinitionRegistry,
  upgrades: Upgrades,
  actors: ReadonlySerialTable<Upgradable>,
  spec: ReloadSpec,
): Promise<readonly ReloadedDefinition[]> {
  const definitions = await imported(spec);
  return definitions.map((definition) => {
    const change = registry.replace(definition, spec.force);
    if (change === 'upgraded' || change === 'replaced') upgrades.begin(definition.name);
    const counts = upgrades.counts(definition.name, actors.values());
    return { name: definition.name, version: definition.version, change, ...counts };
  });
}

async function imported({ url, hash }: ReloadSpec): Promise<readonly AnyDefinition[]> {
  try {
    const exports = (await import(`${url}?skep=${hash}`)) as Record<string, unknown>;
    return [...new Set(Object.values(exports).filter(isDefinition))];
  } catch (cause) {
    throw failed(url, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

async function hashOf(url: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(fileURLToPath(url)))
      .digest('hex')
      .slice(0, 16);
  } catch (cause) {
    throw failed(url, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function failed(url: string, why: string, cause?: unknown): SkepError {
  return new SkepError('MODULE_FAILED', `module ${url} could not be loaded: ${why}`, { module: url }, cause);
}
