/**
 * The port through which executors of one cluster reach each other: frames to one executor, broadcasts to all nodes, and
 * services that also answer programs outside the cluster. Two adapters keep the same contract, held to it by one test
 * suite: `connect.ts` over a message server, and `memory.ts` within one process.
 *
 * What is promised: frames arrive whole, unchanged, at most once, and in order per sender, receiver and lane. What is
 * not: that a frame arrives (the receiver may be gone, the connection may break), or any order between lanes.
 */

/** `control` is never behind bulk traffic; `data` carries envelopes; `large` carries what exceeds {@link MAX_FRAME_BYTES}. */
export type Lane = 'control' | 'data' | 'large';

/** Most bytes of one frame on the lanes `control` and `data`; servers and sockets stay responsive below 64 KiB. */
export const MAX_FRAME_BYTES = 48 * 1024;

/** Whom frames reach: one executor of one node of one cluster. */
export interface TransportAddress {
  readonly cluster: string;
  readonly node: string;
  readonly executor: number;
}

/** `disconnected` means that this side is cut off (it tries to come back by itself); `closed` is final. */
export type TransportStatus = 'connected' | 'disconnected' | 'closed';

/** Takes a handler away; calling it twice does nothing. */
export type Unsubscribe = () => void;

/** Header names are letters, digits and hyphens; values are one line of text. Names arrive as they were sent. */
export type MessageHeaders = Readonly<Record<string, string>>;

/** One answer to a request. */
export interface ServiceReply {
  readonly payload: Uint8Array;
  readonly headers: MessageHeaders;
}

/** Answers a request; may be called later, and more than once for callers of `requestMany`. */
export type Respond = (payload: Uint8Array, headers?: MessageHeaders) => void;

/** Handles one request. What it throws goes to the `onError` of the transport: answering is its own duty. */
export type ServiceHandler = (payload: Uint8Array, headers: MessageHeaders, respond: Respond) => void;

/** Options of {@link Services.requestMany}. */
export interface RequestManyOptions {
  /** How long to gather answers, in ms. */
  readonly maxWaitMs: number;
  /** Resolve as soon as this many came; default: no limit. */
  readonly maxReplies?: number;
  readonly headers?: MessageHeaders;
}

/** Requests and answers by subject: dotted words without spaces or wildcards, such as `skep.demo.api.spawn`. */
export interface Services {
  /** Answers requests on a subject. With a `queue`, each request goes to one of the servers that share it. */
  serve(subject: string, queue: string | undefined, handler: ServiceHandler): Unsubscribe;
  /**
   * Sends a request and waits for the first answer.
   * @throws SkepError `NO_CLUSTER` at once when nobody serves the subject, `CALL_TIMEOUT` after `timeoutMs`,
   * `TRANSPORT_FAILED` when the connection is not there or is lost while waiting, `FRAME_TOO_LARGE` for a payload over
   * the limit of the server.
   */
  request(subject: string, payload: Uint8Array, headers: MessageHeaders, timeoutMs: number): Promise<ServiceReply>;
  /** Sends a request and gathers answers; empty when nobody serves the subject. Throws as `request`, but never times out. */
  requestMany(subject: string, payload: Uint8Array, options: RequestManyOptions): Promise<readonly ServiceReply[]>;
}

/** A connection for services alone, for programs that are no node. */
export interface ServiceClient extends Services {
  status(): TransportStatus;
  /** Resolves once everything sent before has reached the server, subscriptions included. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Counters since the transport was made. Frames, not chunks or acknowledgements. */
export interface TransportStats {
  readonly sentFrames: number;
  readonly sentBytes: number;
  readonly receivedFrames: number;
  readonly receivedBytes: number;
  /** Times that a connection came back. */
  readonly reconnects: number;
  /** What was not sent, by reason: cut off, outgoing buffer over its limit, closed, or refused by the server's client. */
  readonly dropped: {
    readonly disconnected: number;
    readonly overflow: number;
    readonly closed: number;
    readonly refused: number;
  };
  /** Large frames that were acknowledged, given up without an answer, or refused by their receiver. */
  readonly large: {
    readonly delivered: number;
    readonly abandoned: number;
    readonly refused: number;
    readonly resentChunks: number;
  };
  /** Chunks (and assemblies, for `expired` and `mismatched`) of large frames that were not used, by reason. */
  readonly rejectedChunks: {
    readonly malformed: number;
    readonly duplicate: number;
    readonly stale: number;
    readonly refused: number;
    readonly mismatched: number;
    readonly tooLarge: number;
    readonly expired: number;
  };
}

/** One executor's connection to its cluster. */
export interface Transport {
  readonly address: TransportAddress;
  /**
   * Sends one frame; the caller must not change its bytes afterwards. A frame over {@link MAX_FRAME_BYTES} travels on the
   * lane `large` whatever lane was asked for. Never throws for an absent receiver.
   * @returns false when the frame was dropped or the outgoing buffer is over its high-water mark; then wait for `onDrain`.
   * @throws SkepError `BAD_NAME` for an address that cannot exist, `FRAME_TOO_LARGE` over the limit for one message.
   */
  send(node: string, executor: number, lane: Lane, frame: Uint8Array): boolean;
  /** Tells every transport of the cluster that listens to the topic, the sender's own listeners included. */
  broadcast(topic: string, payload: Uint8Array): void;
  /** Sets the one handler of frames for this executor. `flush` resolves once peers can reach it. */
  onFrame(handler: (frame: Uint8Array, lane: Lane) => void): void;
  onBroadcast(topic: string, handler: (payload: Uint8Array) => void): Unsubscribe;
  /** Called when sending may go on after `send` returned false. */
  onDrain(handler: () => void): Unsubscribe;
  status(): TransportStatus;
  onStatus(handler: (status: TransportStatus) => void): Unsubscribe;
  readonly services: Services;
  /** Resolves once everything sent before has reached the server, subscriptions included. Rejects when cut off. */
  flush(): Promise<void>;
  /** Sends what is under way (for at most 2 s), then closes. Calling it again gives the same promise. */
  close(): Promise<void>;
  stats(): TransportStats;
}
