/**
 * Messages and records in bytes. Both are read from places that are not trusted, a network and a disk, and are checked
 * whole: decoding throws SkepError BAD_FRAME and nothing else, and what it accepts is encoded to the same bytes again.
 */
import { unreachable } from '../wire/error.js';
import { malformed, Reader, Writer } from './bytes.js';
import { bucketCount, type Hash } from './digest.js';
import type { DocumentRecord, Group } from './document.js';
import { compareText, type ReplicaId } from './dot.js';
import { readReplica, readState, writeState } from './encoding.js';
import type { Clock } from './hlc.js';
import { isKey, type Kind, kinds } from './kind.js';
import type { Ack, CrdtMessage, Summary } from './message.js';

/** Numbers of messages on the wire: new ones go last. */
const types = ['digest', 'buckets', 'summary', 'deltas', 'acks'] as const satisfies readonly CrdtMessage['type'][];

export function encodeMessage(message: CrdtMessage): Uint8Array {
  const writer = new Writer();
  writer.number(types.indexOf(message.type));
  writer.text(message.from);
  switch (message.type) {
    case 'digest':
      writeHash(writer, message.root);
      writer.flag(message.ask);
      writeReplicas(writer, message.retired);
      break;
    case 'buckets':
      writer.text(message.to);
      for (const hash of message.buckets) writeHash(writer, hash);
      break;
    case 'summary':
      writer.text(message.to);
      writeAll(writer, message.documents, writeSummary);
      break;
    case 'deltas':
      writer.text(message.to);
      writeAll(writer, message.groups, writeGroup);
      break;
    case 'acks':
      writer.text(message.to);
      writeAll(writer, message.acks, writeAck);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/** @throws SkepError BAD_FRAME */
export function decodeMessage(bytes: Uint8Array): CrdtMessage {
  const reader = new Reader(bytes);
  const type = types[reader.number()];
  if (type === undefined) throw malformed('a message of no type that is known');
  const from = readReplica(reader);
  const message = readBody(reader, type, from);
  reader.end();
  return message;
}

function readBody(reader: Reader, type: (typeof types)[number], from: ReplicaId): CrdtMessage {
  switch (type) {
    case 'digest':
      return { type, from, root: readHash(reader), ask: reader.flag(), retired: readReplicas(reader) };
    case 'buckets': {
      const to = readReplica(reader);
      return { type, from, to, buckets: Array.from({ length: bucketCount }, () => readHash(reader)) };
    }
    case 'summary':
      return { type, from, to: readReplica(reader), documents: readAll(reader, readSummary) };
    case 'deltas':
      return { type, from, to: readReplica(reader), groups: readAll(reader, readGroup) };
    case 'acks':
      return { type, from, to: readReplica(reader), acks: readAll(reader, readAck) };
    default:
      return unreachable(type);
  }
}

/** What a replica has to keep beside its documents. */
export interface Identity {
  readonly replica: ReplicaId;
  readonly retired: readonly ReplicaId[];
}

export function encodeIdentity({ replica, retired }: Identity): Uint8Array {
  const writer = new Writer();
  writer.text(replica);
  writeReplicas(writer, retired);
  return writer.finish();
}

/** @throws SkepError BAD_FRAME */
export function decodeIdentity(bytes: Uint8Array): Identity {
  const reader = new Reader(bytes);
  const identity = { replica: readReplica(reader), retired: readReplicas(reader) };
  reader.end();
  return identity;
}

/** A record of a document, and the clock of the replica when it was written. */
export function encodeRecord({ kind, name, state, seq, merged }: DocumentRecord, clock: Clock): Uint8Array {
  const writer = new Writer();
  writeName(writer, kind, name);
  writer.number(seq);
  writer.number(clock.wallMs);
  writer.number(clock.count);
  const replicas = [...merged.keys()].toSorted(compareText);
  writeReplicas(writer, replicas);
  for (const replica of replicas) writer.number(merged.get(replica) ?? 0);
  writeState(writer, kind, state);
  return writer.finish();
}

/** @throws SkepError BAD_FRAME */
export function decodeRecord(bytes: Uint8Array): { readonly record: DocumentRecord; readonly clock: Clock } {
  const reader = new Reader(bytes);
  const { kind, name } = readName(reader);
  const seq = reader.number();
  const clock = { wallMs: reader.number(), count: reader.number() };
  const merged = new Map<ReplicaId, number>();
  for (const replica of readReplicas(reader)) merged.set(replica, 0);
  for (const replica of merged.keys()) merged.set(replica, reader.number());
  const state = readState(reader, kind);
  reader.end();
  return { record: { kind, name, state, seq, merged }, clock };
}

function writeGroup(writer: Writer, { kind, name, from, to, delta }: Group): void {
  writeName(writer, kind, name);
  writer.number(from);
  writer.number(to - from);
  writeState(writer, kind, delta);
}

function readGroup(reader: Reader): Group {
  const { kind, name } = readName(reader);
  const from = reader.number();
  const to = from + reader.number();
  if (!Number.isSafeInteger(to)) throw malformed('a sequence number above 2^53');
  return { kind, name, from, to, delta: readState(reader, kind) };
}

function writeSummary(writer: Writer, { kind, name, hash, seq }: Summary): void {
  writeName(writer, kind, name);
  writeHash(writer, hash);
  writer.number(seq);
}

function readSummary(reader: Reader): Summary {
  return { ...readName(reader), hash: readHash(reader), seq: reader.number() };
}

function writeAck(writer: Writer, { kind, name, seq, gap }: Ack): void {
  writeName(writer, kind, name);
  writer.number(seq);
  writer.flag(gap);
}

function readAck(reader: Reader): Ack {
  return { ...readName(reader), seq: reader.number(), gap: reader.flag() };
}

function writeName(writer: Writer, kind: Kind, name: string): void {
  writer.number(kinds.indexOf(kind));
  writer.text(name);
}

function readName(reader: Reader): { readonly kind: Kind; readonly name: string } {
  const kind = kinds[reader.number()];
  if (kind === undefined) throw malformed('a kind that is not known');
  const name = reader.text();
  if (!isKey(name)) throw malformed('a name that is too long');
  return { kind, name };
}

function writeHash(writer: Writer, { high, low }: Hash): void {
  writer.word(high);
  writer.word(low);
}

function readHash(reader: Reader): Hash {
  return { high: reader.word(), low: reader.word() };
}

/** Sorted, as all sets are here. */
function writeReplicas(writer: Writer, replicas: readonly ReplicaId[]): void {
  writeAll(writer, replicas, (_, replica) => writer.text(replica));
}

function readReplicas(reader: Reader): readonly ReplicaId[] {
  const replicas = readAll(reader, readReplica);
  for (const [at, replica] of replicas.entries())
    if (at > 0 && compareText(replicas[at - 1] as string, replica) >= 0) throw malformed('ids that are not in order');
  return replicas;
}

function writeAll<T>(writer: Writer, items: readonly T[], write: (writer: Writer, item: T) => void): void {
  writer.number(items.length);
  for (const item of items) write(writer, item);
}

function readAll<T>(reader: Reader, read: (reader: Reader) => T): readonly T[] {
  const items: T[] = [];
  for (let left = reader.count(2); left > 0; left -= 1) items.push(read(reader));
  return items;
}
