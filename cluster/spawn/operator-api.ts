/** The endpoints for operators: reports of nodes, a look at one actor, dead letters and their replay. */
import type { NodePlace } from '#runtime';
import type { SpawnApiRequest } from '#protocols/wire/spawn-api';
import type { NodeInfo } from '../membership/members.js';
import { type ApiHost, locate, memberNamed } from './locate.js';

type OperatorEndpoint = 'report' | 'inspect' | 'deadLetters' | 'replay';

/** Dead letters that a report shows; the rest is for `deadLetters`. */
const REPORTED_LETTERS = 5;

/** Handlers by endpoint. */
export const operatorHandlers: {
  readonly [E in OperatorEndpoint]: (host: ApiHost, request: SpawnApiRequest<E>) => Promise<unknown>;
} = {
  report: async (host, { node }) => {
    const nodes = await Promise.all(placesOf(host, node).map((place) => host.system.operator.reports(place)));
    return {
      nodes: nodes.map((one) => ({
        ...one,
        executors: one.executors.map(({ deadLetters, ...report }) => ({
          ...report,
          deadLetters: { ...deadLetters, latest: deadLetters.latest.slice(-REPORTED_LETTERS) },
        })),
      })),
    };
  },
  inspect: async (host, { state, ...target }) => {
    const address = await locate(host, target);
    return { actor: await host.system.inspect(address, state === undefined ? {} : { state }) };
  },
  deadLetters: async (host, { node, ...request }) => {
    const places = placesOf(host, node);
    const found = await Promise.all(places.map((place) => host.system.operator.deadLetters(place, given(request))));
    const letters = found.flatMap((one) => one.letters).sort((a, b) => b.atMs - a.atMs);
    const silent = found.flatMap((one, index) => one.silent.map((executor) => `${places[index]?.node}/${executor}`));
    return { letters: request.limit === undefined ? letters : letters.slice(0, request.limit), silent };
  },
  replay: async (host, { ids, node, reason, ...rest }) => {
    const options = given({ reason, ...rest });
    if (ids !== undefined) return { results: await host.system.operator.replay(ids, options) };
    const places = placesOf(host, node);
    const results = await Promise.all(places.map((place) => host.system.operator.replayAll(place, options)));
    return { results: results.flat() };
  },
};

function placesOf(host: ApiHost, node: string | undefined): readonly NodePlace[] {
  const members: readonly NodeInfo[] = node === undefined ? host.members() : [memberNamed(host, node)];
  return members.map(({ name, incarnation, executors }) => ({ node: name, incarnation, executors }));
}

/** The options that were given; a field that is there and undefined is not what the runtime's types say. */
function given<T extends object>(options: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
