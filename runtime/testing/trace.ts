/**
 * What happened in a run, step by step. The last steps are kept as they were and put into words only when somebody
 * reads them; the hash covers all of them from the first, so that two runs can be compared whatever their length.
 */
import { decodeFrame } from '../codec/frame.js';
import type { StepKind } from './agenda.js';

/** One message as an actor handled it. */
export interface Handled {
  readonly kind: 'call' | 'cast' | 'info';
  readonly name: string;
  readonly message: unknown;
}

interface Entry {
  readonly number: number;
  readonly atMs: number;
  readonly kind: StepKind | 'note';
  readonly subject: string;
  readonly detail: unknown;
}

/** Characters of a message in a line of the trace. */
const LONGEST_MESSAGE = 120;

/** The steps of one run. */
export class Trace {
  readonly #limit: number;
  #entries: Entry[] = [];
  #count = 0;
  #low = 0x811c9dc5 | 0;
  #high = 0x9747b28c | 0;

  /** `limit` steps are kept at least. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Steps so far. */
  get count(): number {
    return this.#count;
  }

  /** 64 bits over kind, time, subject and content of every step, as 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  add(kind: StepKind | 'note', atMs: number, subject: string, detail: unknown): void {
    this.#count += 1;
    // Half of the array goes at once, so that keeping the tail costs next to nothing a step.
    if (this.#entries.length >= 2 * this.#limit) this.#entries = this.#entries.slice(-this.#limit);
    this.#entries.push({ number: this.#count, atMs, kind, subject, detail });
    this.#foldText(kind);
    this.#fold(Math.round(atMs * 1_000));
    this.#foldText(subject);
    if (detail instanceof Uint8Array) for (let i = 0; i < detail.length; i += 1) this.#fold(detail[i] ?? 0);
    else if (isHandled(detail)) this.#foldText(detail.name);
  }

  /** The last steps in words, oldest first. */
  lines(count: number): readonly string[] {
    return this.#entries.slice(-Math.min(count, this.#limit)).map(describe);
  }

  #foldText(text: string): void {
    for (let i = 0; i < text.length; i += 1) this.#fold(text.charCodeAt(i));
  }

  /** FNV-1a twice, with two offsets and two primes. */
  #fold(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ value ^ (this.#low >>> 15), 0x85ebca6b);
  }
}

function isHandled(detail: unknown): detail is Handled {
  return typeof detail === 'object' && detail !== null && 'name' in detail && 'kind' in detail;
}

function describe({ number, atMs, kind, subject, detail }: Entry): string {
  const head = `${String(number).padStart(6)} ${atMs} ms  ${kind.padEnd(7)} ${subject}`;
  if (detail instanceof Uint8Array) return `${head}: ${frameInWords(detail)}`;
  if (isHandled(detail)) return `${head}: ${detail.kind} ${detail.name}${argument(detail.message)}`;
  return typeof detail === 'string' ? `${head}: ${detail}` : head;
}

function frameInWords(frame: Uint8Array): string {
  try {
    return decodeFrame(frame)
      .map((envelope) => {
        switch (envelope.kind) {
          case 'cast':
          case 'call':
            return `${envelope.kind} ${envelope.name}${argument(envelope.message)} to ${envelope.to}`;
          case 'signal':
            return `${envelope.signal.type} to ${envelope.to}`;
          case 'reply':
          case 'item':
            return `${envelope.kind} ${textOf(envelope.value)} to ${envelope.to}`;
          case 'fail':
            return `fail ${envelope.error.code} to ${envelope.to}`;
          default:
            return `${envelope.kind} to ${envelope.to}`;
        }
      })
      .join(', ');
  } catch {
    return `${frame.length} bytes that are no frame`;
  }
}

function argument(message: unknown): string {
  return message === undefined ? '' : ` ${textOf(message)}`;
}

/** A message on one line, cut where it is long. */
export function textOf(message: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(message) ?? String(message);
  } catch {
    text = String(message);
  }
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}...` : text;
}
