/**
 * Places items on nodes: each replica goes to the best node by rendezvous hashing that its constraints allow and that
 * has room. Where room is short, item and node want each other by the same score, so there is exactly one placement in
 * which no item would rather be on a node that would rather have it than one of those that it has (a stable matching;
 * Gale and Shapley 1962). Taking all pairs from the best to the worst finds it, whatever the order of items and nodes.
 *
 *     1. pairs of allowed nodes, best first   a pair is taken when its item needs a replica more, the node has room,
 *                                             and for `spread` the item has none in that zone yet
 *     2. the same pairs once more             items that are short, with zones no matter
 *
 * Without capacities a node that comes or goes moves what it wins or leaves and nothing else. With them, what overflowed
 * may move as well, as room moves: an item goes home when its node has room again.
 */
import { SkepError } from '../wire/error.js';
import { isAllowed, type Placement, type PlacementItem, type PlacementNode, zoneOf } from './node.js';
import { rank } from './rendezvous.js';

/** What came of placing. */
export interface Placed {
  readonly placement: Placement;
  /** How many replicas have no place, by key; of items that have all of theirs, nothing. */
  readonly missing: ReadonlyMap<string, number>;
}

/** An item and a node that it may be on. */
interface Pair {
  readonly item: PlacementItem;
  readonly node: PlacementNode;
  /** 0 for nodes near it, 1 for others. */
  readonly tier: number;
  readonly score: number;
}

/** What has been placed so far. */
interface Draft {
  readonly chosen: Map<string, PlacementNode[]>;
  /** Sum of sizes, by node. */
  readonly used: Map<string, number>;
}

/**
 * Places all items.
 * @throws SkepError BAD_USAGE for two items or two nodes of one name, and for weights, sizes and numbers that are none.
 */
export function place(items: readonly PlacementItem[], nodes: readonly PlacementNode[]): Placed {
  checkItems(items);
  checkNodes(nodes);
  const draft: Draft = { chosen: new Map(items.map(({ key }) => [key, []])), used: new Map() };
  const pairs = items.flatMap((item) => pairsOf(item, nodes));
  // Without limits items do not meet, and pairs of one item are in order already.
  if (nodes.some(({ capacity }) => capacity !== undefined)) pairs.sort(better);
  for (const pair of pairs) if (!isCrowded(draft, pair)) take(draft, pair);
  for (const pair of pairs) take(draft, pair);
  const missing = new Map<string, number>();
  for (const { key, replicas = 1 } of items) {
    const short = replicas - (draft.chosen.get(key)?.length ?? 0);
    if (short > 0) missing.set(key, short);
  }
  return { placement: ordered(draft), missing };
}

/** The nodes that an item may be on, the most wanted first, as if there were nothing else. */
export function candidatesOf(item: PlacementItem, nodes: readonly PlacementNode[]): readonly string[] {
  return pairsOf(item, nodes).map(({ node }) => node.id);
}

function pairsOf(item: PlacementItem, nodes: readonly PlacementNode[]): readonly Pair[] {
  const allowed = nodes.filter((node) => isAllowed(node, item));
  const near = item.locality?.type === 'near' ? item.locality.zone : undefined;
  return rank(item.key, allowed)
    .map(({ node, score }): Pair => ({ item, node, score, tier: near === undefined || node.zone === near ? 0 : 1 }))
    .toSorted((one, other) => one.tier - other.tier);
}

/** The more wanted first; a total order, so that it does not matter in which order they came. */
function better(one: Pair, other: Pair): number {
  if (one.tier !== other.tier) return one.tier - other.tier;
  if (one.score !== other.score) return other.score - one.score;
  if (one.item.key !== other.item.key) return one.item.key < other.item.key ? -1 : 1;
  return one.node.id < other.node.id ? -1 : 1;
}

/** True when an item that spreads has a replica in the zone already. */
function isCrowded({ chosen }: Draft, { item, node }: Pair): boolean {
  if ((item.locality?.type ?? 'spread') !== 'spread') return false;
  return chosen.get(item.key)?.some((other) => zoneOf(other) === zoneOf(node)) === true;
}

function take({ chosen, used }: Draft, { item, node }: Pair): void {
  const { key, replicas = 1, size = 1 } = item;
  const mine = chosen.get(key) ?? [];
  const after = (used.get(node.id) ?? 0) + size;
  if (mine.length >= replicas || mine.includes(node) || after > (node.capacity ?? Number.POSITIVE_INFINITY)) return;
  mine.push(node);
  used.set(node.id, after);
}

function ordered({ chosen }: Draft): Placement {
  const keys = [...chosen.keys()].toSorted();
  return new Map(keys.map((key) => [key, (chosen.get(key) ?? []).map(({ id }) => id)]));
}

function checkItems(items: readonly PlacementItem[]): void {
  const keys = new Set<string>();
  for (const { key, replicas = 1, size = 1 } of items) {
    if (keys.has(key)) throw bad(`two items are called ${key}`, { key });
    keys.add(key);
    if (!Number.isSafeInteger(replicas) || replicas < 0)
      throw bad(`replicas of ${key} are ${replicas}: expected a whole number from 0`, { key });
    if (!(size >= 0) || !Number.isFinite(size))
      throw bad(`size of ${key} is ${size}: expected a number from 0`, { key });
  }
}

function checkNodes(nodes: readonly PlacementNode[]): void {
  const ids = new Set<string>();
  for (const { id, weight = 1, capacity = 0 } of nodes) {
    if (ids.has(id)) throw bad(`two nodes are called ${id}`, { id });
    ids.add(id);
    if (!(weight > 0) || !Number.isFinite(weight)) throw bad(`weight of ${id} is ${weight}: expected above 0`, { id });
    if (!(capacity >= 0)) throw bad(`capacity of ${id} is ${capacity}: expected a number from 0`, { id });
  }
}

function bad(message: string, facts: Readonly<Record<string, string>>): SkepError {
  return new SkepError('BAD_USAGE', message, facts);
}
