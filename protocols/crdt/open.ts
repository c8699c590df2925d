/**
 * The only way to a replica: from what its store has. A replica that finds all that it ever made durable goes on under
 * its id. One that cannot prove it - no identity, a damaged record, an id that was retired meanwhile - might give a dot a
 * second time, which would corrupt its documents everywhere and for good; it goes on under a new id. Nobody else chooses
 * ids, so nobody can choose a used one.
 *
 *     identity, all records sound -----------> the same id
 *     first start, damaged, lost, retired ---> node.incarnation, and what could be read is kept as merged data
 *
 * A store that was rolled back to an older, sound state (a backup put in place) cannot be told from here. Others tell:
 * they have dots of this id that it does not know, and it stops at the first that it hears of.
 */
import { SkepError } from '../wire/error.js';
import { addressOf, type DocumentRecord, restoredDocument } from './document.js';
import { type NodeId, replicaId, type ReplicaId } from './dot.js';
import { type Clock, clockStart, compareClocks } from './hlc.js';
import { withoutRetired } from './merge.js';
import type { Identity } from './packet.js';
import { identityOf, newState, persist, type ReplicaEffect, type ReplicaSettings, type ReplicaState } from './state.js';

/** What a driver read from its store. */
export interface Found {
  /** Undefined when there is none that can be read. */
  readonly identity: Identity | undefined;
  /** With the clock that each was written with. */
  readonly documents: readonly { readonly record: DocumentRecord; readonly clock: Clock }[];
  /** A record could not be read, or may be older than the last that was made durable, or the replica was stopped. */
  readonly damaged: boolean;
}

/** How to open a replica. */
export interface OpenOptions {
  readonly settings: ReplicaSettings;
  readonly node: NodeId;
  /** A whole number that this node never used before, for the case that a new id is needed; 64 random bits less 11 do. */
  readonly incarnation: number;
  /** Of chance. */
  readonly seed: number;
  readonly found: Found;
}

/**
 * A replica from its store. The effects come before those of its first step. Neighbours are an input of it.
 * @throws SkepError BAD_USAGE when a new id is needed and the incarnation was used.
 */
export function openReplica({ settings, node, incarnation, seed, found }: OpenOptions): {
  readonly state: ReplicaState;
  readonly effects: readonly ReplicaEffect[];
} {
  const { identity, documents } = found;
  const kept = isWhole(found) ? identity?.replica : undefined;
  const replica = kept ?? newId(node, incarnation, found);
  let clock = clockStart;
  for (const one of documents) if (compareClocks(one.clock, clock) > 0) clock = one.clock;
  const state = newState(settings, node, replica, clock, seed);
  for (const id of identity?.retired ?? []) state.retired.add(id);
  for (const { record } of documents) {
    const document = restoredDocument({ ...record, state: withoutRetired(record.state, state.retired) });
    const address = addressOf(document);
    state.documents.set(address, document);
    state.digest.stale.add(address);
  }
  return { state, effects: kept === undefined ? [persist(state, [], identityOf(state))] : [] };
}

function isWhole({ identity, damaged }: Found): boolean {
  return !damaged && identity !== undefined && !identity.retired.includes(identity.replica);
}

function newId(node: NodeId, incarnation: number, { identity, documents }: Found): ReplicaId {
  const id = replicaId(node, incarnation);
  const used =
    !Number.isSafeInteger(incarnation) ||
    incarnation < 0 ||
    identity?.replica === id ||
    identity?.retired.includes(id) === true ||
    documents.some(({ record }) => record.state.context.has(id));
  if (!used) return id;
  const message = `incarnation ${incarnation} of ${node}: expected a whole number that the node has not used before`;
  throw new SkepError('BAD_USAGE', message, { node, incarnation });
}
