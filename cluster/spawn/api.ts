/**
 * What the spawn API does, without the wire: each endpoint takes a checked request and gives plain data. Messages for
 * actors come from outside here, so they are checked against the schemas of the definition where it has some.
 */
import { type ActorAddress, type ActorSummary, type AnyDefinition, SkepError } from '#runtime';
import { parseAddress } from '#protocols/wire/address';
import { jsonSchemas } from '#runtime/actor/schemas';
import { type SpawnApiEndpoint, type SpawnApiRequest, spawnApiRequests } from '#protocols/wire/spawn-api';
import type { ZodType } from 'zod';
import type { NodeInfo } from '../membership/members.js';
import { issuesText } from './issues.js';
import { type ApiHost, locate, memberNamed } from './locate.js';
import { operatorHandlers } from './operator-api.js';
import { reloadOn } from './reload.js';

type Handlers = {
  readonly [E in SpawnApiEndpoint]: (
    host: ApiHost,
    request: SpawnApiRequest<E>,
    /** The header of that name. */
    traceparent: string | undefined,
  ) => Promise<unknown>;
};

const handlers: Handlers = {
  spawn: async (host, { definition: name, version, args, executor, node, restart, name: actorName }, traceparent) => {
    const definition = host.system.definition(name, version);
    const checked = check(definition.schemas?.args, args ?? {}, `args of ${name}`);
    if (node !== undefined) memberNamed(host, node);
    const ref = await host.system.spawn(definition, checked, {
      ...(actorName === undefined ? {} : { name: actorName }),
      ...(node === undefined ? {} : { node }),
      ...(executor === undefined ? {} : { executor }),
      ...(restart === undefined ? {} : { restart }),
      traceparent,
    });
    return { ref: ref.address };
  },
  stop: async (host, request) => {
    const address = await locate(host, request);
    host.system.stopActor(address);
    return { ref: address };
  },
  call: async (host, { call, message, timeoutMs, maxItems, ...target }, traceparent) => {
    const address = await locate(host, target);
    const definition = await definitionOf(host, address);
    const checked = check(definition?.schemas?.calls?.[call], message ?? null, `message of call "${call}"`);
    const options = timeoutMs === undefined ? { traceparent } : { timeoutMs, traceparent };
    if (definition?.streams.has(call) !== true)
      return { reply: (await host.system.call(address, call, checked, options)) ?? null };
    const streamOptions = { timeoutMs: timeoutMs ?? 5_000, traceparent };
    return readStream(host.system.stream(address, call, checked, streamOptions), maxItems ?? 1_000);
  },
  cast: async (host, { cast, message, ...target }, traceparent) => {
    const address = await locate(host, target);
    const definition = await definitionOf(host, address);
    if (definition !== undefined && !Object.hasOwn(definition.casts as object, cast)) {
      const known = Object.keys(definition.casts as object);
      throw new SkepError(
        'NO_SUCH_HANDLER',
        `${definition.name} has no cast "${cast}"; it has: ${known.join(', ') || 'none'}`,
        { known },
      );
    }
    return {
      accepted:
        host.system.tryCast(
          address,
          cast,
          check(definition?.schemas?.casts?.[cast], message ?? null, `message of cast "${cast}"`),
          { traceparent },
        ) !== 'refused',
    };
  },
  list: async (host, { node }) => {
    const nodes = node === undefined ? host.members() : [memberNamed(host, node)];
    const lists = await Promise.all(nodes.map((member) => actorsOf(host, member)));
    return { actors: lists.flat() };
  },
  tree: async (host, { node }) => {
    const nodes = node === undefined ? host.members() : [memberNamed(host, node)];
    const trees = nodes.map(({ name, incarnation, executors }) => host.system.treeOn(name, incarnation, executors));
    return { trees: await Promise.all(trees) };
  },
  describe: async ({ system }, { definition }) => {
    const known = system.definitions().filter((entry) => definition === undefined || entry.name === definition);
    if (definition !== undefined && known.length === 0) system.definition(definition);
    return {
      definitions: known.map((entry) => ({
        ...entry,
        schemas: jsonSchemas(system.definition(entry.name, entry.version).schemas),
      })),
    };
  },
  reload: async (host, { node, module, force }) => {
    const nodes = node === undefined ? host.members() : [memberNamed(host, node)];
    return { nodes: await Promise.all(nodes.map((member) => reloadOn(host.system, member, module, force === true))) };
  },
  status: async (host) => ({ cluster: host.cluster, answeredBy: host.system.node, nodes: host.members() }),
  ...operatorHandlers,
};

/** Names of the endpoints, in the order in which they are documented. */
export const endpoints = Object.keys(handlers) as readonly SpawnApiEndpoint[];

/** Checks a request and carries it out. @throws SkepError with the code the caller is to see. */
export async function handleRequest(
  host: ApiHost,
  endpoint: SpawnApiEndpoint,
  body: unknown,
  traceparent?: string,
): Promise<unknown> {
  const parsed = spawnApiRequests[endpoint].safeParse(body ?? {});
  if (!parsed.success)
    throw new SkepError('BAD_MESSAGE', `${endpoint} request: ${issuesText(parsed.error)}`, { endpoint });
  // The pair of handler and request belongs together by construction; the compiler sees only the union of all pairs.
  const handler = handlers[endpoint] as (host: ApiHost, request: unknown, traceparent?: string) => Promise<unknown>;
  return handler(host, parsed.data, traceparent);
}

/** The definition of a living actor, for its schemas; undefined when this node does not know it. */
async function definitionOf(host: ApiHost, address: ActorAddress): Promise<AnyDefinition | undefined> {
  const node = parseAddress(address)?.node ?? '';
  const member = memberNamed(host, node);
  const actor = (await actorsOf(host, member)).find((candidate) => candidate.address === address);
  if (actor === undefined) throw new SkepError('NO_SUCH_ACTOR', `no actor at ${address}`, { address });
  return host.system.definitions().some((entry) => entry.name === actor.definition)
    ? host.system.definition(actor.definition)
    : undefined;
}

async function actorsOf(host: ApiHost, member: NodeInfo): Promise<readonly ActorSummary[]> {
  return host.system.listOn(member.name, member.incarnation, member.executors);
}

async function readStream(
  items: AsyncIterable<unknown>,
  maxItems: number,
): Promise<{ readonly items: readonly unknown[]; readonly complete: boolean }> {
  const read: unknown[] = [];
  for await (const item of items) {
    read.push(item);
    if (read.length >= maxItems) return { items: read, complete: false };
  }
  return { items: read, complete: true };
}

function check(schema: ZodType | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return value;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SkepError('BAD_MESSAGE', `${what}: ${issuesText(parsed.error)}`);
}
