/**
 * What a state means: the value that an application reads. Two states with equal stores have equal values, whatever the
 * order in which anything arrived.
 */
import { unreachable } from '../wire/error.js';
import { compareText } from './dot.js';
import { compareClocks } from './hlc.js';
import { childKind, type Kind } from './kind.js';
import { sumOf } from './operation.js';
import { compareBytes } from './payload.js';
import { childrenOf, entriesOf, type Entry, type Store } from './store.js';

/** The value of a document, by its kind. Everything in a list is in the order of its keys or bytes. */
export type Value =
  | { readonly kind: 'g-counter' | 'pn-counter'; readonly count: number }
  /** Undefined before the first assignment, and after a clear. */
  | { readonly kind: 'lww-register'; readonly value: Uint8Array | undefined }
  /** More than one when they were assigned concurrently. */
  | { readonly kind: 'mv-register'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'flag'; readonly enabled: boolean }
  | { readonly kind: 'or-set'; readonly elements: readonly string[] }
  | { readonly kind: 'lww-map'; readonly entries: readonly { readonly key: string; readonly value: Uint8Array }[] }
  | { readonly kind: 'or-map'; readonly entries: readonly { readonly key: string; readonly value: Value }[] };

/** The value of a store of that kind. */
export function valueOf(kind: Kind, store: Store | undefined): Value {
  switch (kind) {
    case 'g-counter':
    case 'pn-counter': {
      const { added, taken } = sumOf(entriesOf(store));
      return { kind, count: added - taken };
    }
    case 'lww-register':
      return { kind, value: latest(entriesOf(store)) };
    case 'mv-register':
      return { kind, values: candidates(entriesOf(store)) };
    case 'flag':
      return { kind, enabled: store !== undefined };
    case 'or-set':
      return { kind, elements: keysOf(store) };
    case 'lww-map':
      return { kind, entries: keysOf(store).map((key) => ({ key, value: assigned(store, key) })) };
    case 'or-map':
      return { kind, entries: childValues(store) };
    default:
      return unreachable(kind);
  }
}

/** Of concurrent values the one of the latest stamp, and of equal stamps that of the greater replica id. */
export function latest(entries: readonly Entry[]): Uint8Array | undefined {
  let winner: Entry | undefined;
  for (const entry of entries) if (winner === undefined || beats(entry, winner)) winner = entry;
  return winner?.payload.type === 'stamped' ? winner.payload.value : undefined;
}

function beats(one: Entry, other: Entry): boolean {
  if (one.payload.type !== 'stamped' || other.payload.type !== 'stamped') return false;
  const order = compareClocks(one.payload.stamp, other.payload.stamp) || compareText(one.replica, other.replica);
  return order > 0;
}

function candidates(entries: readonly Entry[]): readonly Uint8Array[] {
  return entries
    .flatMap(({ payload }) => (payload.type === 'plain' ? [payload.value] : []))
    .toSorted(compareBytes)
    .filter((value, at, all) => at === 0 || compareBytes(all[at - 1] as Uint8Array, value) !== 0);
}

function keysOf(store: Store | undefined): readonly string[] {
  return [...childrenOf(store).keys()].toSorted(compareText);
}

function assigned(store: Store | undefined, key: string): Uint8Array {
  return latest(entriesOf(childrenOf(store).get(key))) as Uint8Array;
}

function childValues(store: Store | undefined): readonly { readonly key: string; readonly value: Value }[] {
  return keysOf(store).flatMap((storeKey) => {
    const kind = childKind('or-map', storeKey);
    if (kind === undefined) return [];
    return [{ key: storeKey.slice(1), value: valueOf(kind, childrenOf(store).get(storeKey)) }];
  });
}
