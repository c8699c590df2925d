/**
 * A link between two executors of a test system, in one direction. It carries the encoded frames of production in the
 * order they were sent; the delivery of each is a step of the receiving executor. Faults act here and nowhere else: what
 * stays within an executor is never lost, in production as in a test.
 */
import { MAX_FRAME_BYTES } from '../executor/link.js';
import type { FrameLink } from '../executor/outbox.js';
import { Queue } from '../mailbox/queue.js';
import type { Agenda, Source, StepHost } from './agenda.js';
import type { VirtualClock } from './virtual-clock.js';

/** A frame on its way. */
interface Waiting {
  readonly frame: Uint8Array;
  readonly readyAtMs: number;
}

/** One passage of a frame: what arrives, and after what delay. */
export interface Passage {
  readonly frame: Uint8Array;
  readonly delayMs: number;
}

/** Frames from one executor to another. */
export class MemoryLink implements FrameLink, Source {
  readonly kind = 'frame';
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly host: StepHost;
  readonly subject: string;
  open = true;
  readonly #agenda: Agenda;
  readonly #clock: VirtualClock;
  readonly #pass: (frame: Uint8Array) => readonly Passage[];
  readonly #frames = new Queue<Waiting>();
  #receive: ((frame: Uint8Array) => void) | undefined;
  #head: Waiting | undefined;

  /** `pass` says what becomes of a frame: usually it passes as it is. */
  constructor(
    agenda: Agenda,
    clock: VirtualClock,
    from: StepHost,
    to: StepHost,
    pass: (frame: Uint8Array) => readonly Passage[],
  ) {
    this.#agenda = agenda;
    this.#clock = clock;
    this.host = to;
    this.subject = `executor ${from.id} to ${to.id}`;
    this.#pass = pass;
  }

  send(frame: Uint8Array): boolean {
    // A thread that is dead, or whose peer is, posts into a port that nobody reads.
    if (!this.open) return true;
    for (const { frame: passed, delayMs } of this.#pass(frame))
      this.#frames.push({ frame: passed, readyAtMs: this.#clock.now() + delayMs });
    this.#next();
    return true;
  }

  /** The receiver has taken its end; what was sent before waited for it. */
  attach(receive: (frame: Uint8Array) => void): void {
    this.#receive = receive;
    this.#next();
  }

  /** What is on its way is lost. */
  close(): void {
    this.open = false;
    this.#frames.drain();
  }

  step(): unknown {
    const frame = this.#head?.frame;
    this.#head = undefined;
    this.#next();
    if (frame !== undefined) this.#receive?.(frame);
    return frame;
  }

  /** Puts the next frame on the agenda, once it is ready. A delayed frame holds up those behind it: links keep order. */
  #next(): void {
    if (this.#receive === undefined || this.#head !== undefined) return;
    this.#head = this.#frames.shift();
    if (this.#head === undefined) return;
    const delayMs = this.#head.readyAtMs - this.#clock.now();
    if (delayMs <= 0) this.#agenda.add(this);
    else this.#clock.after(delayMs, () => this.#agenda.add(this));
  }
}
