/**
 * Canonical bytes of PBFT messages: what is signed and what digests are of. Equal values have equal bytes on every
 * machine, and different values different bytes, because each field has one form and every text and list says its length:
 *
 *     number  8 bytes, big endian        text, bytes  length as 4 bytes, then UTF-8 or the bytes
 *     list    length as 4 bytes, items   message      a byte that tells its type, its fields in order, nested signatures
 *
 * The byte of the type also separates domains: a signed prepare can never be read as a signed commit.
 */
import { unreachable } from '../wire/error.js';
import type { Body, Certificate, Request, Signed } from './message.js';
import type { ClientId } from './settings.js';

/** The last request of a client that was executed, and its result: the paper's last-rep and last-rep-t. */
export interface LastReply {
  readonly timestamp: number;
  readonly result: Uint8Array;
}

/** A state as a checkpoint has it: that of the service, and the last reply to each client. */
export interface CheckpointState {
  readonly service: Uint8Array;
  readonly clients: ReadonlyMap<ClientId, LastReply>;
}

/** Digest of the null request, which fills a gap that a view change leaves and executes as nothing. */
export const NULL_DIGEST = 'null';

/** The bytes that the author of a message signs: all of it but its own signature. */
export function signedBytes(body: Body): Uint8Array {
  const writer = new Writer();
  writeBody(writer, body);
  return writer.bytes();
}

/** The bytes that the digest in a pre-prepare is of. */
export function batchBytes(batch: readonly Signed<Request>[]): Uint8Array {
  const writer = new Writer();
  writer.byte(types.batch);
  // The signatures belong to the batch: a replica that has it can prove each request to any other.
  writer.list(batch, writeSigned);
  return writer.bytes();
}

/** The bytes of a checkpoint: equal for equal states, whatever the order in which clients came. */
export function stateBytes({ service, clients }: CheckpointState): Uint8Array {
  const writer = new Writer();
  writer.byte(types.state);
  writer.raw(service);
  writer.list([...clients].toSorted(byName), (_, [client, { timestamp, result }]) => {
    writer.text(client);
    writer.number(timestamp);
    writer.raw(result);
  });
  return writer.bytes();
}

/** The state that {@link stateBytes} wrote; undefined when the bytes are nothing that it writes. */
export function readState(bytes: Uint8Array): CheckpointState | undefined {
  const reader = new Reader(bytes);
  if (reader.byte() !== types.state) return undefined;
  const service = reader.raw();
  const clients = new Map<ClientId, LastReply>();
  for (let left = reader.length(); left > 0 && !reader.failed; left -= 1) {
    const client = reader.text();
    clients.set(client, { timestamp: reader.number(), result: reader.raw() });
  }
  return reader.failed || !reader.ended ? undefined : { service, clients };
}

const types = {
  request: 1,
  reply: 2,
  'pre-prepare': 3,
  prepare: 4,
  commit: 5,
  checkpoint: 6,
  'view-change': 7,
  'new-view': 8,
  status: 9,
  fetch: 10,
  batch: 11,
  state: 12,
} as const;

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function writeBody(writer: Writer, body: Body): void {
  writer.byte(types[body.type]);
  switch (body.type) {
    case 'request':
      writer.text(body.client);
      writer.number(body.timestamp);
      return writer.raw(body.operation);
    case 'reply':
      writer.number(body.view);
      writer.number(body.timestamp);
      writer.text(body.client);
      writer.number(body.replica);
      return writer.raw(body.result);
    case 'pre-prepare':
      writer.number(body.view);
      writer.number(body.seq);
      return writer.text(body.digest);
    case 'prepare':
    case 'commit':
      writer.number(body.view);
      writer.number(body.seq);
      writer.text(body.digest);
      return writer.number(body.replica);
    case 'checkpoint':
      writer.number(body.seq);
      writer.text(body.digest);
      return writer.number(body.replica);
    case 'view-change':
      writer.number(body.view);
      writer.number(body.stable);
      writer.list(body.proof, writeSigned);
      writer.list(body.prepared, writeCertificate);
      return writer.number(body.replica);
    case 'new-view':
      writer.number(body.view);
      writer.list(body.viewChanges, writeSigned);
      return writer.list(body.prePrepares, writeSigned);
    case 'status':
      writer.number(body.replica);
      writer.number(body.view);
      writer.byte(body.active ? 1 : 0);
      writer.number(body.stable);
      writer.number(body.executed);
      writer.list(body.slots, (_, bits) => writer.byte(bits));
      writer.list(body.held, (_, replica) => writer.number(replica));
      return writer.list(body.missing, (_, digest) => writer.text(digest));
    case 'fetch':
      writer.number(body.replica);
      return writer.number(body.executed);
    default:
      return unreachable(body);
  }
}

function writeSigned(writer: Writer, message: Signed<Body>): void {
  writeBody(writer, message);
  writer.raw(message.signature);
}

function writeCertificate(writer: Writer, { prePrepare, prepares }: Certificate): void {
  writeSigned(writer, prePrepare);
  writer.list(prepares, writeSigned);
}

const utf8 = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true });

class Writer {
  #buffer = new Uint8Array(256);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    this.#word(Math.floor(value / 2 ** 32));
    this.#word(value % 2 ** 32);
  }

  text(value: string): void {
    this.raw(utf8.encode(value));
  }

  raw(value: Uint8Array): void {
    this.#word(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  list<T>(items: readonly T[], write: (writer: Writer, item: T) => void): void {
    this.#word(items.length);
    for (const item of items) write(this, item);
  }

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #word(value: number): void {
    this.#reserve(4);
    const at = this.#length;
    this.#buffer[at] = value >>> 24;
    this.#buffer[at + 1] = value >>> 16;
    this.#buffer[at + 2] = value >>> 8;
    this.#buffer[at + 3] = value;
    this.#length = at + 4;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length + more));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** Reads what a {@link Writer} wrote; after a failure everything is empty. */
class Reader {
  failed = false;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  length(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#take(4);
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  number(): number {
    const high = this.length();
    return high * 2 ** 32 + this.length();
  }

  raw(): Uint8Array {
    return this.#take(this.length());
  }

  text(): string {
    try {
      return strict.decode(this.raw());
    } catch {
      this.failed = true;
      return '';
    }
  }

  #take(count: number): Uint8Array {
    if (this.failed || this.#at + count > this.#bytes.length) {
      this.failed = true;
      return new Uint8Array(0);
    }
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }
}
