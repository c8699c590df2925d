/**
 * The canonical encoding of states and deltas: equal ones are equal bytes, on every replica, whatever the order in which
 * anything arrived. So a hash of the bytes tells whether two replicas agree, and tests compare bytes.
 *
 *     state    = context store
 *     context  = count { replica count { gap length } }        replicas sorted; a gap is what is missing, less one
 *     store    = fun | map                                     which of the two, and which payload, follows from the kind
 *     fun      = count { replica-number counter payload }      sorted by dot; numbers count the replicas of the context
 *     map      = count { key store }                           sorted by key
 *
 * What is decoded is checked against all of it: order, the shape of the kind, dots that the context contains, no dot
 * twice. Decoding throws SkepError BAD_FRAME and nothing else.
 */
import { unreachable } from '../wire/error.js';
import { malformed, Reader, Writer } from './bytes.js';
import { type Context, contains, type Range, replicasOf } from './context.js';
import { compareDots, compareText, type ReplicaId } from './dot.js';
import { childKind, isKey, type Kind, maxDepth, maxKeyLength, payloadOf } from './kind.js';
import { type Payload, unit } from './payload.js';
import { type Causal, childrenOf, entriesOf, type Entry, type Store } from './store.js';

/** A state or delta of that kind in bytes. */
export function encodeState(kind: Kind, state: Causal): Uint8Array {
  const writer = new Writer();
  writeState(writer, kind, state);
  return writer.finish();
}

/** @throws SkepError BAD_FRAME unless the bytes are one state of that kind in canonical form. */
export function decodeState(kind: Kind, bytes: Uint8Array): Causal {
  const reader = new Reader(bytes);
  const state = readState(reader, kind);
  reader.end();
  return state;
}

/** {@link encodeState} as a part of something larger. */
export function writeState(writer: Writer, kind: Kind, { store, context }: Causal): void {
  const replicas = replicasOf(context);
  writer.number(replicas.length);
  for (const replica of replicas) {
    writer.text(replica);
    writeRanges(writer, context.get(replica) ?? []);
  }
  writeStore(writer, kind, store, new Map(replicas.map((replica, number) => [replica, number])));
}

/** {@link decodeState} as a part of something larger. */
export function readState(reader: Reader, kind: Kind): Causal {
  const context = readContext(reader);
  const replicas = [...context.keys()];
  const seen = new Set<string>();
  const store = readStore(reader, kind, { context, replicas, seen }, 1);
  return { store, context };
}

/** @throws SkepError BAD_FRAME unless it is the id of a replica: text of the form that keys have, and not empty. */
export function readReplica(reader: Reader): ReplicaId {
  const replica = reader.text();
  if (replica === '' || !isKey(replica)) throw malformed('a replica id that is empty or too long');
  return replica as ReplicaId;
}

/** Of the dots that are read: what the context has, and which were there before. */
interface Known {
  readonly context: Context;
  readonly replicas: readonly ReplicaId[];
  readonly seen: Set<string>;
}

function writeRanges(writer: Writer, ranges: readonly Range[]): void {
  writer.number(ranges.length);
  let next = 1;
  for (const { from, to } of ranges) {
    writer.number(from - next);
    writer.number(to - from);
    // Ranges that touched would be one: the next begins at least one further.
    next = to + 2;
  }
}

function readContext(reader: Reader): Context {
  const context = new Map<ReplicaId, readonly Range[]>();
  let before = '';
  for (let left = reader.count(4); left > 0; left -= 1) {
    const replica = readReplica(reader);
    if (compareText(replica, before) <= 0) throw malformed('replicas that are not in order');
    before = replica;
    context.set(replica, readRanges(reader));
  }
  return context;
}

function readRanges(reader: Reader): readonly Range[] {
  const ranges: Range[] = [];
  let next = 1;
  for (let left = reader.count(2); left > 0; left -= 1) {
    const from = next + reader.number();
    const to = from + reader.number();
    if (!Number.isSafeInteger(to + 2)) throw malformed('a counter above 2^53');
    ranges.push({ from, to });
    next = to + 2;
  }
  if (ranges.length === 0) throw malformed('a replica without dots');
  return ranges;
}

function writeStore(
  writer: Writer,
  kind: Kind,
  store: Store | undefined,
  numbers: ReadonlyMap<ReplicaId, number>,
): void {
  if (payloadOf(kind) !== undefined) {
    const entries = entriesOf(store);
    writer.number(entries.length);
    for (const { replica, counter, payload } of entries) {
      writer.number(numbers.get(replica) as number);
      writer.number(counter);
      writePayload(writer, kind, payload);
    }
    return;
  }
  const children = childrenOf(store);
  writer.number(children.size);
  for (const key of [...children.keys()].toSorted(compareText)) {
    writer.text(key);
    writeStore(writer, childKind(kind, key) as Kind, children.get(key), numbers);
  }
}

function readStore(reader: Reader, kind: Kind, known: Known, depth: number): Store | undefined {
  if (depth > maxDepth) throw malformed('maps that are too deep');
  if (payloadOf(kind) !== undefined) return readFun(reader, kind, known);
  const children = new Map<string, Store>();
  let before: string | undefined;
  for (let left = reader.count(2); left > 0; left -= 1) {
    const key = reader.text();
    if (key.length > maxKeyLength + 1) throw malformed('a key that is too long');
    if (before !== undefined && compareText(key, before) <= 0) throw malformed('keys that are not in order');
    before = key;
    const child = childKind(kind, key);
    if (child === undefined) throw malformed('a key without a kind');
    if (!isKey(kind === 'or-map' ? key.slice(1) : key)) throw malformed('a key that is too long');
    const store = readStore(reader, child, known, depth + 1);
    if (store === undefined) throw malformed('a key with nothing in it');
    children.set(key, store);
  }
  return children.size === 0 ? undefined : { type: 'map', children };
}

function readFun(reader: Reader, kind: Kind, known: Known): Store | undefined {
  const entries: Entry[] = [];
  for (let left = reader.count(2); left > 0; left -= 1) {
    const replica = known.replicas[reader.number()];
    const counter = reader.number();
    if (replica === undefined || !contains(known.context, { replica, counter }))
      throw malformed('a dot that its context does not contain');
    const name = `${counter} ${replica}`;
    if (known.seen.has(name)) throw malformed('a dot in two places');
    known.seen.add(name);
    const entry = { replica, counter, payload: readPayload(reader, kind) };
    const last = entries.at(-1);
    if (last !== undefined && compareDots(last, entry) >= 0) throw malformed('dots that are not in order');
    entries.push(entry);
  }
  return entries.length === 0 ? undefined : { type: 'fun', entries };
}

function writePayload(writer: Writer, kind: Kind, payload: Payload): void {
  switch (payload.type) {
    case 'unit':
      return;
    case 'total':
      writer.number(payload.added);
      if (kind !== 'g-counter') writer.number(payload.taken);
      return;
    case 'stamped':
      writer.number(payload.stamp.wallMs);
      writer.number(payload.stamp.count);
      writer.bytes(payload.value);
      return;
    case 'plain':
      writer.bytes(payload.value);
      return;
    default:
      unreachable(payload);
  }
}

function readPayload(reader: Reader, kind: Kind): Payload {
  switch (payloadOf(kind)) {
    case 'unit':
      return unit;
    case 'total':
      return { type: 'total', added: reader.number(), taken: kind === 'g-counter' ? 0 : reader.number() };
    case 'stamped':
      return { type: 'stamped', stamp: { wallMs: reader.number(), count: reader.number() }, value: reader.bytes() };
    case 'plain':
      return { type: 'plain', value: reader.bytes() };
    default:
      throw malformed(`a ${kind} in the place of a leaf`);
  }
}
