/**
 * The registries of models of a running cluster, over its spawn API: what each node has, and orders to one of them. A node
 * without models has no registry until a model is loaded on it.
 */
import { toWireError } from '#protocols/wire/error';
import { type ModelLine, modelList } from '#protocols/wire/models';
import { SkepError } from '#protocols/wire/error';
import { callAnswer, type NodeReport, readAnswer, statusAnswer } from '../remote/answers.js';
import type { Ask } from '../remote/session.js';
import { requireNode } from '../remote/target.js';

/** Name of a registry on its node; a test holds it and the actor's together. */
export const REGISTRY = 'models';

/** A model, and the node that it is on. */
export type NodeModel = ModelLine & { readonly node: string };

/** Whether a node has models, by its report: nodes without are not asked at each look. */
export function hasModels({ executors }: NodeReport): boolean {
  return executors.some(({ definitions }) =>
    definitions.some(({ definition, actors }) => definition === 'skep.models' && actors > 0),
  );
}

/** Loading may take as long as the spawn API lets a call take. */
export const LOAD_MS = 600_000;

/** The models of one node or all; `warn` hears of nodes that do not answer. @throws SkepError NO_SUCH_NODE. */
export async function listModels(
  ask: Ask,
  node: string | undefined,
  warn: (text: string) => void,
): Promise<readonly NodeModel[]> {
  if (node !== undefined) await requireNode(ask, node);
  const nodes = node === undefined ? await workers(ask) : [node];
  const lists = await Promise.all(
    nodes.map(async (name): Promise<readonly NodeModel[]> => {
      try {
        const { models } = modelList.parse(await callRegistry(ask, name, 'list'));
        return models.map((line) => ({ ...line, node: name }));
      } catch (error) {
        const { code } = toWireError(error);
        if (code !== 'NO_SUCH_ACTOR') warn(`the models of node ${name} do not answer (${code})`);
        return [];
      }
    }),
  );
  return lists.flat();
}

/** Calls the registry of a node. @throws SkepError what it answers; NO_SUCH_ACTOR without a registry. */
export async function callRegistry(
  ask: Ask,
  node: string,
  call: string,
  message?: object,
  timeoutMs = 5_000,
): Promise<unknown> {
  const request = { name: REGISTRY, node, call, timeoutMs, ...(message === undefined ? {} : { message }) };
  const answer = readAnswer(callAnswer, await ask('call', request, timeoutMs));
  return 'reply' in answer ? answer.reply : undefined;
}

/** Makes sure that a node has a registry. */
export async function ensureRegistry(ask: Ask, node: string): Promise<void> {
  try {
    await callRegistry(ask, node, 'list');
  } catch (error) {
    if (toWireError(error).code !== 'NO_SUCH_ACTOR') throw error;
    const spawn = { definition: 'skep.models', name: REGISTRY, node, args: {} };
    await ask('spawn', spawn).catch((late: unknown) => {
      // Another command was quicker.
      if (toWireError(late).code !== 'NAME_TAKEN') throw late;
    });
  }
}

/** The node for a new model: the one that was named, or the first. @throws SkepError NO_SUCH_NODE, NO_CLUSTER. */
export async function nodeFor(ask: Ask, node: string | undefined): Promise<string> {
  if (node !== undefined) {
    await requireNode(ask, node);
    return node;
  }
  const [first] = await workers(ask);
  if (first === undefined) throw new SkepError('NO_CLUSTER', 'no node of the cluster hosts actors');
  return first;
}

/** Nodes that have the model, one at least. @throws SkepError UNKNOWN_MODEL. */
export async function homesOf(
  ask: Ask,
  node: string | undefined,
  model: string,
): Promise<readonly [string, ...string[]]> {
  const known = await listModels(ask, node, () => {});
  const [home, ...others] = known.filter(({ name }) => name === model).map((line) => line.node);
  if (home !== undefined) return [home, ...others];
  const names = [...new Set(known.map(({ name }) => name))];
  throw new SkepError('UNKNOWN_MODEL', `no model "${model}" is there; there are: ${names.join(', ') || 'none'}`, {
    model,
    known: names,
  });
}

/** The one node that has the model. @throws SkepError UNKNOWN_MODEL, BAD_USAGE when several have it. */
export async function homeOf(ask: Ask, node: string | undefined, model: string): Promise<string> {
  const homes = await homesOf(ask, node, model);
  if (homes.length === 1) return homes[0];
  throw new SkepError('BAD_USAGE', `several nodes have a model "${model}" (${homes.join(', ')}); say which by --node`, {
    model,
    nodes: homes,
  });
}

async function workers(ask: Ask): Promise<readonly string[]> {
  const { nodes } = readAnswer(statusAnswer, await ask('status', {}));
  return nodes.filter(({ roles }) => roles.includes('worker')).map(({ name }) => name);
}
