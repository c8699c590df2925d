/**
 * The registries of models of a running cluster, over its spawn API: what each node has, and orders to one of them. A node
 * without models has no registry until a model is loaded on it.
 */
import { toWireError } from '#protocols/wire/error';
import { type ModelLine, modelList } from '#protocols/wire/models';
import { SkepError } from '#protocols/wire/error';
import { callAnswer, readAnswer, statusAnswer } from '../remote/answers.js';
import type { Ask } from '../remote/session.js';
import { requireNode } from '../remote/target.js';

/** Name of a registry on its node; a test holds it and the actor's together. */
export const REGISTRY = 'models';

/** A model, and the node that it is on. */
export type NodeModel = ModelLine & { readonly node: string };

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
    const spawn = { definition: 'skep.models', name: REGISTRY, node, executor: 'system', args: {} };
    await ask('spawn', spawn).catch((late: unknown) => {
      // Another command was quicker.
      if (toWireError(late).code !== 'NAME_TAKEN') throw late;
    });
  }
}

/** The node to load a model on: the one that was named, one that knows the model, or the first. @throws SkepError NO_SUCH_NODE. */
export async function nodeFor(ask: Ask, node: string | undefined, model: string | undefined): Promise<string> {
  if (node !== undefined) {
    await requireNode(ask, node);
    return node;
  }
  const known = await listModels(ask, undefined, () => {});
  const home = known.find(({ name }) => name === model);
  const [first] = await workers(ask);
  const chosen = home?.node ?? first;
  if (chosen === undefined) throw new SkepError('NO_CLUSTER', 'no node of the cluster hosts actors');
  return chosen;
}

/** The one node that has the model. @throws SkepError UNKNOWN_MODEL, BAD_USAGE when several have it. */
export async function homeOf(ask: Ask, node: string | undefined, model: string): Promise<string> {
  const known = await listModels(ask, node, () => {});
  const homes = known.filter(({ name }) => name === model).map((line) => line.node);
  const [home, other] = homes;
  if (home === undefined) {
    const names = [...new Set(known.map(({ name }) => name))];
    throw new SkepError('UNKNOWN_MODEL', `no model "${model}" is there; there are: ${names.join(', ') || 'none'}`, {
      model,
      known: names,
    });
  }
  if (other === undefined) return home;
  throw new SkepError('BAD_USAGE', `several nodes have a model "${model}" (${homes.join(', ')}); say which by --node`, {
    model,
    nodes: homes,
  });
}

async function workers(ask: Ask): Promise<readonly string[]> {
  const { nodes } = readAnswer(statusAnswer, await ask('status', {}));
  return nodes.filter(({ roles }) => roles.includes('worker')).map(({ name }) => name);
}
