/**
 * What nodes send each other, and the check that bytes from a peer really are that. (Dissertation, figures 3.1 and 4.1;
 * fields as in etcd's raftpb.) Each message carries the term of its sender, apart from those of a pre-vote, which carry
 * the term that the sender would have.
 *
 *     leader                                             follower
 *        | append, heartbeat, snapshot, timeout-now ───────> |
 *        | <─── append-response, heartbeat-response, snapshot-response, read-request
 *        | read-response ──────────────────────────────────> |
 *     candidate
 *        | pre-vote, vote ─────────────────────────────────> |
 *        | <──────────────── pre-vote-response, vote-response
 */
import type { Config, ConfigChange, Entry, NodeId, RequestId, Snapshot } from './types.js';
import { MAX_ID } from './types.js';

/** `logTerm` is the term of the entry at `index`, the last before `entries`. */
export interface Append {
  readonly type: 'append';
  readonly term: number;
  readonly index: number;
  readonly logTerm: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
  /** For a damaged follower: it is sound again when it has all up to here. 0 for others. */
  readonly recoverTo: number;
}

/**
 * To an append or to a whole snapshot. Not rejected: the log agrees with the leader's up to `index`, durably. Rejected:
 * it does not at `index`, and the leader had better try `rejectHint`, where the follower has an entry of `logTerm`.
 */
export interface AppendResponse {
  readonly type: 'append-response';
  readonly term: number;
  readonly index: number;
  readonly reject: boolean;
  readonly rejectHint: number;
  readonly logTerm: number;
  /** What the sender acknowledges does not count, because it has lost what it acknowledged or promised before. */
  readonly damaged: boolean;
}

/** `round` numbers the heartbeats of a leader; `sentAt` is its tick. Both come back in the answer. */
export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly term: number;
  readonly commit: number;
  readonly round: number;
  readonly sentAt: number;
}

/** `round` 0 of a node that may have voted in a later term and does not know. */
export interface HeartbeatResponse {
  readonly type: 'heartbeat-response';
  readonly term: number;
  readonly round: number;
  readonly sentAt: number;
  /** As in {@link AppendResponse}. */
  readonly damaged: boolean;
}

/** `index` and `logTerm` are those of the last entry of the candidate. */
export interface Vote {
  readonly type: 'vote';
  readonly term: number;
  readonly index: number;
  readonly logTerm: number;
  /** The leader itself asked for this election, so its lease does not stand against it. */
  readonly transfer: boolean;
}

export interface PreVote {
  readonly type: 'pre-vote';
  /** One more than the term of the sender. */
  readonly term: number;
  readonly index: number;
  readonly logTerm: number;
}

/** Granted with the term that was asked for, rejected with the term of the voter. */
export interface VoteResponse {
  readonly type: 'vote-response' | 'pre-vote-response';
  readonly term: number;
  readonly reject: boolean;
}

/** One chunk of a snapshot. */
export interface SnapshotChunk {
  readonly type: 'snapshot';
  readonly term: number;
  readonly snapshot: Snapshot;
  /** Of the first byte of `data`. */
  readonly offset: number;
  readonly data: Uint8Array;
  /** No byte follows. */
  readonly done: boolean;
}

/** Asks for the chunk of the snapshot `index` that begins at `offset`. */
export interface SnapshotResponse {
  readonly type: 'snapshot-response';
  readonly term: number;
  readonly index: number;
  readonly offset: number;
}

/** Start an election at once. */
export interface TimeoutNow {
  readonly type: 'timeout-now';
  readonly term: number;
}

/** Which index do I have to wait for? */
export interface ReadRequest {
  readonly type: 'read-request';
  readonly term: number;
  readonly id: RequestId;
}

/** `index` 0: there is no answer, ask again. */
export interface ReadResponse {
  readonly type: 'read-response';
  readonly term: number;
  readonly id: RequestId;
  readonly index: number;
}

export type RaftMessage =
  | Append
  | AppendResponse
  | Heartbeat
  | HeartbeatResponse
  | Vote
  | PreVote
  | VoteResponse
  | SnapshotChunk
  | SnapshotResponse
  | TimeoutNow
  | ReadRequest
  | ReadResponse;

type Fields = Readonly<Record<string, unknown>>;
type Check = (fields: Fields) => boolean;

/** The fields that a message of each type has beside `type` and `term`. */
const checks: Readonly<Record<RaftMessage['type'], Check>> = {
  append: (m) =>
    whole(m.index) && whole(m.logTerm) && whole(m.commit) && whole(m.recoverTo) && entriesAfter(m.entries, m),
  'append-response': (m) =>
    whole(m.index) && flag(m.reject) && whole(m.rejectHint) && whole(m.logTerm) && flag(m.damaged),
  heartbeat: (m) => whole(m.commit) && whole(m.round) && whole(m.sentAt),
  'heartbeat-response': (m) => whole(m.round) && whole(m.sentAt) && flag(m.damaged),
  vote: (m) => whole(m.index) && whole(m.logTerm) && flag(m.transfer),
  'pre-vote': (m) => whole(m.index) && whole(m.logTerm),
  'vote-response': (m) => flag(m.reject),
  'pre-vote-response': (m) => flag(m.reject),
  snapshot: (m) => isSnapshot(m.snapshot) && whole(m.offset) && m.data instanceof Uint8Array && flag(m.done),
  'snapshot-response': (m) => whole(m.index) && whole(m.offset),
  'timeout-now': () => true,
  'read-request': (m) => isId(m.id),
  'read-response': (m) => isId(m.id) && whole(m.index),
};

/** The message that a decoded packet of a peer is; undefined when it is none. */
export function asMessage(value: unknown): RaftMessage | undefined {
  if (!isObject(value) || typeof value.type !== 'string' || !Object.hasOwn(checks, value.type)) return undefined;
  if (!whole(value.term)) return undefined;
  return checks[value.type as RaftMessage['type']](value) ? (value as unknown as RaftMessage) : undefined;
}

/** Whether a value is an entry, as from a disk. */
export function isEntry(value: unknown): value is Entry {
  if (!isObject(value) || !whole(value.index) || !whole(value.term) || value.index === 0 || value.term === 0)
    return false;
  if (value.type === 'noop') return true;
  if (!isId(value.id)) return false;
  return value.type === 'normal'
    ? value.data instanceof Uint8Array
    : value.type === 'config' && isConfigChange(value.change);
}

/** Whether a value describes a snapshot. */
export function isSnapshot(value: unknown): value is Snapshot {
  return isObject(value) && whole(value.index) && value.index > 0 && whole(value.term) && isConfig(value.config);
}

/** Whether a value is a change of the configuration. */
export function isConfigChange(value: unknown): value is ConfigChange {
  if (!isObject(value) || !Array.isArray(value.changes)) return false;
  return (
    (value.transition === 'auto' || value.transition === 'joint-implicit' || value.transition === 'joint-explicit') &&
    value.changes.every(
      (change: unknown) =>
        isObject(change) &&
        isId(change.node) &&
        (change.type === 'add-voter' || change.type === 'add-learner' || change.type === 'remove'),
    )
  );
}

function isConfig(value: unknown): value is Config {
  return (
    isObject(value) &&
    isNodes(value.voters) &&
    isNodes(value.votersOutgoing) &&
    isNodes(value.learners) &&
    isNodes(value.learnersNext) &&
    flag(value.autoLeave)
  );
}

/** Entries follow each other without a hole, their terms do not fall, and none is of the future. */
function entriesAfter(entries: unknown, { index, logTerm, term }: Fields): boolean {
  if (!Array.isArray(entries)) return false;
  let last = logTerm as number;
  for (let at = 0; at < entries.length; at += 1) {
    const entry: unknown = entries[at];
    if (!isEntry(entry) || entry.index !== (index as number) + 1 + at) return false;
    if (entry.term < last || entry.term > (term as number)) return false;
    last = entry.term;
  }
  return true;
}

/** Sorted, and no one twice. */
function isNodes(value: unknown): value is readonly NodeId[] {
  return Array.isArray(value) && value.every((node, at) => isId(node) && (at === 0 || value[at - 1] < node));
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID;
}

function whole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function flag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
