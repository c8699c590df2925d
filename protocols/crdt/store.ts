/**
 * Dot stores and their join: what all causal types are made of. A store keeps what is there under the dots of the
 * updates that put it there; together with a causal context it is a lattice.
 *
 *     DotFun  dot -> payload             flags (no payload), registers, counters
 *     DotMap  key -> DotFun or DotMap    sets, maps, maps of maps
 *
 * (Almeida, Shoker and Baquero, JPDC 2018, section 7.3; a DotSet is a DotFun without payloads.) The join keeps a dot when
 * both sides have it, or when one has it and the other has not seen it. A dot that is seen and not there was removed.
 *
 * Stores are never changed; a join that adds nothing gives back the very same object, and one that adds little shares the
 * rest. So "did this inflate my state" is a comparison of references, and a difference costs what differs.
 */
import { contains, type Context, contextOf, joinContexts, noContext, subtract } from './context.js';
import { compareDots, type Dot, type ReplicaId } from './dot.js';
import { comparePayloads, type Payload } from './payload.js';

/** What one dot put there. */
export interface Entry extends Dot {
  readonly payload: Payload;
}

/** Payloads by dot, sorted by dot; never empty. */
export interface DotFun {
  readonly type: 'fun';
  readonly entries: readonly Entry[];
}

/** Stores by key; never empty. */
export interface DotMap {
  readonly type: 'map';
  readonly children: ReadonlyMap<string, Store>;
}

/** A store with something in it. The empty store is `undefined`, so that there is one form of it. */
export type Store = DotFun | DotMap;

/** A state, or a delta: both are elements of the same lattice. */
export interface Causal {
  readonly store: Store | undefined;
  readonly context: Context;
}

/** The least element: nothing seen, nothing there. */
export const bottom: Causal = { store: undefined, context: noContext };

/** The least upper bound. It is `one` itself when the other adds nothing. */
export function join(one: Causal, other: Causal): Causal {
  const store = joinStores(one.store, one.context, other.store, other.context);
  const context = joinContexts(one.context, other.context);
  return store === one.store && context === one.context ? one : { store, context };
}

/** The least delta that leads from `before` to `after`, for states of which the second came out of the first. */
export function difference(after: Causal, before: Causal): Causal {
  const removed: Dot[] = [];
  const store = added(after.store, before.store, removed);
  const fresh = subtract(after.context, before.context);
  return { store, context: removed.length === 0 ? fresh : joinContexts(fresh, contextOf(removed)) };
}

/** Dots of a store. */
export function* dotsOf(store: Store | undefined): Generator<Entry> {
  if (store === undefined) return;
  if (store.type === 'fun') yield* store.entries;
  else for (const child of store.children.values()) yield* dotsOf(child);
}

/** Entries of a store of leaves; none for the empty store. */
export function entriesOf(store: Store | undefined): readonly Entry[] {
  return store?.type === 'fun' ? store.entries : [];
}

/** Children of a store of keys; none for the empty store. */
export function childrenOf(store: Store | undefined): ReadonlyMap<string, Store> {
  return store?.type === 'map' ? store.children : noChildren;
}

/** The state without all that some replicas did, as if they had never been. The same object when they did nothing. */
export function withoutDotsOf(store: Store | undefined, gone: ReadonlySet<ReplicaId>): Store | undefined {
  return gone.size === 0 ? store : keepDots(store, ({ replica }) => !gone.has(replica));
}

const noChildren: ReadonlyMap<string, Store> = new Map();

function joinStores(
  one: Store | undefined,
  oneSeen: Context,
  other: Store | undefined,
  otherSeen: Context,
): Store | undefined {
  if (one === other) return one;
  if (one === undefined) return keepDots(other, (dot) => !contains(oneSeen, dot));
  if (other === undefined) return keepDots(one, (dot) => !contains(otherSeen, dot));
  if (one.type === 'fun' && other.type === 'fun') return joinFuns(one, oneSeen, other, otherSeen);
  if (one.type === 'map' && other.type === 'map') return joinMaps(one, oneSeen, other, otherSeen);
  throw new TypeError('the stores of one key have two shapes; what is decoded is checked against the kind');
}

function joinFuns(one: DotFun, oneSeen: Context, other: DotFun, otherSeen: Context): Store | undefined {
  const entries: Entry[] = [];
  let changed = false;
  let at = 0;
  for (const mine of one.entries) {
    for (let theirs = other.entries[at]; theirs !== undefined; theirs = other.entries[at]) {
      if (compareDots(theirs, mine) >= 0) break;
      at += 1;
      if (contains(oneSeen, theirs)) continue;
      entries.push(theirs);
      changed = true;
    }
    const theirs = other.entries[at];
    if (theirs !== undefined && compareDots(theirs, mine) === 0) {
      at += 1;
      // One dot has one payload. Where a fault made two of them, all replicas settle on the same.
      const greater = comparePayloads(theirs.payload, mine.payload) > 0;
      entries.push(greater ? theirs : mine);
      changed ||= greater;
    } else if (contains(otherSeen, mine)) changed = true;
    else entries.push(mine);
  }
  for (const theirs of other.entries.slice(at)) {
    if (contains(oneSeen, theirs)) continue;
    entries.push(theirs);
    changed = true;
  }
  if (!changed) return one;
  return entries.length === 0 ? undefined : { type: 'fun', entries };
}

function joinMaps(one: DotMap, oneSeen: Context, other: DotMap, otherSeen: Context): Store | undefined {
  let children: Map<string, Store> | undefined;
  const put = (key: string, child: Store | undefined): void => {
    children ??= new Map(one.children);
    if (child === undefined) children.delete(key);
    else children.set(key, child);
  };
  for (const [key, mine] of one.children) {
    const joined = joinStores(mine, oneSeen, other.children.get(key), otherSeen);
    if (joined !== mine) put(key, joined);
  }
  for (const [key, theirs] of other.children) {
    if (one.children.has(key)) continue;
    const joined = joinStores(undefined, oneSeen, theirs, otherSeen);
    if (joined !== undefined) put(key, joined);
  }
  return mapOf(children ?? one.children, one);
}

/** The dots of a store that pass. The same object when all do. */
function keepDots(store: Store | undefined, passes: (dot: Dot) => boolean): Store | undefined {
  if (store === undefined) return undefined;
  if (store.type === 'fun') {
    const entries = store.entries.filter(passes);
    if (entries.length === store.entries.length) return store;
    return entries.length === 0 ? undefined : { type: 'fun', entries };
  }
  let children: Map<string, Store> | undefined;
  for (const [key, child] of store.children) {
    const kept = keepDots(child, passes);
    if (kept === child) continue;
    children ??= new Map(store.children);
    if (kept === undefined) children.delete(key);
    else children.set(key, kept);
  }
  return mapOf(children ?? store.children, store);
}

function mapOf(children: ReadonlyMap<string, Store>, before: DotMap): Store | undefined {
  if (children === before.children) return before;
  return children.size === 0 ? undefined : { type: 'map', children };
}

/** What is in one store and not in an earlier one; dots that are not there any more go to `removed`. */
function added(after: Store | undefined, before: Store | undefined, removed: Dot[]): Store | undefined {
  if (after === before) return undefined;
  if (after === undefined || before === undefined) {
    for (const dot of dotsOf(before)) removed.push(dot);
    return after;
  }
  if (after.type === 'fun' && before.type === 'fun') {
    for (const entry of before.entries) if (!has(after, entry)) removed.push(entry);
    const entries = after.entries.filter((entry) => !has(before, entry));
    return entries.length === 0 ? undefined : { type: 'fun', entries };
  }
  const children = new Map<string, Store>();
  for (const [key, child] of childrenOf(after)) {
    const fresh = added(child, childrenOf(before).get(key), removed);
    if (fresh !== undefined) children.set(key, fresh);
  }
  for (const [key, child] of childrenOf(before)) {
    if (!childrenOf(after).has(key)) for (const dot of dotsOf(child)) removed.push(dot);
  }
  return children.size === 0 ? undefined : { type: 'map', children };
}

function has({ entries }: DotFun, dot: Dot): boolean {
  return entries.some((entry) => entry.counter === dot.counter && entry.replica === dot.replica);
}
