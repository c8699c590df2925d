/**
 * An outbox gathers the envelopes for one other executor and sends them as frames at the end of a turn: one encoding
 * and one hop for many messages. A message that cannot be encoded is singled out and handed back; its neighbours go.
 */
import type { Envelope } from '#protocols/wire/envelope';
import { encodeFrame } from '../codec/frame.js';

/** Where frames go: a thread or a node. */
export interface FrameLink {
  /** Takes one frame; false when the link is congested and senders should wait. Never throws. */
  send(frame: Uint8Array<ArrayBuffer>): boolean;
  /** A frame of several envelopes is split until it is at most this large; one envelope may exceed it. */
  readonly maxFrameBytes: number;
}

/** Envelopes in one frame at most. */
const MAX_ENVELOPES = 256;

/** Envelopes on their way to one destination. */
export class Outbox {
  #waiting: Envelope[] = [];
  #congested = false;
  readonly #link: FrameLink | undefined;
  readonly #refuse: (envelope: Envelope, cause: unknown) => void;

  /** Without a link envelopes wait to be taken over. `refuse` gets each envelope that cannot be encoded. */
  constructor(link: FrameLink | undefined, refuse: (envelope: Envelope, cause: unknown) => void) {
    this.#link = link;
    this.#refuse = refuse;
  }

  /** False when the link was congested at the last flush. */
  push(envelope: Envelope): boolean {
    this.#waiting.push(envelope);
    return !this.#congested;
  }

  /** Takes what waits, unsent. */
  takeAll(): readonly Envelope[] {
    return this.#waiting.splice(0);
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  get congested(): boolean {
    return this.#congested;
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
      for (let start = 0; start < batch.length; start += MAX_ENVELOPES) this.#send(link, batch.slice(start, start + MAX_ENVELOPES));
    }
  }

  #send(link: FrameLink, envelopes: readonly Envelope[]): void {
    let frame: Uint8Array<ArrayBuffer>;
    try {
      frame = encodeFrame(envelopes);
    } catch (cause) {
      const [only] = envelopes;
      if (envelopes.length === 1 && only !== undefined) this.#refuse(only, cause);
      else for (const envelope of envelopes) this.#send(link, [envelope]);
      return;
    }
    if (frame.length > link.maxFrameBytes && envelopes.length > 1) {
      const middle = envelopes.length >> 1;
      this.#send(link, envelopes.slice(0, middle));
      this.#send(link, envelopes.slice(middle));
      return;
    }
    if (!link.send(frame)) this.#congested = true;
  }
}
