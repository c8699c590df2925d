/**
 * Whom a command addresses: an actor by its address, or by a name, alone or as `name@node`. A name belongs to one node, and any node may answer a
 * request, so a name without a node is looked for on all of them.
 */
import { parseAddress } from '#protocols/wire/address';
import { SkepError } from '#protocols/wire/error';
import { listAnswer, readAnswer, statusAnswer } from './answers.js';
import type { Ask } from './session.js';

/** The fields of a request that say which actor it is about. */
export type Target = { readonly ref: string } | { readonly name: string; readonly node: string };

/** Resolves `refOrName`. @throws SkepError NO_SUCH_ACTOR, or BAD_USAGE for a name that is taken on several nodes. */
export async function resolveTarget(ask: Ask, refOrName: string, node: string | undefined): Promise<Target> {
  if (parseAddress(refOrName) !== undefined) return { ref: refOrName };
  const [, name, at] = /^([^@/]+)@([^@/]+)$/.exec(refOrName) ?? [];
  if (name !== undefined && at !== undefined) {
    if (node !== undefined && node !== at)
      throw new SkepError('BAD_USAGE', `"${refOrName}" is on node ${at}, and --node says ${node}`, {
        given: refOrName,
      });
    return resolveTarget(ask, name, at);
  }
  if (refOrName.includes('/')) {
    throw new SkepError('BAD_USAGE', `"${refOrName}" is neither a name nor an address such as node-1@k3f9/2/17`, {
      given: refOrName,
    });
  }
  if (node !== undefined) {
    await requireNode(ask, node);
    return { name: refOrName, node };
  }
  const { actors } = readAnswer(listAnswer, await ask('list', {}));
  const bearers = actors.filter(({ name }) => name === refOrName);
  const [first, second] = bearers;
  if (first === undefined)
    throw new SkepError('NO_SUCH_ACTOR', `no actor named "${refOrName}" on any node`, { name: refOrName });
  if (second !== undefined) {
    const places = bearers.map(({ address }) => address).join(', ');
    throw new SkepError(
      'BAD_USAGE',
      `several actors are named "${refOrName}" (${places}); give --node or the address`,
      { name: refOrName },
    );
  }
  return { ref: first.address };
}

/** Makes sure that a node is there, since a request to one that is not waits for its deadline. @throws SkepError NO_SUCH_NODE. */
export async function requireNode(ask: Ask, node: string): Promise<void> {
  const { cluster, nodes } = readAnswer(statusAnswer, await ask('status', {}));
  const known = nodes.map(({ name }) => name);
  if (known.includes(node)) return;
  throw new SkepError('NO_SUCH_NODE', `no node "${node}" in cluster ${cluster}; its nodes: ${known.join(', ')}`, {
    node,
    known,
  });
}

/** The address of an actor given by address or name. @throws SkepError as {@link resolveTarget}. */
export async function resolveAddress(ask: Ask, refOrName: string): Promise<string> {
  const target = await resolveTarget(ask, refOrName, undefined);
  if ('ref' in target) return target.ref;
  const { actors } = readAnswer(listAnswer, await ask('list', { node: target.node }));
  const bearer = actors.find(({ name }) => name === target.name);
  if (bearer !== undefined) return bearer.address;
  throw new SkepError('NO_SUCH_ACTOR', `no actor named "${target.name}" on node ${target.node}`, target);
}
