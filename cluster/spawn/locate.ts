/** Whom a request means: a node by its name, an actor by its address or by a name that one node or several may know. */
import { type ActorAddress, type ActorSystem, SkepError } from '#runtime';
import type { NodeInfo } from '../membership/members.js';

/** What the API needs of its node. */
export interface ApiHost {
  readonly system: ActorSystem;
  readonly cluster: string;
  members(): readonly NodeInfo[];
}

/** The address a target means. */
export async function locate(
  host: ApiHost,
  target: {
    readonly ref?: ActorAddress | undefined;
    readonly name?: string | undefined;
    readonly node?: string | undefined;
  },
): Promise<ActorAddress> {
  if (target.ref !== undefined) return target.ref;
  if (target.name === undefined) throw new SkepError('BAD_MESSAGE', 'give either "ref" or "name" of the actor');
  const { name } = target;
  const nodes = target.node === undefined ? host.members() : [memberNamed(host, target.node)];
  const found = (await Promise.all(nodes.map((node) => host.system.lookupAddress(name, node.name)))).filter(
    (address) => address !== undefined,
  );
  const [only] = found;
  if (only === undefined) {
    const where = target.node === undefined ? `any node of cluster ${host.cluster}` : `node ${target.node}`;
    throw new SkepError('NO_SUCH_ACTOR', `no actor named "${name}" on ${where}`, { name });
  }
  if (found.length > 1) {
    throw new SkepError(
      'BAD_MESSAGE',
      `"${name}" is the name of ${found.length} actors: ${found.join(', ')}; say which by "node" or "ref"`,
      { name, found },
    );
  }
  return only;
}

/** A living member. @throws SkepError NO_SUCH_NODE. */
export function memberNamed(host: ApiHost, node: string): NodeInfo {
  const member = host.members().find((candidate) => candidate.name === node);
  if (member !== undefined) return member;
  const known = host.members().map(({ name }) => name);
  throw new SkepError('NO_SUCH_NODE', `no node "${node}" in cluster ${host.cluster}; there are: ${known.join(', ')}`, {
    node,
    known,
  });
}
