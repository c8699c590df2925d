/**
 * How a simulated replica keeps its records: each key has two slots that are written in turn, so that a write that tears
 * leaves the one before it whole. A slot that does not match its checksum may have been torn, and then nothing is lost,
 * or it may have rotted, and then the other slot is older than what was made durable. That cannot be told apart, so the
 * replica is told that its store is damaged, and takes a new id.
 *
 *     key/0, key/1:  checksum (8 bytes) | version (4 bytes) | record
 */
import { decodeIdentity, decodeRecord, encodeIdentity, encodeRecord, type Identity } from '#protocols/crdt/packet';
import { hashOf } from '#protocols/crdt/digest';
import { addressOf, type DocumentRecord } from '#protocols/crdt/document';
import type { Clock } from '#protocols/crdt/hlc';
import type { Found } from '#protocols/crdt/open';
import type { Disk } from '../disk.js';

const HEADER = 12;
const IDENTITY = 'identity';
const DOCUMENT = 'document/';

/** The records of one node in one life. */
export class Storage {
  readonly #disk: Disk;
  /** The newest version of each key; its slot is the last bit. */
  readonly #versions = new Map<string, number>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Reads all that there is. */
  open(): Found {
    const newest = new Map<string, Uint8Array>();
    let damaged = false;
    for (const slot of this.#disk.keys()) {
      const key = slot.slice(0, -2);
      const read = readSlot(key, this.#disk.read(slot));
      if (read === undefined) {
        damaged = true;
        continue;
      }
      if (read.version < (this.#versions.get(key) ?? 0)) continue;
      this.#versions.set(key, read.version);
      newest.set(key, read.record);
    }
    const identity = newest.get(IDENTITY);
    const documents = [...newest].flatMap(([key, record]) => (key === IDENTITY ? [] : [decodeRecord(record)]));
    return { identity: identity && decodeIdentity(identity), documents, damaged };
  }

  writeIdentity(identity: Identity): void {
    this.#write(IDENTITY, encodeIdentity(identity));
  }

  writeDocument(record: DocumentRecord, clock: Clock): void {
    this.#write(DOCUMENT + addressOf(record), encodeRecord(record, clock));
  }

  /** Makes all that was written durable. */
  sync(done: () => void): void {
    this.#disk.sync(done);
  }

  /** Removes slots that cannot be read. The new id is durable by then. */
  sweep(): void {
    for (const slot of this.#disk.keys())
      if (readSlot(slot.slice(0, -2), this.#disk.read(slot)) === undefined) this.#disk.remove(slot);
  }

  #write(key: string, record: Uint8Array): void {
    const version = (this.#versions.get(key) ?? 0) + 1;
    const bytes = new Uint8Array(HEADER + record.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(8, version);
    bytes.set(record, HEADER);
    const { high, low } = hashOf(bytes.subarray(8), key);
    view.setInt32(0, high);
    view.setInt32(4, low);
    this.#disk.write(`${key}/${version % 2}`, bytes);
    this.#versions.set(key, version);
  }
}

function readSlot(
  key: string,
  bytes: Uint8Array | undefined,
): { readonly version: number; readonly record: Uint8Array } | undefined {
  if (bytes === undefined || bytes.length < HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { high, low } = hashOf(bytes.subarray(8), key);
  if (view.getInt32(0) !== high || view.getInt32(4) !== low) return undefined;
  return { version: view.getUint32(8), record: bytes.subarray(HEADER) };
}
