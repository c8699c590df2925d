/** The lists of mutants that there are: a file beside this one for each model that is shipped, `raft.ts` for raft. */
import { existsSync } from 'node:fs';
import { shippedModels } from '#cli/simulate/models';
import type { Mutant } from './mutant.js';

/** The planted bugs of one model. */
export interface MutantList {
  readonly model: string;
  readonly mutants: readonly Mutant[];
}

/** The list of each model that has one. @throws Error for a list that is none. */
export async function mutantLists(): Promise<readonly MutantList[]> {
  const models = shippedModels.filter((model) => existsSync(urlOf(model)));
  return Promise.all(models.map(async (model) => ({ model, mutants: await listIn(model) })));
}

function urlOf(model: string): URL {
  return new URL(`./${model}.js`, import.meta.url);
}

async function listIn(model: string): Promise<readonly Mutant[]> {
  const exported = Object.values((await import(urlOf(model).href)) as Record<string, unknown>);
  const lists = exported.filter((each): each is readonly Mutant[] => Array.isArray(each));
  const [list] = lists;
  if (list === undefined || lists.length > 1) throw new Error(`mutants/${model}.ts: expected one list of mutants`);
  const names = new Set(list.map(({ name }) => name));
  if (names.size < list.length) throw new Error(`mutants/${model}.ts: two mutants have the same name`);
  return list;
}
