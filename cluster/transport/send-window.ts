/**
 * How much of what was handed to a connection has not reached the server yet. The client library writes into its socket
 * without looking at what the socket holds back, so the measure is taken end to end: after some bytes a round trip is
 * asked for, and when it comes back, everything sent before it has been read by the server.
 *
 *     sent:  |== confirmed ==|==== under a round trip ====|== since ==|
 *                             \____________ unconfirmed ____________/
 */

/** Limits of a {@link SendWindow}, in bytes. */
export interface SendWindowOptions {
  /** Above this the sender is asked to wait; it may go on below half of it. */
  readonly highWaterBytes: number;
  /** Above this nothing more is taken. */
  readonly limitBytes: number;
}

/** Counts unconfirmed bytes; without IO. */
export class SendWindow {
  readonly #options: SendWindowOptions;
  #unconfirmed = 0;
  #underRoundTrip: number | undefined;
  #mustDrain = false;

  constructor(options: SendWindowOptions) {
    this.#options = options;
  }

  /** Whether so many bytes more may be sent at all. */
  admits(bytes: number): boolean {
    if (this.#unconfirmed === 0 || this.#unconfirmed + bytes <= this.#options.limitBytes) return true;
    this.#mustDrain = true;
    return false;
  }

  /** Counts bytes as sent; `full` when the sender should wait. */
  add(bytes: number): 'sent' | 'full' {
    this.#unconfirmed += bytes;
    if (this.#unconfirmed <= this.#options.highWaterBytes) return 'sent';
    this.#mustDrain = true;
    return 'full';
  }

  /** Whether a round trip should be asked for now; if so, {@link confirmed} is due when it is back. */
  beginRoundTrip(): boolean {
    if (this.#underRoundTrip !== undefined || this.#unconfirmed < this.#options.highWaterBytes / 8) return false;
    this.#underRoundTrip = this.#unconfirmed;
    return true;
  }

  /** The round trip is back; true when senders that were asked to wait may go on. */
  confirmed(): boolean {
    this.#unconfirmed -= this.#underRoundTrip ?? 0;
    this.#underRoundTrip = undefined;
    return this.#drains();
  }

  /** The connection is gone, and with it what it held; senders that wait go on when the next one is there. */
  lost(): void {
    this.#unconfirmed = 0;
    this.#underRoundTrip = undefined;
  }

  /** Notes that something was not sent because there is no connection. */
  missed(): void {
    this.#mustDrain = true;
  }

  /** A new connection is there; true when senders that were asked to wait may go on. */
  renewed(): boolean {
    return this.#drains();
  }

  #drains(): boolean {
    if (!this.#mustDrain || this.#unconfirmed > this.#options.highWaterBytes / 2) return false;
    this.#mustDrain = false;
    return true;
  }
}
