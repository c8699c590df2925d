/**
 * An outbox gathers the envelopes for one other executor into frames: one hop for many messages. Each is written into
 * the frame as it is sent, and the frame leaves at the end of the turn, or before when it is large enough to be worth a
 * hop of its own: then its receiver is at work on it while the turn still makes the next. A message that cannot be
 * written is handed back; its neighbours go.
 */
import type { Envelope } from '#protocols/wire/envelope';
import type { Clock } from '../clock/clock.js';
import { decodeFrame, encodeFrame } from '../codec/frame.js';
import type { FrameWriter } from '../codec/frame-writer.js';
import { borrowWriter, returnWriter } from '../codec/frame-writers.js';

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
/** Envelopes sent in one turn above which senders should wait. */
const HIGH_WATER = 4_096;
/** Envelopes that wait for a link to be made; signals, which keep supervision whole, may be many times more. */
const MAX_UNCONNECTED = 4_096;
const MAX_UNCONNECTED_SIGNALS = 65_536;
/** Milliseconds between two looks at a congested link. */
const PAUSE_MS = 10;

/** Envelopes on their way to one destination. */
export class Outbox {
  /** What waits for a link. */
  #unconnected: Envelope[] = [];
  /** The frame that is being gathered. */
  #frame: FrameWriter | undefined;
  /** Envelopes of this turn. */
  #pushed = 0;
  #congested = false;
  #onFlushed: (() => void)[] = [];
  /** Whether it is on the list of those to be flushed; for whoever keeps the list. */
  listed = false;
  readonly #link: FrameLink | undefined;
  readonly #refuse: (envelope: Envelope, cause: unknown) => void;

  /** Without a link envelopes wait to be taken over. `refuse` gets each envelope that cannot be encoded or sent. */
  constructor(link: FrameLink | undefined, refuse: (envelope: Envelope, cause: unknown) => void) {
    this.#link = link;
    this.#refuse = refuse;
  }

  /** False when senders should wait; undefined when there is no link and no room to wait for one. */
  push(envelope: Envelope): boolean | undefined {
    if (this.#link !== undefined) {
      this.#pushed += 1;
      this.#write(this.#link, envelope);
      return !this.full;
    }
    const room = envelope.kind === 'signal' ? MAX_UNCONNECTED_SIGNALS : MAX_UNCONNECTED;
    if (this.#unconnected.length >= room) return undefined;
    this.#unconnected.push(envelope);
    return !this.full;
  }

  /** Takes what waits, unsent. */
  takeAll(): readonly Envelope[] {
    const frame = this.#takeFrame();
    const taken = [...this.#unconnected.splice(0), ...(frame === undefined ? [] : decodeFrame(frame))];
    this.#flushed();
    return taken;
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** Whether nothing waits and nobody waits for it: such an outbox can be made again when it is needed. */
  get idle(): boolean {
    return this.#link !== undefined && this.#frame === undefined && !this.#congested && this.#onFlushed.length === 0;
  }

  /** Whether senders should wait. */
  get full(): boolean {
    return this.#congested || this.#pushed > HIGH_WATER || this.#unconnected.length > HIGH_WATER;
  }

  /** Resolves once the backlog has left, or the link has had a pause. The caller asks again whether there is room. */
  async drained(clock: Clock): Promise<void> {
    if (!this.#congested) return new Promise((resolve) => this.#onFlushed.push(resolve));
    await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
    this.#congested = this.#link?.congested?.() ?? false;
  }

  /** Sends all that waits, in order: the turn is over. */
  flush(): void {
    // A refusal may answer its caller through this very outbox, so look again until nothing waits.
    while (this.#link !== undefined && this.#frame !== undefined) this.#send(this.#link);
    this.#flushed();
  }

  #flushed(): void {
    this.#pushed = 0;
    if (this.#onFlushed.length > 0) for (const done of this.#onFlushed.splice(0)) done();
  }

  /** Writes an envelope into the frame; one that is large enough leaves. */
  #write(link: FrameLink, envelope: Envelope): void {
    const { maxFrameBytes } = link;
    try {
      let frame = (this.#frame ??= borrowWriter());
      while (!frame.add(envelope, maxFrameBytes)) {
        this.#send(link);
        frame = this.#frame ??= borrowWriter();
      }
    } catch (cause) {
      this.#refuse(envelope, cause);
      return;
    }
    if (this.#frame.count >= MAX_ENVELOPES || this.#frame.length > maxFrameBytes) this.#send(link);
  }

  /** Sends the frame. One that the link refuses is taken apart, so that what is at fault is handed back and the rest goes. */
  #send(link: FrameLink): void {
    const frame = this.#takeFrame();
    if (frame === undefined) return;
    try {
      this.#congested = !link.send(frame);
    } catch (cause) {
      const envelopes = decodeFrame(frame);
      const [only] = envelopes;
      if (envelopes.length === 1 && only !== undefined) this.#refuse(only, cause);
      else for (const envelope of envelopes) this.#sendAlone(link, envelope);
    }
  }

  #sendAlone(link: FrameLink, envelope: Envelope): void {
    try {
      this.#congested = !link.send(encodeFrame([envelope]));
    } catch (cause) {
      this.#refuse(envelope, cause);
    }
  }

  /** The frame as far as it is; undefined when there is nothing in it. */
  #takeFrame(): Uint8Array<ArrayBuffer> | undefined {
    const writer = this.#frame;
    if (writer === undefined) return undefined;
    this.#frame = undefined;
    const frame = writer.count === 0 ? undefined : writer.take();
    returnWriter(writer);
    return frame;
  }
}
