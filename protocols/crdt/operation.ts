/**
 * Delta mutators: an operation on a state gives a delta, and the new state is the join of the two. A delta that adds
 * carries one new dot and, in its context, the dots that it supersedes; one that removes carries only those that it has
 * observed. (Almeida, Shoker and Baquero, JPDC 2018, sections 7.4 and 7.5; the counters are those of Baquero, Almeida and
 * Lerche, "The problem with embedded CRDT counters and a solution", PaPoC 2016, without `fresh`.)
 *
 * | concurrent                              | comes out as                                                           |
 * |-----------------------------------------|------------------------------------------------------------------------|
 * | add and remove of an element            | it is in (add wins)                                                    |
 * | enable and disable of a flag            | enabled                                                                |
 * | two assigns, last writer wins           | the later stamp; of equal stamps the greater replica id                |
 * | two assigns, multi-value                | both values                                                            |
 * | update in a map and delete of its key   | the key is there, with what the delete had not observed (reset-remove) |
 * | increment in a map and delete           | the key is there, with all that the incrementing replica ever added    |
 */
import { unreachable } from '../wire/error.js';
import { contextOf } from './context.js';
import type { Dot } from './dot.js';
import type { Clock } from './hlc.js';
import { childKey, isKey, type Kind, maxDepth } from './kind.js';
import { type Payload, type Total, unit } from './payload.js';
import { type Causal, childrenOf, dotsOf, entriesOf, type Entry, type Store } from './store.js';

/** What an application does to a document. Elements, keys: text without lone surrogates, at most `maxKeyLength` long. */
export type Operation =
  /** Counters; the amount is a whole number above 0. Of the two only pn-counters decrement. */
  | { readonly type: 'increment' | 'decrement'; readonly by: number }
  /** Registers. The bytes are kept as they are and must not be changed afterwards. */
  | { readonly type: 'assign'; readonly value: Uint8Array }
  | { readonly type: 'enable' | 'disable' }
  /** or-set. */
  | { readonly type: 'add' | 'remove'; readonly element: string }
  /** lww-map; `delete` of a key of it too. */
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: string }
  /** or-map: an operation on the child of that kind and key, which is there once something is in it. */
  | { readonly type: 'update'; readonly kind: Kind; readonly key: string; readonly operation: Operation }
  | { readonly type: 'drop'; readonly kind: Kind; readonly key: string }
  /** Any kind but g-counter: removes all that is observed. */
  | { readonly type: 'clear' };

/** Why an operation is not done: it does not fit the kind, a key or amount is not allowed, or it leads too deep or far. */
export type Refusal = 'wrong-kind' | 'bad-key' | 'bad-amount' | 'too-deep' | 'overflow';

/** What a mutator gives to a new update. */
export interface Origin {
  /** The next dot of the replica in this document. */
  readonly dot: Dot;
  readonly stamp: Clock;
}

/** What an operation puts into a part of a state, and what it has observed of that part and takes away. */
interface Change {
  readonly store: Store | undefined;
  readonly removed: readonly Dot[];
}

/** The delta of an operation; an empty one when there is nothing to do, such as for the removal of what is not there. */
export function mutate(kind: Kind, state: Causal, operation: Operation, origin: Origin): Causal | Refusal {
  const change = changed(kind, state.store, operation, origin, 1);
  if (typeof change === 'string') return change;
  const { store, removed } = change;
  return { store, context: contextOf(store === undefined ? removed : [...removed, origin.dot]) };
}

function changed(
  kind: Kind,
  store: Store | undefined,
  operation: Operation,
  origin: Origin,
  depth: number,
): Change | Refusal {
  if (depth > maxDepth) return 'too-deep';
  if (operation.type === 'clear') return kind === 'g-counter' ? 'wrong-kind' : cleared(store);
  switch (kind) {
    case 'g-counter':
    case 'pn-counter':
      return count(kind, store, operation, origin);
    case 'lww-register':
      if (operation.type !== 'assign') return 'wrong-kind';
      return put(store, origin, { type: 'stamped', stamp: origin.stamp, value: operation.value });
    case 'mv-register':
      if (operation.type !== 'assign') return 'wrong-kind';
      return put(store, origin, { type: 'plain', value: operation.value });
    case 'flag':
      if (operation.type === 'disable') return cleared(store);
      return operation.type === 'enable' ? put(store, origin, unit) : 'wrong-kind';
    case 'or-set':
      if (operation.type === 'remove') return within(kind, store, operation.element, { type: 'clear' }, origin, depth);
      if (operation.type !== 'add') return 'wrong-kind';
      return within('flag', store, operation.element, { type: 'enable' }, origin, depth);
    case 'lww-map':
      if (operation.type === 'delete') return within(kind, store, operation.key, { type: 'clear' }, origin, depth);
      if (operation.type !== 'put') return 'wrong-kind';
      return within('lww-register', store, operation.key, { type: 'assign', value: operation.value }, origin, depth);
    case 'or-map':
      return nested(store, operation, origin, depth);
    default:
      return unreachable(kind);
  }
}

function nested(store: Store | undefined, operation: Operation, origin: Origin, depth: number): Change | Refusal {
  if (operation.type !== 'update' && operation.type !== 'drop') return 'wrong-kind';
  const key = childKey(operation.kind, operation.key);
  // Dropping a key removes it whatever its kind, a g-counter too: the key goes, the counter does not shrink.
  if (operation.type === 'drop') return within('or-map', store, key, { type: 'clear' }, origin, depth);
  return within(operation.kind, store, key, operation.operation, origin, depth);
}

/** An operation on the child of a key, which is of the given kind. */
function within(
  kind: Kind,
  store: Store | undefined,
  key: string,
  operation: Operation,
  origin: Origin,
  depth: number,
): Change | Refusal {
  if (!isKey(key)) return 'bad-key';
  const change = changed(kind, childrenOf(store).get(key), operation, origin, depth + 1);
  if (typeof change === 'string' || change.store === undefined) return change;
  return { store: { type: 'map', children: new Map([[key, change.store]]) }, removed: change.removed };
}

function cleared(store: Store | undefined): Change {
  return { store: undefined, removed: [...dotsOf(store)] };
}

/** One payload in the place of all that are observed. */
function put(store: Store | undefined, { dot }: Origin, payload: Payload): Change {
  return { store: { type: 'fun', entries: [{ ...dot, payload }] }, removed: entriesOf(store) };
}

/** The total of the replica under a new dot in the place of the one before; those of others stay. */
function count(
  kind: 'g-counter' | 'pn-counter',
  store: Store | undefined,
  operation: Operation,
  { dot }: Origin,
): Change | Refusal {
  if (operation.type !== 'increment' && operation.type !== 'decrement') return 'wrong-kind';
  if (operation.type === 'decrement' && kind === 'g-counter') return 'wrong-kind';
  const { by } = operation;
  if (!Number.isSafeInteger(by) || by < 1) return 'bad-amount';
  const own = entriesOf(store).filter(({ replica }) => replica === dot.replica);
  const { added, taken } = sumOf(own);
  const total: Total =
    operation.type === 'increment'
      ? { type: 'total', added: added + by, taken }
      : { type: 'total', added, taken: taken + by };
  if (!Number.isSafeInteger(total.added) || !Number.isSafeInteger(total.taken)) return 'overflow';
  return { store: { type: 'fun', entries: [{ ...dot, payload: total }] }, removed: own };
}

/** Totals of some entries together. */
export function sumOf(entries: readonly Entry[]): Total {
  let [added, taken] = [0, 0];
  for (const { payload } of entries) {
    if (payload.type !== 'total') continue;
    added += payload.added;
    taken += payload.taken;
  }
  return { type: 'total', added, taken };
}
