/**
 * The narrow waist under the transport: publish and subscribe by subject. Lanes, chunks and requests are written once,
 * above it; below it are the reconnecting connection to a server and the in-memory broker. So the twin that tests use
 * runs the same code as production, down to this line.
 */
import type { MessageHeaders, TransportStatus, Unsubscribe } from './port.js';

/** One message as it arrives. */
export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Where an answer is expected; undefined when none is. */
  readonly reply: string | undefined;
  readonly headers: MessageHeaders;
  /** The server's word that nobody listens where the request went. */
  readonly noResponders: boolean;
}

/** Extras of a publication. */
export interface BusPublishOptions {
  readonly reply?: string;
  readonly headers?: MessageHeaders;
}

/** What became of a publication; `full` means that it was sent and the buffer is now over its high-water mark. */
export type PublishOutcome = 'sent' | 'full' | 'disconnected' | 'overflow' | 'closed' | 'refused';

/** Handles one message; it may throw, which goes to the error handler of the bus. */
export type BusHandler = (message: BusMessage) => void;

/** Publish and subscribe, at most once, in order per publisher and subscription. */
export interface Bus {
  publish(subject: string, payload: Uint8Array, options?: BusPublishOptions): PublishOutcome;
  /** The last word of a subject may be `*`. Survives reconnection. Of the members of one `queue`, one gets each message. */
  subscribe(subject: string, queue: string | undefined, handler: BusHandler): Unsubscribe;
  status(): TransportStatus;
  onStatus(handler: (status: TransportStatus) => void): Unsubscribe;
  /** Called when publishing may go on after an outcome other than `sent`. */
  onDrain(handler: () => void): Unsubscribe;
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Times that the connection came back. */
  readonly reconnects: number;
}
