/**
 * The heartbeat of a thread in shared memory: the thread writes, the watchdog reads, and neither waits for the other. A
 * thread that is stuck can say nothing, so what it was doing has to be written down before it does it.
 *
 *     int32   0       beats: passes of the event loop so far
 *             1       number of the definition whose actor is in its turn, 0 for none
 *     float64 1       serial of that actor
 *     int32   4       number that the system knows the thread by, 0 for unknown
 *     bytes   24 on   names of definitions, 1 + 128 bytes each (length, ASCII), by number
 *
 * One block belongs to one life of a thread: nothing of a dead thread is read as its successor's.
 */

/** Names of definitions that fit; actors of further ones are in their turn without a name. */
const MAX_NAMES = 255;
/** A name of a definition has at most 128 characters, all ASCII. */
const NAME_BYTES = 129;
const BEATS = 0;
const DEFINITION = 1;
const SERIAL = 1;
const THREAD = 4;
const NAMES_AT = 24;

/** The actor that was in its turn. */
export interface InTurn {
  readonly serial: number;
  /** Name of its definition; empty when there were too many to be named. */
  readonly definition: string;
}

/** The memory of one heartbeat. */
export function heartbeatMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(NAMES_AT + MAX_NAMES * NAME_BYTES);
}

/** The side of the thread. Writing is a store or two, because it happens at each turn. */
export class Heartbeat {
  readonly #ints: Int32Array;
  readonly #doubles: Float64Array;
  readonly #names: Uint8Array;
  #beats = 0;
  #known = 0;

  /** `thread` is the number that the system knows the thread by, 0 for unknown. */
  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#ints = new Int32Array(memory, 0, 5);
    this.#ints[THREAD] = thread;
    this.#doubles = new Float64Array(memory, 0, 2);
    this.#names = new Uint8Array(memory, NAMES_AT);
  }

  /** The event loop has come round. */
  beat(): void {
    this.#beats = (this.#beats + 1) | 0;
    Atomics.store(this.#ints, BEATS, this.#beats);
  }

  /** The number of a definition that is new to this thread, never 0. */
  number(definition: string): number {
    this.#known += 1;
    if (this.#known > MAX_NAMES) return MAX_NAMES + 1;
    const at = (this.#known - 1) * NAME_BYTES;
    const bytes = new TextEncoder().encode(definition).subarray(0, NAME_BYTES - 1);
    this.#names[at] = bytes.length;
    this.#names.set(bytes, at + 1);
    return this.#known;
  }

  /** An actor is in its turn from now on; `definition` is a number of {@link number}, or 0 for nobody. */
  enter(definition: number, serial: number): void {
    this.#doubles[SERIAL] = serial;
    this.#ints[DEFINITION] = definition;
  }
}

/** The side of the watchdog. */
export class HeartbeatReader {
  readonly #memory: SharedArrayBuffer;
  readonly #ints: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#ints = new Int32Array(memory, 0, 5);
  }

  /** The number that the system knows the thread by; 0 as long as it is unknown. */
  get thread(): number {
    return Atomics.load(this.#ints, THREAD);
  }

  /** Passes of the event loop so far; 0 as long as the thread has not begun. */
  get beats(): number {
    return Atomics.load(this.#ints, BEATS);
  }

  /** Whose turn it is, or was when the thread ended. */
  inTurn(): InTurn | undefined {
    const definition = Atomics.load(this.#ints, DEFINITION);
    if (definition <= 0) return undefined;
    const serial = new Float64Array(this.#memory, 0, 2)[SERIAL] ?? 0;
    if (definition > MAX_NAMES) return { serial, definition: '' };
    const names = new Uint8Array(this.#memory, NAMES_AT);
    const at = (definition - 1) * NAME_BYTES;
    const bytes = names.slice(at + 1, at + 1 + (names[at] ?? 0));
    return { serial, definition: new TextDecoder().decode(bytes) };
  }
}
