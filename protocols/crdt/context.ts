/**
 * Causal contexts: the set of all dots that a state has seen, whether what they named is still there or not. What is in
 * the context and not in the store was removed; so removals need no tombstones (Almeida, Shoker and Baquero, "Delta state
 * replicated data types", JPDC 2018, section 7; the compact form is of section 7.2).
 *
 *     a  [1 ........ 41]            a version vector: one range from 1
 *     b  [1 .. 7]   [9]  [12 .. 14] the same and a cloud: what is above the first gap
 *
 * A context holds, for each replica, ranges that are sorted, disjoint and not adjacent, so equal sets are equal in form.
 * The context of a replica's full state has no cloud as long as deltas are merged causally. Contexts are never changed.
 */
import { compareText, type Dot, type ReplicaId } from './dot.js';

/** Counters from `from` to `to`, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A set of dots. Replicas without dots are not in it. */
export type Context = ReadonlyMap<ReplicaId, readonly Range[]>;

/** The context that has seen nothing. */
export const noContext: Context = new Map();

/** True when the dot is in the context. */
export function contains(context: Context, { replica, counter }: Dot): boolean {
  const ranges = context.get(replica);
  if (ranges === undefined) return false;
  for (const { from, to } of ranges) if (counter <= to) return counter >= from;
  return false;
}

/** The highest counter of a replica that was seen; 0 when none was. */
export function lastOf(context: Context, replica: ReplicaId): number {
  return context.get(replica)?.at(-1)?.to ?? 0;
}

/** Ids in the order in which they are encoded. */
export function replicasOf(context: Context): readonly ReplicaId[] {
  return [...context.keys()].toSorted(compareText);
}

/** True when the context is a version vector: of no replica is a dot seen without all before it. */
export function isVector(context: Context): boolean {
  for (const ranges of context.values()) if (ranges.length !== 1 || ranges[0]?.from !== 1) return false;
  return true;
}

/** The context of some dots, in any order. */
export function contextOf(dots: Iterable<Dot>): Context {
  const counters = new Map<ReplicaId, number[]>();
  for (const { replica, counter } of dots) {
    const some = counters.get(replica);
    if (some === undefined) counters.set(replica, [counter]);
    else some.push(counter);
  }
  const context = new Map<ReplicaId, readonly Range[]>();
  for (const [replica, some] of counters) {
    const ranges = some.toSorted((a, b) => a - b).map((counter) => ({ from: counter, to: counter }));
    context.set(replica, coalesce(ranges));
  }
  return context;
}

/** The union. It is `one` itself when there is nothing new in the other. */
export function joinContexts(one: Context, other: Context): Context {
  let joined: Map<ReplicaId, readonly Range[]> | undefined;
  for (const [replica, ranges] of other) {
    const mine = one.get(replica);
    if (mine !== undefined && coversRanges(mine, ranges)) continue;
    joined ??= new Map(one);
    joined.set(replica, mine === undefined ? ranges : unite(mine, ranges));
  }
  return joined ?? one;
}

/** True when each dot of the other is in this one. */
export function covers(one: Context, other: Context): boolean {
  for (const [replica, ranges] of other) {
    const mine = one.get(replica);
    if (mine === undefined || !coversRanges(mine, ranges)) return false;
  }
  return true;
}

/** The dots of one that are not in the other. */
export function subtract(one: Context, other: Context): Context {
  if (one === other) return noContext;
  const rest = new Map<ReplicaId, readonly Range[]>();
  for (const [replica, ranges] of one) {
    const taken = other.get(replica);
    if (taken === ranges) continue;
    const left = taken === undefined ? ranges : cut(ranges, taken);
    if (left.length > 0) rest.set(replica, left);
  }
  return rest;
}

/** The context without all dots of some replicas. It is the same one when there are none. */
export function withoutReplicas(context: Context, gone: ReadonlySet<ReplicaId>): Context {
  let found = false;
  for (const replica of context.keys()) if (gone.has(replica)) found = true;
  return found ? new Map([...context].filter(([replica]) => !gone.has(replica))) : context;
}

function coversRanges(mine: readonly Range[], theirs: readonly Range[]): boolean {
  let at = 0;
  for (const { from, to } of theirs) {
    while (at < mine.length && (mine[at] as Range).to < from) at += 1;
    const range = mine[at];
    if (range === undefined || range.from > from || range.to < to) return false;
  }
  return true;
}

function unite(mine: readonly Range[], theirs: readonly Range[]): readonly Range[] {
  return coalesce([...mine, ...theirs].toSorted((a, b) => a.from - b.from));
}

/** Ranges sorted by their start, made disjoint and not adjacent. */
function coalesce(sorted: readonly Range[]): readonly Range[] {
  const ranges: Range[] = [];
  for (const range of sorted) {
    const last = ranges.at(-1);
    if (last === undefined || range.from > last.to + 1) ranges.push(range);
    else if (range.to > last.to) ranges[ranges.length - 1] = { from: last.from, to: range.to };
  }
  return ranges;
}

/** What is left of ranges when others are taken out. */
function cut(ranges: readonly Range[], taken: readonly Range[]): readonly Range[] {
  const left: Range[] = [];
  for (const { from, to } of ranges) {
    let next = from;
    for (const hole of taken) {
      if (hole.to < next) continue;
      if (hole.from > to) break;
      if (hole.from > next) left.push({ from: next, to: hole.from - 1 });
      next = hole.to + 1;
    }
    if (next <= to) left.push({ from: next, to });
  }
  return left;
}
