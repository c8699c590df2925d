/** Writes a frame, envelope by envelope, as each is sent: what its sender does with a message afterwards is not seen. */
import type { ActorAddress } from '#protocols/wire/address';
import type { Envelope } from '#protocols/wire/envelope';
import { unreachable } from '#protocols/wire/error';
import { Again, codeOf, Flag, VERSION } from './frame-layout.js';
import { ValueWriter } from './value-writer.js';

type UserMessage = Extract<Envelope, { kind: 'cast' | 'call' }>;

export class FrameWriter {
  readonly #values = new ValueWriter();
  readonly #addresses = new Table();
  readonly #names = new Table();
  #count = 0;
  /** The cast or call before. */
  #before: UserMessage | undefined;

  constructor() {
    this.clear();
  }

  /** Envelopes in the frame. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that its buffer has come to hold. */
  get capacity(): number {
    return this.#values.capacity;
  }

  /** Bytes of the frame. */
  get length(): number {
    return this.#values.length;
  }

  /**
   * Adds an envelope. False when the frame would be longer than `maxBytes` with it and has others already: then it is as
   * it was before.
   * @throws TypeError or RangeError when the payload is not plain data; the frame is as it was before.
   */
  add(envelope: Envelope, maxBytes = Number.POSITIVE_INFINITY): boolean {
    const { length, shapes } = this.#values;
    const addresses = this.#addresses.size;
    const names = this.#names.size;
    const before = this.#before;
    let fits = false;
    try {
      this.#row(envelope);
      fits = this.#count === 0 || this.#values.length <= maxBytes;
      return fits;
    } finally {
      if (fits) this.#count += 1;
      else {
        this.#values.back(length, shapes);
        this.#addresses.size = addresses;
        this.#names.size = names;
        this.#before = before;
      }
    }
  }

  /** The frame, in memory of its own; the next begins. */
  take(): Uint8Array<ArrayBuffer> {
    const frame = this.#values.take();
    this.clear();
    return frame;
  }

  /** Forgets what was added; the next frame begins. */
  clear(): void {
    this.#values.clear();
    this.#values.byte(VERSION);
    this.#addresses.clear();
    this.#names.clear();
    this.#count = 0;
    this.#before = undefined;
  }

  #row(envelope: Envelope): void {
    const values = this.#values;
    const { kind } = envelope;
    const code = codeOf[kind];
    switch (kind) {
      case 'cast':
        this.#head(code, envelope);
        values.message(envelope.message);
        this.#tail(envelope);
        return;
      case 'call':
        this.#head(code, envelope);
        values.number(envelope.id);
        values.message(envelope.message);
        values.number(envelope.timeoutMs);
        values.number(envelope.credit);
        values.number(envelope.chain.length);
        for (const address of envelope.chain) this.#address(address);
        this.#tail(envelope);
        return;
      case 'reply':
      case 'item':
        this.#plain(code, envelope.to, envelope.id);
        values.message(envelope.value);
        return;
      case 'end':
        this.#plain(code, envelope.to, envelope.id);
        return;
      case 'fail':
        this.#plain(code, envelope.to, envelope.id);
        values.message(envelope.error);
        return;
      case 'credit':
        this.#between(code, envelope);
        values.number(envelope.id);
        values.number(envelope.count);
        return;
      case 'cancel':
        this.#between(code, envelope);
        values.number(envelope.id);
        return;
      case 'demand':
        this.#between(code, envelope);
        values.number(envelope.epoch);
        values.number(envelope.sent);
        return;
      case 'grant':
        this.#between(code, envelope);
        values.number(envelope.epoch);
        values.number(envelope.limit);
        return;
      case 'closed':
        this.#between(code, envelope);
        values.number(envelope.epoch);
        return;
      case 'signal':
        this.#between(code, envelope);
        values.message(envelope.signal);
        return;
      default:
        unreachable(kind);
    }
  }

  #head(code: number, envelope: UserMessage): void {
    const before = this.#before;
    const again =
      before !== undefined &&
      before.to === envelope.to &&
      before.name === envelope.name &&
      before.from === envelope.from;
    const trace = envelope.trace === undefined ? 0 : Flag.trace;
    const priority = envelope.priority === undefined ? 0 : Flag.priority;
    this.#values.byte((again ? Again[envelope.kind] : code) | trace | priority);
    if (again) return;
    this.#address(envelope.to);
    this.#address(envelope.from);
    this.#listed(this.#names, envelope.name);
    this.#before = envelope;
  }

  #tail({ trace, priority }: UserMessage): void {
    if (trace !== undefined) this.#values.value(trace);
    if (priority !== undefined) this.#values.value(priority);
  }

  #plain(code: number, to: ActorAddress, id: number): void {
    this.#values.byte(code);
    this.#address(to);
    this.#values.number(id);
  }

  #between(code: number, { to, from }: { readonly to: ActorAddress; readonly from: ActorAddress }): void {
    this.#values.byte(code);
    this.#address(to);
    this.#address(from);
  }

  #address(address: ActorAddress): void {
    this.#listed(this.#addresses, address);
  }

  #listed(table: Table, text: string): void {
    const { size } = table;
    const number = table.numberOf(text);
    this.#values.number(number);
    if (number === size) this.#values.text(text);
  }
}

/** Texts of a frame and their numbers. */
class Table {
  /** Entries that count; those beyond were taken back. */
  size = 0;
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  clear(): void {
    if (this.#numbers.size > 0) this.#numbers.clear();
    this.#texts.length = 0;
    this.size = 0;
  }

  /** The number of a text, which is listed if it was not. */
  numberOf(text: string): number {
    const number = this.#numbers.get(text);
    if (number !== undefined && number < this.size && this.#texts[number] === text) return number;
    this.#texts[this.size] = text;
    this.#numbers.set(text, this.size);
    this.size += 1;
    return this.size - 1;
  }
}
