/** How a router chooses among its routees. The names are Akka's; power of two choices is Mitzenmacher's (1996). */
import type { ActorAddress } from '#protocols/wire/address';
import { SkepError, unreachable } from '#protocols/wire/error';
import { DEFAULT_VIRTUAL_NODES, HashRing } from './hash-ring.js';
import type { Loads } from './loads.js';
import { seededRandom } from './random.js';

/** Gives the text that a message is routed by. */
export type RoutingKey = (message: unknown, name: string) => string;

/** Options of a router. */
export type RouterOptions =
  /** One after the other. */
  | { readonly strategy: 'round-robin' }
  /** Any. */
  | { readonly strategy: 'random'; readonly seed?: number }
  /** Of two that chance names, the one with less in its mailbox; reports of other executors are 50 ms old at most. */
  | { readonly strategy: 'least-mailbox'; readonly seed?: number }
  /**
   * The same routee for the same key, as long as it is there. `virtualNodes` is the number of points of each routee on
   * the ring, 1 to 10,000, default 128.
   */
  | { readonly strategy: 'consistent-hash'; readonly key: RoutingKey; readonly virtualNodes?: number }
  /** All of them, for casts only. */
  | { readonly strategy: 'broadcast' }
  /** All of them; the first reply is the answer, and the other calls are cancelled. */
  | { readonly strategy: 'scatter-gather-first' };

/** Chooses one routee; there is at least one. */
export interface Choice {
  pick(routees: readonly ActorAddress[], name: string, message: unknown): ActorAddress;
}

/** The choice of a strategy; undefined for those that send to all. @throws SkepError BAD_CONFIG. */
export function makeChoice(options: RouterOptions, loads: Loads, seed: number): Choice | undefined {
  switch (options.strategy) {
    case 'round-robin':
      return roundRobin();
    case 'random':
      return random(seededRandom(options.seed ?? seed));
    case 'least-mailbox':
      return leastMailbox(seededRandom(options.seed ?? seed), loads);
    case 'consistent-hash':
      return consistentHash(options.key, checkVirtualNodes(options.virtualNodes));
    case 'broadcast':
    case 'scatter-gather-first':
      return undefined;
    default:
      return unreachable(options);
  }
}

function roundRobin(): Choice {
  let next = 0;
  return {
    pick: (routees) => {
      if (next >= routees.length) next = 0;
      return at(routees, next++);
    },
  };
}

function random(chance: () => number): Choice {
  return { pick: (routees) => at(routees, Math.floor(chance() * routees.length)) };
}

function leastMailbox(chance: () => number, loads: Loads): Choice {
  let known: readonly ActorAddress[] = [];
  return {
    pick: (routees) => {
      if (routees !== known) loads.follow((known = routees));
      loads.refresh();
      const first = Math.floor(chance() * routees.length);
      // The second is another one, wherever there is another.
      const second = (first + 1 + Math.floor(chance() * (routees.length - 1))) % routees.length;
      const [a, b] = [at(routees, first), at(routees, second)];
      const chosen = loads.of(b) < loads.of(a) ? b : a;
      loads.sent(chosen);
      return chosen;
    },
  };
}

function consistentHash(key: RoutingKey, virtualNodes: number): Choice {
  let known: readonly ActorAddress[] | undefined;
  let ring = new HashRing<ActorAddress>([], virtualNodes);
  return {
    pick: (routees, name, message) => {
      if (routees !== known) {
        known = routees;
        ring = new HashRing(routees, virtualNodes);
      }
      const chosen = key(message, name);
      if (typeof chosen !== 'string') {
        const text = `the key of a message for a router by consistent hash is ${JSON.stringify(chosen)}: expected text`;
        throw new SkepError('BAD_MESSAGE', text, { name });
      }
      return ring.nodeOf(chosen) ?? at(routees, 0);
    },
  };
}

function checkVirtualNodes(count = DEFAULT_VIRTUAL_NODES): number {
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count;
  throw new SkepError('BAD_CONFIG', `virtualNodes is ${count}: expected a whole number from 1 to 10,000`, {
    virtualNodes: count,
  });
}

function at(routees: readonly ActorAddress[], index: number): ActorAddress {
  const routee = routees[index];
  if (routee === undefined) throw new Error(`no routee ${index} of ${routees.length}`);
  return routee;
}
