/**
 * An outbox gathers the envelopes for one other executor and sends them as frames at the end of a turn: one encoding
 * and one hop for many messages. A message that cannot be encoded is singled out and handed back; its neighbours go.
 */
import type { Envelope } from '#protocols/wire/envelope';
import type { Clock } from '../clock/clock.js';
import { encodeFrame } from '../codec/frame.js';

/** Where frames go: a thread or a node. */
export interface FrameLink {
  /** Takes one frame; false when the link is congested and senders should wait. A throw refuses the frame. */
  send(frame: Uint8Array<ArrayBuffer>): boolean;
  /** A frame of several envelopes is split until it is at most this large; one envelope may exceed it. */
  readonly maxFrameBytes: number;
  /** Whether senders should still wait; asked now and then. Without it a congestion is taken to last one pause. */
  congested?(): boolean;
}

/** Envelopes in one frame at most. */
const MAX_ENVELOPES = 256;
/** Waiting envelopes above which senders should wait. */
const HIGH_WATER = 4_096;
/** Envelopes that wait for a link to be made; signals, which keep supervision whole, may be many times more. */
const MAX_UNCONNECTED = 4_096;
const MAX_UNCONNECTED_SIGNALS = 65_536;
/** Milliseconds between two looks at a congested link. */
const PAUSE_MS = 10;

/** Envelopes on their way to one destination. */
export class Outbox {
  #waiting: Envelope[] = [];
  #congested = false;
  #onFlushed: (() => void)[] = [];
  readonly #link: FrameLink | undefined;
  readonly #refuse: (envelope: Envelope, cause: unknown) => void;

  /** Without a link envelopes wait to be taken over. `refuse` gets each envelope that cannot be encoded or sent. */
  constructor(link: FrameLink | undefined, refuse: (envelope: Envelope, cause: unknown) => void) {
    this.#link = link;
    this.#refuse = refuse;
  }

  /** False when senders should wait; undefined when there is no link and no room to wait for one. */
  push(envelope: Envelope): boolean | undefined {
    if (this.#link === undefined) {
      const room = envelope.kind === 'signal' ? MAX_UNCONNECTED_SIGNALS : MAX_UNCONNECTED;
      if (this.#waiting.length >= room) return undefined;
    }
    this.#waiting.push(envelope);
    return !this.full;
  }

  /** Takes what waits, unsent. */
  takeAll(): readonly Envelope[] {
    const taken = this.#waiting.splice(0);
    this.#flushed();
    return taken;
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** Whether nothing waits and nobody waits for it: such an outbox can be made again when it is needed. */
  get idle(): boolean {
    return this.#link !== undefined && this.#waiting.length === 0 && !this.#congested && this.#onFlushed.length === 0;
  }

  /** Whether senders should wait. */
  get full(): boolean {
    return this.#congested || this.#waiting.length > HIGH_WATER;
  }

  /** Resolves once the backlog has left, or the link has had a pause. The caller asks again whether there is room. */
  async drained(clock: Clock): Promise<void> {
    if (!this.#congested) return new Promise((resolve) => this.#onFlushed.push(resolve));
    await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
    this.#congested = this.#link?.congested?.() ?? false;
  }

  /** Sends all that waits, in order. */
  flush(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#congested = false;
    // A refusal may answer its caller through this very outbox, so look again until nothing waits.
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (let start = 0; start < batch.length; start += MAX_ENVELOPES)
        this.#send(link, batch.slice(start, start + MAX_ENVELOPES));
    }
    this.#flushed();
  }

  #flushed(): void {
    if (this.#onFlushed.length > 0) for (const done of this.#onFlushed.splice(0)) done();
  }

  #send(link: FrameLink, envelopes: readonly Envelope[]): void {
    try {
      const frame = encodeFrame(envelopes);
      if (frame.length <= link.maxFrameBytes || envelopes.length === 1) {
        if (!link.send(frame)) this.#congested = true;
        return;
      }
    } catch (cause) {
      const [only] = envelopes;
      if (envelopes.length === 1 && only !== undefined) this.#refuse(only, cause);
      else for (const envelope of envelopes) this.#send(link, [envelope]);
      return;
    }
    const middle = envelopes.length >> 1;
    this.#send(link, envelopes.slice(0, middle));
    this.#send(link, envelopes.slice(middle));
  }
}
