/**
 * One node of a store of replicated keys after Dynamo (DeCandia et al., SOSP 2007): a hash ring, preference lists of N
 * distinct nodes, writes acknowledged by W and reads answered by R of them, versions with vector clocks, read repair,
 * hinted hand-off and anti-entropy. Each file beside this one is one of these; this is the step that they make up.
 *
 *     put, get ─────> coordinate, put, get ──┐
 *     receive ──────> step ──────────────────┼──> records ──> persist, send, reply
 *     tick ─────────> hints, sync, collect ──┤
 *     ring ─────────> takeover ──────────────┘
 *
 * With R + W > N and without stand-ins a read sees every write that was acknowledged before it began, or what has
 * superseded it; two writes of which neither has seen the other are both kept. It is no more than that: two reads during
 * a write may see it and then not see it, and a write that failed may be seen later.
 *
 * The step changes the state that it is given, which belongs to it.
 */
import { unreachable } from '../wire/error.js';
import { answerCollect, takeConsent, takeDrop, tickCollect } from './collect.js';
import { beginGet, fetchedFrom, tickGet } from './get.js';
import { hintStored, releaseRecord, tickHints } from './hints.js';
import type { QuorumMessage } from './message.js';
import { beginPut, storedAt, tickPut } from './put.js';
import { arcOfKey, count, flush, keepHint, mergeRecord, send, versionsOf, writeIdentity } from './records.js';
import { positionOf } from './ring.js';
import type { QuorumSettings } from './settings.js';
import type { QuorumInput, QuorumState, QuorumStep, Stored } from './state.js';
import {
  answerBuckets,
  answerPull,
  answerSync,
  compareKeys,
  compareRanges,
  syncEqual,
  takePush,
  tickSync,
} from './sync.js';
import { adoptRing, checkCopied, layOutRing } from './takeover.js';
import { digestVersions, isTombstone } from './versions.js';

/** References of messages begin at a random place, so that an answer to an earlier life is none to this one. */
const PLACES = 2 ** 20;

/** A node that starts with what is on its disk; `start` is its first input. `seed` differs from life to life. */
export function newQuorum(settings: QuorumSettings, node: string, seed: number, stored: Stored): QuorumState {
  const { identity, ring, records, hints } = stored;
  const state: QuorumState = {
    settings,
    node,
    actor: identity.actor,
    chance: seed,
    tick: 0,
    ring: undefined,
    table: undefined,
    counter: identity.ceiling,
    ceiling: identity.ceiling,
    recovering: identity.recovering,
    entries: new Map(),
    trees: new Map(),
    graves: new Set(),
    hints: new Map(),
    hintCount: 0,
    hintTick: 0,
    deliveries: new Map(),
    operations: new Map(),
    nextRef: (seed >>> 0) * PLACES,
    session: undefined,
    syncTick: 0,
    copied: new Map(),
    peers: [],
    gaining: false,
    collection: undefined,
    collectTick: 0,
    writes: [],
    effects: [],
  };
  for (const [key, versions] of records) {
    const digest = digestVersions(key, versions);
    state.entries.set(key, { key, position: positionOf(key), versions, digest, arc: undefined, since: 0 });
    if (isTombstone(versions)) state.graves.add(key);
  }
  for (const [target, key] of hints) {
    state.hints.set(target, (state.hints.get(target) ?? new Set<string>()).add(key));
    state.hintCount += 1;
  }
  if (ring !== undefined) layOutRing(state, ring);
  return state;
}

/** One step. */
export function stepQuorum(state: QuorumState, input: QuorumInput): QuorumStep {
  state.effects = [];
  switch (input.type) {
    case 'start':
      start(state);
      break;
    case 'tick':
      tick(state);
      break;
    case 'receive':
      receive(state, input.from, input.message);
      break;
    case 'ring':
      adoptRing(state, input.ring);
      break;
    case 'get':
      beginGet(state, input);
      break;
    case 'put':
      beginPut(state, input);
      break;
    default:
      unreachable(input);
  }
  flush(state);
  return { state, effects: state.effects };
}

/** Who it is, and that it may lack something, is on the disk before anything else is. */
function start(state: QuorumState): void {
  writeIdentity(state);
  if (state.ring === undefined) return;
  state.writes.push({ type: 'ring', ring: state.ring });
  for (const key of [...state.entries.keys()]) releaseRecord(state, key);
  checkCopied(state);
}

function tick(state: QuorumState): void {
  state.tick += 1;
  for (const [ref, operation] of [...state.operations]) {
    if (operation.type === 'put') tickPut(state, ref, operation);
    else tickGet(state, ref, operation);
  }
  tickHints(state);
  tickSync(state);
  tickCollect(state);
}

/** Nodes that go by different rings only tell each other so; one that has none waits until it is given one. */
function receive(state: QuorumState, from: string, message: QuorumMessage): void {
  const { ring } = state;
  if (ring === undefined || from === state.node) count(state, 'message ignored');
  else if (message.type === 'ring') adoptRing(state, message.ring);
  else if (message.epoch < ring.epoch) send(state, from, { type: 'ring', epoch: ring.epoch, ring });
  else if (message.type === 'behind') count(state, 'message ignored');
  else if (message.epoch > ring.epoch) send(state, from, { type: 'behind', epoch: ring.epoch });
  else obey(state, from, message);
}

function obey(state: QuorumState, from: string, message: Exclude<QuorumMessage, { type: 'ring' | 'behind' }>): void {
  switch (message.type) {
    case 'store':
      return store(state, from, message);
    case 'stored':
      return stored(state, from, message.ref);
    case 'fetch':
      return send(state, from, {
        type: 'fetched',
        epoch: message.epoch,
        ref: message.ref,
        versions: versionsOf(state, message.key),
        complete: !state.recovering,
      });
    case 'fetched': {
      const operation = state.operations.get(message.ref);
      if (operation?.type === 'get')
        fetchedFrom(state, message.ref, operation, from, message.versions, message.complete);
      return;
    }
    case 'sync':
      return answerSync(state, from, message);
    case 'sync-equal':
      return syncEqual(state, from, message);
    case 'sync-ranges':
      return compareRanges(state, from, message);
    case 'sync-buckets':
      return answerBuckets(state, from, message);
    case 'sync-keys':
      return compareKeys(state, from, message);
    case 'sync-pull':
      return answerPull(state, from, message);
    case 'sync-push':
      return takePush(state, from, message);
    case 'collect':
      return answerCollect(state, from, message);
    case 'consent':
      return takeConsent(state, from, message);
    case 'drop':
      return takeDrop(state, message);
    default:
      return unreachable(message);
  }
}

/** A replica, or whoever stands in for one, takes what another copy knows. It answers once that is on its disk. */
function store(state: QuorumState, from: string, message: Extract<QuorumMessage, { type: 'store' }>): void {
  const { epoch, ref, key, versions, standFor } = message;
  const replicas = arcOfKey(state, key)?.all ?? [];
  if (!replicas.includes(state.node)) {
    const standsIn = state.settings.sloppy && standFor !== undefined && replicas.includes(standFor);
    if (!standsIn || !keepHint(state, standFor, key)) {
      count(state, 'message ignored');
      return;
    }
  }
  mergeRecord(state, key, versions);
  send(state, from, { type: 'stored', epoch, ref });
}

function stored(state: QuorumState, from: string, ref: number): void {
  const operation = state.operations.get(ref);
  if (operation?.type === 'put') storedAt(state, ref, operation, from);
  const delivery = state.deliveries.get(ref);
  if (delivery?.target === from) hintStored(state, ref, delivery);
}
