/**
 * Frames: many envelopes in one packet. Layout (msgpack array):
 *
 *     [ VERSION, addresses[], rows[] ]
 *     row = [ kind, to, from, ...fields ]      to and from are indexes into addresses, -1 for none
 *
 * The row of a cast or call ends in its trace context and its priority where it has them, and is shorter where not.
 *
 * Addresses repeat from envelope to envelope, so each is written once a frame and named by a small integer.
 */
import { type ActorAddress, parseAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { readTraceparent, type Traceparent } from '#protocols/wire/trace-context';
import { SkepError, unreachable, type WireError } from '#protocols/wire/error';
import { isPriority } from '../mailbox/priority.js';
import { assertPlain, decode, encodeChecked } from './msgpack.js';
import { readSignal } from './signal.js';

const VERSION = 1;
/** No reader has a window near this; a grant above it is a defect or an attack. */
const MAX_CREDIT = 65_536;
/** A million messages a second for a hundred years. */
const MAX_COUNT = 2 ** 52;
const kinds = [
  'cast',
  'call',
  'reply',
  'item',
  'end',
  'fail',
  'credit',
  'cancel',
  'signal',
  'demand',
  'grant',
  'closed',
] as const;
const code = Object.fromEntries(kinds.map((kind, index) => [kind, index])) as Record<(typeof kinds)[number], number>;

type Row = readonly unknown[];

/**
 * Packs envelopes into one frame that owns its memory.
 * @throws TypeError or RangeError when a payload is not plain data.
 */
export function encodeFrame(envelopes: readonly Envelope[]): Uint8Array<ArrayBuffer> {
  const addresses: ActorAddress[] = [];
  const index = new Map<ActorAddress, number>();
  const at = (address: ActorAddress): number => {
    const known = index.get(address);
    if (known !== undefined) return known;
    index.set(address, addresses.length);
    return addresses.push(address) - 1;
  };
  const rows = envelopes.map((envelope) => toRow(envelope, at));
  return encodeChecked([VERSION, addresses, rows]);
}

function toRow(envelope: Envelope, at: (address: ActorAddress) => number): Row {
  const to = at(envelope.to);
  switch (envelope.kind) {
    case 'cast':
      assertPlain(envelope.message);
      return ended(
        [code.cast, to, at(envelope.from), envelope.name, envelope.message],
        envelope.trace,
        envelope.priority,
      );
    case 'call': {
      const { id, name, message, timeoutMs, chain, credit, trace, priority } = envelope;
      assertPlain(message);
      const row = [code.call, to, at(envelope.from), id, name, message, timeoutMs, chain.map(at), credit];
      return ended(row, trace, priority);
    }
    case 'reply':
      assertPlain(envelope.value);
      return [code.reply, to, -1, envelope.id, envelope.value];
    case 'item':
      assertPlain(envelope.value);
      return [code.item, to, -1, envelope.id, envelope.value];
    case 'end':
      return [code.end, to, -1, envelope.id];
    case 'fail':
      assertPlain(envelope.error);
      return [code.fail, to, -1, envelope.id, envelope.error];
    case 'credit':
      return [code.credit, to, at(envelope.from), envelope.id, envelope.count];
    case 'cancel':
      return [code.cancel, to, at(envelope.from), envelope.id];
    case 'demand':
      return [code.demand, to, at(envelope.from), envelope.epoch, envelope.sent];
    case 'grant':
      return [code.grant, to, at(envelope.from), envelope.epoch, envelope.limit];
    case 'closed':
      return [code.closed, to, at(envelope.from), envelope.epoch];
    case 'signal':
      assertPlain(envelope.signal);
      return [code.signal, to, at(envelope.from), envelope.signal];
    default:
      return unreachable(envelope);
  }
}

/**
 * Unpacks a frame.
 * @throws SkepError BAD_FRAME when the bytes are not a frame of this version; nothing of it is delivered then.
 */
export function decodeFrame(bytes: Uint8Array): readonly Envelope[] {
  try {
    const frame = decode(bytes);
    if (!Array.isArray(frame) || frame[0] !== VERSION) throw new Error('not a frame of this version');
    const [, addresses, rows] = frame as [number, unknown, unknown];
    if (!Array.isArray(addresses) || !Array.isArray(rows)) throw new Error('addresses or rows are missing');
    for (const address of addresses) {
      if (typeof address !== 'string' || parseAddress(address) === undefined)
        throw new Error('an address is malformed');
    }
    return rows.map((row: unknown) => fromRow(row, addresses as ActorAddress[]));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('BAD_FRAME', `frame of ${bytes.length} bytes refused: ${why}`, { bytes: bytes.length }, cause);
  }
}

function fromRow(row: unknown, addresses: readonly ActorAddress[]): Envelope {
  if (!Array.isArray(row)) throw new Error('a row is not an array');
  const kind = kinds[integer(row[0])];
  const to = addressAt(addresses, row[1]);
  switch (kind) {
    case 'cast':
      return withPriority(
        withTrace({ kind, to, from: addressAt(addresses, row[2]), name: text(row[3]), message: row[4] }, row[5]),
        row[6],
      );
    case 'call': {
      const call: Envelope = {
        kind,
        to,
        from: addressAt(addresses, row[2]),
        id: integer(row[3]),
        name: text(row[4]),
        message: row[5],
        timeoutMs: duration(row[6]),
        chain: array(row[7]).map((entry) => addressAt(addresses, entry)),
        credit: credit(row[8]),
      };
      return withPriority(withTrace(call, row[9]), row[10]);
    }
    case 'reply':
    case 'item':
      return { kind, to, id: integer(row[3]), value: row[4] };
    case 'end':
      return { kind, to, id: integer(row[3]) };
    case 'fail':
      return { kind, to, id: integer(row[3]), error: wireError(row[4]) };
    case 'credit':
      return { kind, to, from: addressAt(addresses, row[2]), id: integer(row[3]), count: credit(row[4]) };
    case 'cancel':
      return { kind, to, from: addressAt(addresses, row[2]), id: integer(row[3]) };
    case 'demand':
      return { kind, to, from: addressAt(addresses, row[2]), epoch: count(row[3]), sent: count(row[4]) };
    case 'grant':
      return { kind, to, from: addressAt(addresses, row[2]), epoch: count(row[3]), limit: count(row[4]) };
    case 'closed':
      return { kind, to, from: addressAt(addresses, row[2]), epoch: count(row[3]) };
    case 'signal':
      return { kind, to, from: addressAt(addresses, row[2]), signal: readSignal(row[3]) };
    case undefined:
      throw new Error('a row has an unknown kind');
    default:
      return unreachable(kind);
  }
}

function ended(row: unknown[], trace: Traceparent | undefined, priority: number | undefined): Row {
  if (priority !== undefined) row.push(trace ?? null, priority);
  else if (trace !== undefined) row.push(trace);
  return row;
}

/** A malformed context is dropped and its message goes on without: W3C Trace Context, section 3.2.4. */
function withTrace(envelope: Envelope, value: unknown): Envelope {
  const trace = value === undefined || value === null ? undefined : readTraceparent(value);
  return trace === undefined ? envelope : ({ ...envelope, trace } as Envelope);
}

function addressAt(addresses: readonly ActorAddress[], index: unknown): ActorAddress {
  const address = addresses[integer(index)];
  if (address === undefined) throw new Error('a row names an address that the frame does not list');
  return address;
}

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new Error('expected an integer');
  return value as number;
}

/** Counters have room to be added to. */
function count(value: unknown): number {
  const counted = integer(value);
  if (counted < 0 || counted > MAX_COUNT) throw new Error(`expected a count of 0 to ${MAX_COUNT}`);
  return counted;
}

/** Most messages are of the normal priority, which is not written. */
function withPriority(envelope: Envelope, priority: unknown): Envelope {
  if (priority === undefined) return envelope;
  if (!isPriority(priority)) throw new Error('expected a priority');
  return { ...envelope, priority } as Envelope;
}

function credit(value: unknown): number {
  const count = integer(value);
  if (count < 0 || count > MAX_CREDIT) throw new Error(`expected a credit of 0 to ${MAX_CREDIT}`);
  return count;
}

function duration(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new Error('expected milliseconds');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('expected text');
  return value;
}

function array(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('expected an array');
  return value;
}

function wireError(value: unknown): WireError {
  if (typeof value !== 'object' || value === null || !('code' in value) || !('message' in value)) {
    throw new Error('expected an error');
  }
  if (typeof value.code !== 'string' || typeof value.message !== 'string') throw new Error('expected an error');
  if ('facts' in value && (typeof value.facts !== 'object' || value.facts === null)) throw new Error('expected facts');
  return value as WireError;
}
