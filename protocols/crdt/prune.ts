/**
 * How ids of replicas that departed for good leave the contexts. A context has an entry for each id that ever made an
 * update, and each loss of a store makes a new id, so without this contexts would only grow.
 *
 *     departed --adopt, at one replica--> nothing of it is in any store --retire--> its id is in no context
 *
 * `adopt` is an update like any other: what the departed left is put under dots of the heir, and the old dots are
 * superseded. It is asked of one replica only, by whoever decides on membership: two heirs would count totals twice. To a
 * concurrent remove it is a new add.
 *
 * `retire` is refused until all neighbours have the same root, have acked everything, and no store has a dot of the id.
 * From then on the id is on a list that travels with digests, and all of its dots count as seen: late deltas and states
 * of replicas that were away bring nothing of it back. One list for a replica takes the place of an entry in each
 * document. A replica that finds its own id on the list stops, and goes on under a new one.
 */
import { contextOf, lastOf } from './context.js';
import { type Document, inflate, recordOf } from './document.js';
import { type Dot, nodeOf, type ReplicaId } from './dot.js';
import { rootNow } from './agree.js';
import { sameHash } from './digest.js';
import { withoutRetired } from './merge.js';
import { sumOf } from './operation.js';
import { identityOf, noteInflated, persist, type ReplicaEffect, type ReplicaState, stop } from './state.js';
import { dotsOf, type Entry, join, type Store } from './store.js';

/** Takes over what a departed replica left in all documents. */
export function adopt(state: ReplicaState, id: number, departed: ReplicaId, effects: ReplicaEffect[]): void {
  if (isPresent(state, departed)) {
    effects.push({ type: 'refuse', id, reason: 'not-departed' });
    return;
  }
  const changed: Document[] = [];
  for (const document of state.documents.values()) if (adoptIn(state, document, departed)) changed.push(document);
  if (changed.length > 0) effects.push(persist(state, changed.map(recordOf)));
  effects.push({ type: 'accept', id });
}

function adoptIn(state: ReplicaState, document: Document, departed: ReplicaId): boolean {
  const removed: Dot[] = [];
  const made: Dot[] = [];
  let counter = lastOf(document.state.context, state.replica);
  const next = (): Dot => {
    counter += 1;
    const dot = { replica: state.replica, counter };
    made.push(dot);
    return dot;
  };
  const store = adopted(document.state.store, departed, state.replica, next, removed);
  if (removed.length === 0) return false;
  inflate(document, join(document.state, { store, context: contextOf([...removed, ...made]) }), undefined);
  noteInflated(state, document);
  return true;
}

/** The part of a store that a replica left, under dots of the heir. */
function adopted(
  store: Store | undefined,
  departed: ReplicaId,
  heir: ReplicaId,
  next: () => Dot,
  removed: Dot[],
): Store | undefined {
  if (store === undefined) return undefined;
  if (store.type === 'fun') {
    const entries = adoptedEntries(store.entries, departed, heir, next, removed);
    return entries.length === 0 ? undefined : { type: 'fun', entries };
  }
  const children = new Map<string, Store>();
  for (const [key, child] of store.children) {
    const taken = adopted(child, departed, heir, next, removed);
    if (taken !== undefined) children.set(key, taken);
  }
  return children.size === 0 ? undefined : { type: 'map', children };
}

function adoptedEntries(
  entries: readonly Entry[],
  departed: ReplicaId,
  heir: ReplicaId,
  next: () => Dot,
  removed: Dot[],
): readonly Entry[] {
  const left = entries.filter(({ replica }) => replica === departed);
  if (left.length === 0) return [];
  removed.push(...left);
  if (left[0]?.payload.type !== 'total') return left.map(({ payload }) => ({ ...next(), payload }));
  // A replica has one total in a counter: its own, and what it took over.
  const own = entries.filter(({ replica }) => replica === heir);
  removed.push(...own);
  return [{ ...next(), payload: sumOf([...own, ...left]) }];
}

/** Puts a departed id on the list, once nobody lacks anything of it. */
export function retire(state: ReplicaState, id: number, departed: ReplicaId, effects: ReplicaEffect[]): void {
  if (state.retired.has(departed)) effects.push({ type: 'accept', id });
  else if (isPresent(state, departed)) effects.push({ type: 'refuse', id, reason: 'not-departed' });
  else if (isInStores(state, departed) || !isConverged(state))
    effects.push({ type: 'refuse', id, reason: 'not-converged' });
  else {
    learnRetired(state, [departed], effects);
    effects.push({ type: 'accept', id });
  }
}

/** Puts ids on the list, and takes them out of all documents. */
export function learnRetired(state: ReplicaState, ids: readonly ReplicaId[], effects: ReplicaEffect[]): void {
  const fresh = ids.filter((id) => !state.retired.has(id));
  if (fresh.length === 0) return;
  if (fresh.includes(state.replica)) {
    stop(state, 'retired', effects);
    return;
  }
  for (const id of fresh) state.retired.add(id);
  // Records keep the ids: what is on the list is taken out when they are read.
  effects.push(persist(state, [], identityOf(state)));
  for (const [address, document] of state.documents) {
    const without = withoutRetired(document.state, state.retired);
    if (without.context === document.state.context) continue;
    document.state = without;
    state.digest.stale.add(address);
  }
}

function isPresent({ replica, neighbours }: ReplicaState, id: ReplicaId): boolean {
  if (replica === id) return true;
  // A neighbour of that node that has not said a word may be it.
  for (const neighbour of neighbours.values())
    if ((neighbour.replica ?? (neighbour.node === nodeOf(id) ? id : undefined)) === id) return true;
  return false;
}

function isInStores({ documents }: ReplicaState, id: ReplicaId): boolean {
  for (const { state } of documents.values())
    for (const { replica } of dotsOf(state.store)) if (replica === id) return true;
  return false;
}

/** All neighbours have acked all of this replica, and said that they have no more than it has. */
function isConverged(state: ReplicaState): boolean {
  const root = rootNow(state);
  for (const neighbour of state.neighbours.values())
    if (neighbour.dirty.size > 0 || neighbour.root === undefined || !sameHash(neighbour.root, root)) return false;
  return true;
}
