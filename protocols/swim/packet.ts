/**
 * Packets of SWIM as bytes. The core packs them itself, because how much gossip a packet carries is decided by bytes
 * (memberlist does the same), and so that whoever drives it has only bytes to carry. A packet is one message or more; one
 * that is not whole, to the last bit, is dropped as a whole.
 *
 *     packet   crc32 4 | version 1 | { length | message } ...          the checksum is of all that follows it
 *     message  type 1 | its fields in the order below
 *     text     length | UTF-8                numbers and lengths are varints, seven bits a byte
 *
 * (memberlist, net.go and util.go: compound message behind hasCrcMsg; a length before each message in the place of a
 * table of lengths.)
 */
import { unreachable } from '../wire/error.js';
import { bytesOfNumber, Malformed, Reader, Writer } from './bytes.js';
import { crc32 } from './crc32.js';
import type { MemberRecord, Status, SwimMessage } from './message.js';
import { maxMetadataBytes, type MetadataDelta, type MetadataEntry } from './metadata.js';

/** Names and addresses are at most this long, in bytes. */
export const maxNameBytes = 128;
/** A larger packet is not looked at, though it came over a stream: some 6,000 members with full metadata. */
const MAX_BYTES = 4 * 1_024 * 1_024;
/** Bytes before the first message. */
export const packetHeaderBytes = 5;
const VERSION = 1;

const types = { ping: 1, 'ping-req': 2, ack: 3, nack: 4, alive: 5, suspect: 6, dead: 7, 'push-pull': 8 } as const;
const statuses: readonly Status[] = ['alive', 'suspect', 'dead', 'left'];

/** A message as it lies in a packet, without its length. */
export function encodeMessage(message: SwimMessage): Uint8Array {
  const writer = new Writer();
  writer.byte(types[message.type]);
  switch (message.type) {
    case 'ping':
      writer.number(message.seq);
      writer.text(message.node);
      writer.text(message.replyTo);
      writer.byte(message.stream ? 1 : 0);
      break;
    case 'ping-req':
      writer.number(message.seq);
      writer.text(message.node);
      writer.text(message.address);
      writer.text(message.replyTo);
      break;
    case 'ack':
      writer.number(message.seq);
      writer.byte(message.stream ? 1 : 0);
      break;
    case 'nack':
      writer.number(message.seq);
      writer.text(message.from);
      break;
    case 'alive':
      writer.text(message.node);
      writer.text(message.address);
      writer.number(message.incarnation);
      writeMetadata(writer, message.metadata);
      break;
    case 'suspect':
    case 'dead':
      writer.text(message.node);
      writer.number(message.incarnation);
      writer.text(message.from);
      break;
    case 'push-pull':
      writer.text(message.replyTo);
      writer.byte(message.reply ? 1 : 0);
      writer.number(message.members.length);
      for (const member of message.members) writeRecord(writer, member);
      break;
    default:
      return unreachable(message);
  }
  return writer.finish();
}

/** Bytes that an encoded message takes in a packet. */
export function bytesInPacket(encoded: Uint8Array): number {
  return bytesOfNumber(encoded.length) + encoded.length;
}

/** A packet of encoded messages. */
export function encodePacket(messages: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer();
  for (let at = 1; at < packetHeaderBytes; at += 1) writer.byte(0);
  writer.byte(VERSION);
  for (const message of messages) {
    writer.number(message.length);
    writer.raw(message);
  }
  const packet = writer.finish();
  const checksum = crc32(packet, 4);
  for (let at = 0; at < 4; at += 1) packet[at] = checksum >>> (24 - 8 * at);
  return packet;
}

/** The messages of a packet; undefined when any part of it is not as it should be. */
export function decodePacket(packet: Uint8Array): readonly SwimMessage[] | undefined {
  if (packet.length <= packetHeaderBytes || packet.length > MAX_BYTES || packet[4] !== VERSION) return undefined;
  let checksum = 0;
  for (let at = 0; at < 4; at += 1) checksum = checksum * 256 + (packet[at] as number);
  if (checksum !== crc32(packet, 4)) return undefined;
  try {
    const reader = new Reader(packet, packetHeaderBytes, packet.length);
    const messages: SwimMessage[] = [];
    while (!reader.done) {
      const length = reader.number();
      const begin = reader.at;
      reader.take(length);
      messages.push(readMessage(new Reader(packet, begin, begin + length)));
    }
    return messages;
  } catch (error) {
    // A text that is not UTF-8 is a TypeError of the decoder.
    if (error instanceof Malformed || error instanceof TypeError) return undefined;
    throw error;
  }
}

function readMessage(reader: Reader): SwimMessage {
  const message = readFields(reader);
  if (!reader.done) throw new Malformed('something follows the last field');
  return message;
}

function readFields(reader: Reader): SwimMessage {
  const type = reader.byte();
  switch (type) {
    case types.ping:
      return { type: 'ping', seq: reader.number(), node: name(reader), replyTo: name(reader), stream: flag(reader) };
    case types['ping-req']:
      return {
        type: 'ping-req',
        seq: reader.number(),
        node: name(reader),
        address: name(reader),
        replyTo: name(reader),
      };
    case types.ack:
      return { type: 'ack', seq: reader.number(), stream: flag(reader) };
    case types.nack:
      return { type: 'nack', seq: reader.number(), from: name(reader) };
    case types.alive:
      return {
        type: 'alive',
        node: name(reader),
        address: name(reader),
        incarnation: incarnation(reader),
        metadata: readMetadata(reader),
      };
    case types.suspect:
      return { type: 'suspect', node: name(reader), incarnation: incarnation(reader), from: name(reader) };
    case types.dead:
      return { type: 'dead', node: name(reader), incarnation: incarnation(reader), from: name(reader) };
    case types['push-pull']:
      return { type: 'push-pull', replyTo: name(reader), reply: flag(reader), members: many(reader, readRecord) };
    default:
      throw new Malformed(`message of type ${type}`);
  }
}

function name(reader: Reader): string {
  const text = reader.text(maxNameBytes);
  if (text === '') throw new Malformed('empty name');
  return text;
}

function flag(reader: Reader): boolean {
  const value = reader.byte();
  if (value > 1) throw new Malformed(`flag ${value}`);
  return value === 1;
}

/** A node counts them from 1, and has to be able to bump the highest that it is accused of. */
function incarnation(reader: Reader): number {
  const value = reader.number();
  if (value === 0 || value > Number.MAX_SAFE_INTEGER - 2 ** 32) throw new Malformed(`incarnation ${value}`);
  return value;
}

function many<Item>(reader: Reader, read: (reader: Reader) => Item): readonly Item[] {
  const count = reader.number();
  // Each takes a byte at least: a count that lies costs nothing.
  if (count > reader.end - reader.at) throw new Malformed(`${count} items`);
  const items: Item[] = [];
  for (let index = 0; index < count; index += 1) items.push(read(reader));
  return items;
}

function writeRecord(writer: Writer, { node, address, incarnation: number, status, metadata }: MemberRecord): void {
  writer.text(node);
  writer.text(address);
  writer.number(number);
  writer.byte(statuses.indexOf(status));
  writeMetadata(writer, metadata);
}

function readRecord(reader: Reader): MemberRecord {
  const [node, address, number] = [name(reader), name(reader), incarnation(reader)];
  const status = statuses[reader.byte()];
  if (status === undefined) throw new Malformed('status');
  const metadata = readMetadata(reader);
  if (metadata.base !== 0) throw new Malformed('a record with part of its metadata');
  return { node, address, incarnation: number, status, metadata };
}

function writeMetadata(writer: Writer, { life, base, version, entries }: MetadataDelta): void {
  writer.number(life);
  writer.number(base);
  writer.number(version);
  writer.number(entries.length);
  for (const { key, value } of entries) {
    writer.text(key);
    // A removed key is marked: an empty text is a text.
    writer.byte(value === undefined ? 0 : 1);
    if (value !== undefined) writer.text(value);
  }
}

function readMetadata(reader: Reader): MetadataDelta {
  const [life, base, version] = [reader.number(), reader.number(), reader.number()];
  if (base > version) throw new Malformed('a delta that goes back');
  return { life, base, version, entries: many(reader, readEntry) };
}

function readEntry(reader: Reader): MetadataEntry {
  const key = reader.text(maxMetadataBytes);
  return { key, value: flag(reader) ? reader.text(maxMetadataBytes) : undefined };
}
