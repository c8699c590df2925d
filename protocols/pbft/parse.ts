/**
 * From a decoded packet to a message, or to nothing: every field is of its type and every list within what a correct
 * replica can have to say, and what is not in the protocol is left behind, so that a liar can make nobody keep more than
 * the protocol needs. Whether the content makes sense is the business of the step functions.
 */
import type {
  Batch,
  Certificate,
  Checkpoint,
  Fetch,
  NewView,
  PbftMessage,
  PrePrepare,
  Prepare,
  Proposal,
  Reply,
  Request,
  Signed,
  Status,
  Transfer,
  ViewChange,
} from './message.js';
import type { PbftSettings } from './settings.js';

/** A digest or the name of a client is not longer than this. */
const LONGEST_TEXT = 128;
/** A signature is not longer than this; those of Ed25519 have 64 bytes. */
const LONGEST_SIGNATURE = 128;

/** Thrown and caught in this file only. */
class Malformed extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/** What arrived at a replica; undefined when it is no message of a group with these settings. */
export function parseMessage(value: unknown, settings: PbftSettings): PbftMessage | undefined {
  return orNothing(() => message(fields(value), settings));
}

/** What arrived at a client; undefined when it is no reply. */
export function parseReply(value: unknown, settings: PbftSettings): Signed<Reply> | undefined {
  return orNothing(() => reply(fields(value), settings));
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function message(from: Fields, settings: PbftSettings): PbftMessage {
  switch (from['type']) {
    case 'request':
      return request(from, settings);
    case 'proposal':
      return proposal(from, settings);
    case 'prepare':
      return prepare(from, settings);
    case 'commit':
      return { type: 'commit', ...vote(from, settings) };
    case 'checkpoint':
      return checkpoint(from, settings);
    case 'view-change':
      return viewChange(from, settings);
    case 'new-view':
      return newView(from, settings);
    case 'status':
      return status(from, settings);
    case 'fetch':
      return fetchOf(from, settings);
    case 'batch':
      return batch(from, settings);
    case 'transfer':
      return transfer(from, settings);
    default:
      throw new Malformed();
  }
}

function request(from: Fields, { maxOperationBytes }: PbftSettings): Signed<Request> {
  exactly(from, 'request');
  const client = text(from['client']);
  const timestamp = whole(from['timestamp']);
  const operation = bytes(from['operation'], maxOperationBytes);
  return { type: 'request', client, timestamp, operation, signature: signature(from) };
}

function reply(from: Fields, settings: PbftSettings): Signed<Reply> {
  exactly(from, 'reply');
  const [view, timestamp] = [whole(from['view']), whole(from['timestamp'])];
  const result = bytes(from['result'], Number.POSITIVE_INFINITY);
  const replica = replicaOf(from, settings);
  return { type: 'reply', view, timestamp, client: text(from['client']), replica, result, signature: signature(from) };
}

function proposal(from: Fields, settings: PbftSettings): Proposal {
  const prePrepare_ = prePrepare(fields(from['prePrepare']));
  return { type: 'proposal', prePrepare: prePrepare_, batch: requests(from['batch'], settings) };
}

function requests(value: unknown, settings: PbftSettings): readonly Signed<Request>[] {
  return list(value, settings.maxBatch, (item) => request(item, settings));
}

function prePrepare(from: Fields): Signed<PrePrepare> {
  exactly(from, 'pre-prepare');
  const [view, seq] = [whole(from['view']), whole(from['seq'])];
  return { type: 'pre-prepare', view, seq, digest: text(from['digest']), signature: signature(from) };
}

function prepare(from: Fields, settings: PbftSettings): Signed<Prepare> {
  exactly(from, 'prepare');
  return { type: 'prepare', ...vote(from, settings) };
}

/** What a prepare and a commit have in common. */
function vote(from: Fields, settings: PbftSettings): Omit<Signed<Prepare>, 'type'> {
  const [view, seq] = [whole(from['view']), whole(from['seq'])];
  const replica = replicaOf(from, settings);
  return { view, seq, digest: text(from['digest']), replica, signature: signature(from) };
}

function checkpoint(from: Fields, settings: PbftSettings): Signed<Checkpoint> {
  exactly(from, 'checkpoint');
  const replica = replicaOf(from, settings);
  const digest = text(from['digest']);
  return { type: 'checkpoint', seq: whole(from['seq']), digest, replica, signature: signature(from) };
}

function proofIn(from: Fields, settings: PbftSettings): readonly Signed<Checkpoint>[] {
  return list(from['proof'], settings.replicas, (item) => checkpoint(item, settings));
}

function certificate(from: Fields, settings: PbftSettings): Certificate {
  return {
    prePrepare: prePrepare(fields(from['prePrepare'])),
    prepares: list(from['prepares'], settings.replicas, (item) => prepare(item, settings)),
  };
}

function viewChange(from: Fields, settings: PbftSettings): Signed<ViewChange> {
  exactly(from, 'view-change');
  return {
    type: 'view-change',
    view: whole(from['view']),
    stable: whole(from['stable']),
    proof: proofIn(from, settings),
    prepared: list(from['prepared'], settings.logSize, (item) => certificate(item, settings)),
    replica: replicaOf(from, settings),
    signature: signature(from),
  };
}

function newView(from: Fields, settings: PbftSettings): Signed<NewView> {
  return {
    type: 'new-view',
    view: whole(from['view']),
    viewChanges: list(from['viewChanges'], settings.replicas, (item) => viewChange(item, settings)),
    prePrepares: list(from['prePrepares'], settings.logSize, prePrepare),
    signature: signature(from),
  };
}

function status(from: Fields, settings: PbftSettings): Signed<Status> {
  const { replicas, logSize } = settings;
  if (typeof from['active'] !== 'boolean') throw new Malformed();
  return {
    type: 'status',
    replica: replicaOf(from, settings),
    view: whole(from['view']),
    active: from['active'],
    stable: whole(from['stable']),
    executed: whole(from['executed']),
    slots: array(from['slots'], logSize).map((bits) => below(bits, 8)),
    held: array(from['held'], replicas).map((replica) => below(replica, replicas)),
    missing: array(from['missing'], logSize).map(text),
    signature: signature(from),
  };
}

function fetchOf(from: Fields, settings: PbftSettings): Signed<Fetch> {
  const replica = replicaOf(from, settings);
  return { type: 'fetch', replica, executed: whole(from['executed']), signature: signature(from) };
}

function batch(from: Fields, settings: PbftSettings): Batch {
  return { type: 'batch', requests: requests(from['requests'], settings) };
}

function transfer(from: Fields, settings: PbftSettings): Transfer {
  const state = bytes(from['state'], Number.POSITIVE_INFINITY);
  return { type: 'transfer', proof: proofIn(from, settings), state };
}

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new Malformed();
  return value as Fields;
}

/** What is nested has to be what it stands for, or its signature would be checked over other bytes. */
function exactly(from: Fields, type: string): void {
  if (from['type'] !== type) throw new Malformed();
}

function whole(value: unknown): number {
  return below(value, Number.POSITIVE_INFINITY);
}

function below(value: unknown, limit: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value >= limit) throw new Malformed();
  return value;
}

function replicaOf(from: Fields, { replicas }: PbftSettings): number {
  return below(from['replica'], replicas);
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.length > LONGEST_TEXT) throw new Malformed();
  return value;
}

function bytes(value: unknown, most: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length > most) throw new Malformed();
  return value;
}

function signature(from: Fields): Uint8Array {
  return bytes(from['signature'], LONGEST_SIGNATURE);
}

function array(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Malformed();
  return value as readonly unknown[];
}

function list<T>(value: unknown, most: number, read: (item: Fields) => T): readonly T[] {
  return array(value, most).map((item) => read(fields(item)));
}
