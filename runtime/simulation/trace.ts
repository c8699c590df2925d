/**
 * What happened in a simulated run. Every event is folded into a hash at once, so that two runs can be compared whatever
 * their length; the last events are kept as they were and put into words only when somebody reads them, because words
 * for millions of events that nobody reads would cost more than the run.
 */

/** What an event was. */
export type EventKind =
  | 'tick'
  | 'deliver'
  | 'lose'
  | 'twice'
  | 'synced'
  | 'crash'
  | 'restart'
  | 'fault'
  | 'heal'
  | 'operate'
  | 'step'
  | 'note';

/** Numbers of kinds in the hash. */
const numbers: Readonly<Record<EventKind, number>> = {
  tick: 1,
  deliver: 2,
  lose: 3,
  twice: 4,
  synced: 5,
  crash: 6,
  restart: 7,
  fault: 8,
  heal: 9,
  operate: 10,
  step: 11,
  note: 12,
};

/** Text, the bytes of a message, a number that tells this event from others of its kind, or nothing. */
export type Detail = string | Uint8Array | number | undefined;

interface Entry {
  readonly number: number;
  readonly atUs: number;
  readonly kind: EventKind;
  readonly node: number;
  readonly peer: number;
  readonly detail: Detail;
}

/** The events of one run. */
export class Trace {
  /** Events so far. */
  count = 0;
  readonly #keep: number;
  readonly #words: (message: Uint8Array) => string;
  #entries: Entry[] = [];
  #low = 0x811c9dc5 | 0;
  #high = 0x9747b28c | 0;

  /** At least the last `keep` events can be read afterwards; `words` describes the bytes of a message. */
  constructor(keep: number, words: (message: Uint8Array) => string) {
    this.#keep = keep;
    this.#words = words;
  }

  /** 64 bits over kind, time, place and content of every event, and what was sealed, as 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** `node` is where it happened, -1 for the world; `peer` whom it came from, -1 for nobody. */
  add(kind: EventKind, atUs: number, node: number, peer = -1, detail?: Detail): void {
    this.count += 1;
    if (this.#keep > 0) {
      // Half of the array goes at once, so that keeping the tail costs next to nothing an event.
      if (this.#entries.length >= 2 * this.#keep) this.#entries = this.#entries.slice(-this.#keep);
      this.#entries.push({ number: this.count, atUs, kind, node, peer, detail });
    }
    this.#fold((numbers[kind] << 16) ^ ((node + 1) << 8) ^ (peer + 1));
    // Two halves: virtual time goes beyond 32 bits within an hour and a quarter.
    this.#fold(atUs | 0);
    this.#fold((atUs / 2 ** 32) | 0);
    if (detail === undefined) return;
    if (typeof detail === 'number') this.#fold(detail);
    else this.#foldAll(detail);
  }

  /** Takes what a run came to into the hash: it is no event. */
  seal(detail: string | Uint8Array): void {
    this.#fold(detail.length);
    this.#foldAll(detail);
  }

  /** The last events in words, oldest first: number, time in seconds, node, what, from or to whom, content. */
  *lines(count = this.#keep): Generator<string> {
    const first = Math.max(0, this.#entries.length - Math.min(count, this.#keep));
    for (const { number, atUs, kind, node, peer, detail } of this.#entries.slice(first)) {
      const place = node < 0 ? 'world' : `n${node + 1}`;
      const from = peer < 0 ? '' : ` ${kind === 'lose' || kind === 'twice' ? 'to' : 'from'} n${peer + 1}`;
      const content = detail instanceof Uint8Array ? this.#words(detail) : (detail ?? '');
      yield `${String(number).padStart(8)} ${(atUs / 1e6).toFixed(6).padStart(12)} ${place.padEnd(5)} ${kind}${from} ${content}`.trimEnd();
    }
  }

  #foldAll(detail: string | Uint8Array): void {
    if (typeof detail === 'string') for (let i = 0; i < detail.length; i += 1) this.#fold(detail.charCodeAt(i));
    else for (let i = 0; i < detail.length; i += 1) this.#fold(detail[i] as number);
  }

  /** FNV-1a twice, with two offsets and two primes. */
  #fold(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ value ^ (this.#low >>> 15), 0x85ebca6b);
  }
}
