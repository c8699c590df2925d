/**
 * The way from one placement to another, in an order in which it can be walked: every item is copied to where it comes
 * before it is dropped where it goes, so that it is never on fewer nodes than before, and no node ever holds more than
 * its capacity, copies included.
 *
 *     copy k: a -> b     b has room           drop k: a     a has room now, and the next copy may come
 *
 * Nodes that are full and exchange items with each other have no such order. Of them the smallest copy goes first, over
 * the capacity of its node and marked so.
 */
import type { Placement, PlacementItem, PlacementNode } from './node.js';

/** One thing to do. */
export type Step =
  /** `from` holds the item; undefined when nobody does. `over`: there is no room for it at `to`, nor a way to make any. */
  | {
      readonly type: 'copy';
      readonly key: string;
      readonly from: string | undefined;
      readonly to: string;
      readonly over: boolean;
    }
  /** After all copies of the item. */
  | { readonly type: 'drop'; readonly key: string; readonly node: string };

/** What changes for one item. */
interface Change {
  readonly key: string;
  readonly size: number;
  readonly from: string | undefined;
  readonly copies: string[];
  readonly drops: readonly string[];
}

/** The steps from `before` to `after`. Items that neither has are left out; nodes that are gone hold nothing any more. */
export function diffPlacements(
  before: Placement,
  after: Placement,
  items: readonly PlacementItem[],
  nodes: readonly PlacementNode[],
): readonly Step[] {
  const sizes = new Map(items.map(({ key, size = 1 }) => [key, size]));
  const living = new Set(nodes.map(({ id }) => id));
  const room = roomOf(before, sizes, nodes);
  const changes = changesOf(before, after, sizes, living);
  const steps: Step[] = [];
  const finish = ({ key, size, drops }: Change): void => {
    for (const node of drops) {
      steps.push({ type: 'drop', key, node });
      room.set(node, (room.get(node) ?? 0) + size);
    }
  };
  for (const change of changes) if (change.copies.length === 0) finish(change);
  let open = changes.filter(({ copies }) => copies.length > 0);
  while (open.length > 0) {
    let moved = false;
    for (const change of open) {
      const { key, size, from, copies } = change;
      for (const to of copies.filter((id) => (room.get(id) ?? 0) >= size)) {
        steps.push({ type: 'copy', key, from, to, over: false });
        room.set(to, (room.get(to) ?? 0) - size);
        copies.splice(copies.indexOf(to), 1);
        moved = true;
      }
      if (copies.length === 0) finish(change);
    }
    open = open.filter(({ copies }) => copies.length > 0);
    if (!moved) forceOne(open, room, steps, finish);
    open = open.filter(({ copies }) => copies.length > 0);
  }
  return steps;
}

/** Every node that is to take a copy waits for another: one goes first. */
function forceOne(
  open: readonly Change[],
  room: Map<string, number>,
  steps: Step[],
  finish: (change: Change) => void,
): void {
  const [first, ...others] = open;
  if (first === undefined) return;
  const smallest = others.reduce((least, one) => (one.size < least.size ? one : least), first);
  const { key, size, from, copies } = smallest;
  const to = copies.shift();
  if (to === undefined) return;
  steps.push({ type: 'copy', key, from, to, over: true });
  room.set(to, (room.get(to) ?? 0) - size);
  if (copies.length === 0) finish(smallest);
}

function changesOf(
  before: Placement,
  after: Placement,
  sizes: ReadonlyMap<string, number>,
  living: ReadonlySet<string>,
): readonly Change[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return keys.map((key): Change => {
    const old = (before.get(key) ?? []).filter((id) => living.has(id));
    const coming = after.get(key) ?? [];
    return {
      key,
      size: sizes.get(key) ?? 1,
      from: old[0],
      copies: coming.filter((id) => !old.includes(id)),
      drops: old.filter((id) => !coming.includes(id)),
    };
  });
}

/** What is free on each node. */
function roomOf(
  before: Placement,
  sizes: ReadonlyMap<string, number>,
  nodes: readonly PlacementNode[],
): Map<string, number> {
  const room = new Map(nodes.map(({ id, capacity = Number.POSITIVE_INFINITY }) => [id, capacity]));
  for (const [key, ids] of before)
    for (const id of ids) {
      const free = room.get(id);
      if (free !== undefined) room.set(id, free - (sizes.get(key) ?? 1));
    }
  return room;
}
