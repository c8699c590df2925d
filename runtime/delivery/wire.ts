/**
 * Packets of reliable delivery between executors. They travel as casts to the executors themselves and may come from
 * anywhere, so each is read field by field; what is malformed is undefined and gets counted.
 */
import type { Ack, ProducerPacket } from '#protocols/delivery/packet';
import { type ActorAddress, parseAddress } from '#protocols/wire/address';
import { readTraceparent, type Traceparent } from '#protocols/wire/trace-context';

const MALFORMED = Symbol('malformed');
/** The key of an actor, its node and three numbers. */
const MAX_SESSION_LENGTH = 1_024;

/** What the core calls a payload. */
export interface Payload {
  /** Name of the cast. */
  readonly name: string;
  readonly message: unknown;
  /** The trace that it belongs to, where there is one. */
  readonly trace?: Traceparent | undefined;
}

/** A packet for the consumer of the actor `to`, in the words of the sender (the incarnation may be `*`). */
export interface DataMessage {
  readonly to: ActorAddress;
  readonly packet: ProducerPacket<Payload>;
  /** The session of a durable sender, which may go on from another address. */
  readonly session?: string | undefined;
}

/** An acknowledgement for the producer of the actor, or executor, `to`. */
export interface AckMessage {
  readonly to: ActorAddress;
  readonly ack: Ack;
  /** As in the packet. */
  readonly session?: string | undefined;
}

/** The data message that a value is. */
export function readData(message: unknown): DataMessage | undefined {
  const session = readSession(message);
  const packet = readPacket(message);
  if (session === MALFORMED || packet === undefined) return undefined;
  return session === undefined ? packet : { ...packet, session };
}

function readPacket(message: unknown): DataMessage | undefined {
  const to = address(field(message, 'to'));
  const packet = field(message, 'packet');
  const epoch = count(field(packet, 'epoch'));
  const type = field(packet, 'type');
  if (to === undefined || epoch === undefined) return undefined;
  if (type === 'close') return { to, packet: { type, epoch } };
  const base = count(field(packet, 'base'));
  if (base === undefined || base < 1) return undefined;
  if (type === 'probe') return { to, packet: { type, epoch, base } };
  const seq = count(field(packet, 'seq'));
  const payload = field(packet, 'payload');
  const name = field(payload, 'name');
  if (type !== 'data' || seq === undefined || seq < base || typeof name !== 'string') return undefined;
  const content = field(payload, 'message');
  const trace = readTraceparent(field(payload, 'trace'));
  const read: Payload = trace === undefined ? { name, message: content } : { name, message: content, trace };
  return { to, packet: { type, epoch, base, seq, payload: read } };
}

/** The acknowledgement that a value is. */
export function readAck(message: unknown): AckMessage | undefined {
  const to = address(field(message, 'to'));
  const ack = field(message, 'ack');
  const [epoch, life] = [count(field(ack, 'epoch')), count(field(ack, 'life'))];
  const [handled, received] = [count(field(ack, 'handled')), count(field(ack, 'received'))];
  if (to === undefined || epoch === undefined || life === undefined) return undefined;
  const session = readSession(message);
  if (handled === undefined || received === undefined || session === MALFORMED) return undefined;
  const read: AckMessage = { to, ack: { epoch, life, handled, received } };
  return session === undefined ? read : { ...read, session };
}

function readSession(message: unknown): string | undefined | typeof MALFORMED {
  const session = field(message, 'session');
  if (session === undefined) return undefined;
  return typeof session === 'string' && session.length <= MAX_SESSION_LENGTH ? session : MALFORMED;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function address(value: unknown): ActorAddress | undefined {
  return typeof value === 'string' && parseAddress(value) !== undefined ? (value as ActorAddress) : undefined;
}
