/** Reads a frame. What arrives is never trusted: each field is checked before anything acts on it. */
import { type ActorAddress, parseAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { unreachable, type WireError } from '#protocols/wire/error';
import { readTraceparent } from '#protocols/wire/trace-context';
import { isPriority } from '../mailbox/priority.js';
import { Again, Flag, KIND_BITS, kinds, VERSION } from './frame-layout.js';
import { readSignal } from './signal.js';
import { ValueReader } from './value-reader.js';

/** No reader has a window near this; a grant above it is a defect or an attack. */
const MAX_CREDIT = 65_536;
/** A million messages a second for a hundred years. */
const MAX_COUNT = 2 ** 52;

export class FrameReader {
  readonly #values: ValueReader;
  readonly #addresses: ActorAddress[] = [];
  readonly #names: string[] = [];
  // Of the cast or call before.
  #to: ActorAddress | undefined;
  #from: ActorAddress | undefined;
  #name = '';

  constructor(bytes: Uint8Array) {
    this.#values = new ValueReader(bytes);
  }

  /** All that the frame carries. @throws Error saying what is wrong with it. */
  envelopes(): readonly Envelope[] {
    if (this.#values.byte() !== VERSION) throw new Error('not a frame of this version');
    const envelopes: Envelope[] = [];
    while (!this.#values.done) envelopes.push(this.#row());
    return envelopes;
  }

  #row(): Envelope {
    const head = this.#values.byte();
    const code = head & KIND_BITS;
    if (code === Again.cast) return this.#cast(head);
    if (code === Again.call) return this.#call(head);
    const kind = kinds[code];
    switch (kind) {
      case 'cast':
        this.#where();
        return this.#cast(head);
      case 'call':
        this.#where();
        return this.#call(head);
      case 'reply':
      case 'item':
        return { kind, to: this.#address(), id: this.#integer(), value: this.#values.value() };
      case 'end':
        return { kind, to: this.#address(), id: this.#integer() };
      case 'fail':
        return { kind, to: this.#address(), id: this.#integer(), error: wireError(this.#values.value()) };
      case 'credit':
        return {
          kind,
          to: this.#address(),
          from: this.#address(),
          id: this.#integer(),
          count: credit(this.#integer()),
        };
      case 'cancel':
        return { kind, to: this.#address(), from: this.#address(), id: this.#integer() };
      case 'demand':
        return { kind, to: this.#address(), from: this.#address(), epoch: this.#count(), sent: this.#count() };
      case 'grant':
        return { kind, to: this.#address(), from: this.#address(), epoch: this.#count(), limit: this.#count() };
      case 'closed':
        return { kind, to: this.#address(), from: this.#address(), epoch: this.#count() };
      case 'signal':
        return { kind, to: this.#address(), from: this.#address(), signal: readSignal(this.#values.value()) };
      case undefined:
        throw new Error('a row has an unknown kind');
      default:
        return unreachable(kind);
    }
  }

  #cast(head: number): Envelope {
    const { to, from, name } = this.#place();
    const message = this.#values.value();
    return this.#tail(head, { kind: 'cast', to, from, name, message });
  }

  #call(head: number): Envelope {
    const { to, from, name } = this.#place();
    const call: Envelope = {
      kind: 'call',
      to,
      from,
      id: this.#integer(),
      name,
      message: this.#values.value(),
      timeoutMs: duration(this.#values.value()),
      credit: credit(this.#integer()),
      chain: this.#chain(),
    };
    return this.#tail(head, call);
  }

  /** Reads where a row goes, for itself and for those after it. */
  #where(): void {
    this.#to = this.#address();
    this.#from = this.#address();
    this.#name = this.#listed(this.#names, 'a name');
  }

  #place(): { readonly to: ActorAddress; readonly from: ActorAddress; readonly name: string } {
    if (this.#to === undefined || this.#from === undefined) throw new Error('a row goes where none before it went');
    return { to: this.#to, from: this.#from, name: this.#name };
  }

  #chain(): readonly ActorAddress[] {
    const length = this.#integer();
    const chain: ActorAddress[] = [];
    // A length that is not true ends with the bytes.
    while (chain.length < length) chain.push(this.#address());
    return chain;
  }

  /** Adds what the flags of the head tell of; most messages have neither. */
  #tail(head: number, envelope: Envelope): Envelope {
    if ((head & (Flag.trace | Flag.priority)) === 0) return envelope;
    // A malformed context is dropped and its message goes on without: W3C Trace Context, section 3.2.4.
    const trace = (head & Flag.trace) === 0 ? undefined : readTraceparent(this.#values.value());
    const traced = trace === undefined ? envelope : ({ ...envelope, trace } as Envelope);
    if ((head & Flag.priority) === 0) return traced;
    const priority = this.#values.value();
    if (!isPriority(priority)) throw new Error('expected a priority');
    return { ...traced, priority } as Envelope;
  }

  #address(): ActorAddress {
    const known = this.#addresses.length;
    const number = this.#integer();
    const address = this.#addresses[number];
    if (address !== undefined) return address;
    if (number !== known) throw new Error('a row names an address that the frame does not list');
    const text = this.#values.text();
    if (parseAddress(text) === undefined) throw new Error('an address is malformed');
    this.#addresses.push(text as ActorAddress);
    return text as ActorAddress;
  }

  #listed(list: string[], what: string): string {
    const known = list.length;
    const number = this.#integer();
    const text = list[number];
    if (text !== undefined) return text;
    if (number !== known) throw new Error(`a row has ${what} that the frame does not list`);
    const read = this.#values.text();
    list.push(read);
    return read;
  }

  #integer(): number {
    const value = this.#values.value();
    if (!Number.isSafeInteger(value)) throw new Error('expected an integer');
    return value as number;
  }

  /** Counters have room to be added to. */
  #count(): number {
    const counted = this.#integer();
    if (counted < 0 || counted > MAX_COUNT) throw new Error(`expected a count of 0 to ${MAX_COUNT}`);
    return counted;
  }
}

function credit(count: number): number {
  if (count < 0 || count > MAX_CREDIT) throw new Error(`expected a credit of 0 to ${MAX_CREDIT}`);
  return count;
}

function duration(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new Error('expected milliseconds');
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
