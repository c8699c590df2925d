/**
 * The transport over two buses. `control` carries the control lane, broadcasts, acknowledgements and services; `bulk`
 * carries data and large. They are two connections because one socket is one queue: behind a few MiB of bulk on a slow
 * link a heartbeat would come too late, and a receiver that the server cuts off for being slow with bulk keeps its
 * control lane. The status is that of `control`: a node whose bulk is cut is slow, not gone.
 */
import { SkepError } from '#protocols/wire/error';
import type { Clock, Timer } from '#runtime/clock/clock';
import type { Bus, PublishOutcome } from './bus.js';
import { ChunkReceiver } from './chunk-receiver.js';
import { ChunkSender } from './chunk-sender.js';
import { encodeAck } from './chunks.js';
import { guarded, Listeners, type OnError } from './listeners.js';
import { MAX_FRAME_BYTES, type Lane, type Services, type Transport, type TransportAddress } from './port.js';
import type { TransportStats, TransportStatus, Unsubscribe } from './port.js';
import { RequestClient } from './requests.js';
import { broadcastSubject, checkTarget, executorSubjects, type ExecutorSubjects } from './subjects.js';

/** Options of {@link LaneTransport}; the defaults suit a LAN. */
export interface LaneOptions {
  /** Most bytes of one large message; larger ones are refused on both sides. Default 64 MiB. */
  readonly maxMessageBytes?: number;
  /** Unacknowledged bytes of large messages towards one receiver. Default 1 MiB. */
  readonly windowBytes?: number;
  /** First wait for an acknowledgement of a chunk, in ms; a receiver silent for 15 times this is given up. Default 1000. */
  readonly resendAfterMs?: number;
  /** Errors without a caller: a handler that threw, a connection that broke. Default: they are dropped. */
  readonly onError?: OnError;
}

/** Large bytes waiting for one receiver above which `send` returns false. */
const LARGE_HIGH_WATER_BYTES = 4 * 1024 * 1024;
/** Silence after which a receiver of large messages is given up, in waits for one acknowledgement. */
const GIVE_UP_WAITS = 15;
const MAX_MESSAGES_UNDER_WAY = 8;
const CLOSE_WAIT_MS = 2_000;
/** Receivers in use are few; the bound keeps a flood of names from growing the table. */
const MAX_KNOWN_NODES = 4_096;

/** {@link Transport} over two buses. */
export class LaneTransport implements Transport {
  readonly address: TransportAddress;
  readonly services: Services;
  readonly #control: Bus;
  readonly #bulk: Bus;
  readonly #clock: Clock;
  readonly #onError: OnError;
  readonly #drained: Listeners<void>;
  readonly #sender: ChunkSender;
  readonly #receiver: ChunkReceiver;
  readonly #maxMessageBytes: number;
  readonly #resendAfterMs: number;
  readonly #subjects = new Map<string, ExecutorSubjects[]>();
  readonly #counts = { sentFrames: 0, sentBytes: 0, receivedFrames: 0, receivedBytes: 0 };
  readonly #dropped = { disconnected: 0, overflow: 0, closed: 0, refused: 0 };
  #onFrame: ((frame: Uint8Array, lane: Lane) => void) | undefined;
  #timer: Timer | undefined;
  #largeIsFull = false;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(address: TransportAddress, control: Bus, bulk: Bus, clock: Clock, options: LaneOptions = {}) {
    this.address = address;
    this.#control = control;
    this.#bulk = bulk;
    this.#clock = clock;
    this.#onError = options.onError ?? (() => {});
    this.#drained = new Listeners(this.#onError);
    this.services = new RequestClient(control, clock, this.#onError);
    this.#maxMessageBytes = options.maxMessageBytes ?? 64 * 1024 * 1024;
    this.#resendAfterMs = options.resendAfterMs ?? 1_000;
    this.#sender = this.#makeSender(options.windowBytes ?? 1024 * 1024);
    this.#receiver = this.#makeReceiver();
    this.#listen();
  }

  send(node: string, executor: number, lane: Lane, frame: Uint8Array): boolean {
    const subjects = this.#subjectsOf(node, executor);
    if (lane === 'large' || frame.byteLength > MAX_FRAME_BYTES) return this.#sendLarge(node, executor, frame);
    if (this.#closing !== undefined) return this.#account('closed', frame.byteLength);
    const outcome =
      lane === 'control' ? this.#control.publish(subjects.control, frame) : this.#bulk.publish(subjects.data, frame);
    return this.#account(outcome, frame.byteLength);
  }

  broadcast(topic: string, payload: Uint8Array): void {
    this.#control.publish(broadcastSubject(this.address.cluster, topic), payload);
  }

  onFrame(handler: (frame: Uint8Array, lane: Lane) => void): void {
    const first = this.#onFrame === undefined;
    this.#onFrame = handler;
    if (!first) return;
    const own = executorSubjects(this.address.cluster, this.address.node, this.address.executor);
    this.#control.subscribe(own.control, undefined, (message) => this.#received(message.payload, 'control'));
    this.#bulk.subscribe(own.data, undefined, (message) => this.#received(message.payload, 'data'));
    this.#bulk.subscribe(own.large, undefined, (message) => {
      this.#receiver.receive(message.payload, this.#clock.now());
      this.#arm();
    });
  }

  onBroadcast(topic: string, handler: (payload: Uint8Array) => void): Unsubscribe {
    return this.#control.subscribe(broadcastSubject(this.address.cluster, topic), undefined, (message) =>
      guarded(this.#onError, () => handler(message.payload)),
    );
  }

  onDrain(handler: () => void): Unsubscribe {
    return this.#drained.add(handler);
  }

  status(): TransportStatus {
    return this.#control.status();
  }

  onStatus(handler: (status: TransportStatus) => void): Unsubscribe {
    return this.#control.onStatus(handler);
  }

  async flush(): Promise<void> {
    await Promise.all([this.#control.flush(), this.#bulk.flush()]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  stats(): TransportStats {
    const { delivered: _, ...rejected } = this.#receiver.stats;
    return {
      ...this.#counts,
      reconnects: this.#control.reconnects + this.#bulk.reconnects,
      dropped: { ...this.#dropped },
      large: this.#sender.stats,
      rejectedChunks: rejected,
    };
  }

  #makeSender(windowBytes: number): ChunkSender {
    const { node, executor } = this.address;
    return new ChunkSender({
      from: { node, executor },
      life: Date.now(),
      windowBytes,
      maxMessagesUnderWay: MAX_MESSAGES_UNDER_WAY,
      queueLimitBytes: 2 * this.#maxMessageBytes,
      resendAfterMs: this.#resendAfterMs,
      giveUpAfterMs: GIVE_UP_WAITS * this.#resendAfterMs,
      emit: (to, chunk) => void this.#bulk.publish(this.#subjectsOf(to.node, to.executor).large, chunk),
    });
  }

  #makeReceiver(): ChunkReceiver {
    const { node, executor } = this.address;
    return new ChunkReceiver({
      from: { node, executor },
      life: Date.now(),
      maxMessageBytes: this.#maxMessageBytes,
      maxAssembliesPerPeer: MAX_MESSAGES_UNDER_WAY,
      maxHeldBytes: 4 * this.#maxMessageBytes,
      maxPeers: 1_024,
      assemblyTimeoutMs: Math.max(30_000, 2 * GIVE_UP_WAITS * this.#resendAfterMs),
      deliver: (message) => this.#received(message, 'large'),
      acknowledge: (to, ack) => void this.#control.publish(this.#subjectsOf(to.node, to.executor).ack, encodeAck(ack)),
    });
  }

  #listen(): void {
    const own = executorSubjects(this.address.cluster, this.address.node, this.address.executor);
    this.#control.subscribe(own.ack, undefined, (message) => {
      this.#sender.onAck(message.payload, this.#clock.now());
      this.#afterProgress();
    });
    this.#bulk.onDrain(() => this.#drained.emit());
    this.#control.onDrain(() => this.#drained.emit());
    for (const bus of [this.#bulk, this.#control]) {
      bus.onStatus((status) => {
        if (status === 'connected') this.#sender.resendAll(this.#clock.now());
      });
    }
  }

  #sendLarge(node: string, executor: number, frame: Uint8Array): boolean {
    const bytes = frame.byteLength;
    if (bytes > this.#maxMessageBytes) {
      const limit = this.#maxMessageBytes;
      throw new SkepError(
        'FRAME_TOO_LARGE',
        `a message of ${bytes} bytes for node ${node}: at most ${limit} bytes are sent`,
        { bytes, limit },
      );
    }
    if (this.#closing !== undefined) return this.#account('closed', bytes);
    const to = { node, executor };
    const taken = this.#sender.offer(to, frame, this.#clock.now());
    this.#arm();
    if (!taken) this.#largeIsFull = true;
    if (!taken) return this.#account('overflow', bytes);
    const full = this.#sender.queuedBytes(to) > LARGE_HIGH_WATER_BYTES;
    if (full) this.#largeIsFull = true;
    return this.#account(full ? 'full' : 'sent', bytes);
  }

  /** Counts what became of a frame; true when the sender may go on. */
  #account(outcome: PublishOutcome, bytes: number): boolean {
    if (outcome !== 'sent' && outcome !== 'full') {
      this.#dropped[outcome] += 1;
      return false;
    }
    this.#counts.sentFrames += 1;
    this.#counts.sentBytes += bytes;
    return outcome === 'sent';
  }

  #received(frame: Uint8Array, lane: Lane): void {
    this.#counts.receivedFrames += 1;
    this.#counts.receivedBytes += frame.byteLength;
    guarded(this.#onError, () => this.#onFrame?.(frame, lane));
  }

  /** Keeps the chunk timer running while there is anything to time. */
  #arm(): void {
    if (this.#timer !== undefined || this.status() === 'closed') return;
    this.#timer = this.#clock.after(Math.max(10, this.#resendAfterMs / 4), () => {
      this.#timer = undefined;
      this.#sender.tick(this.#clock.now());
      this.#receiver.tick(this.#clock.now());
      this.#afterProgress();
      if (this.#sender.busy || this.#receiver.busy) this.#arm();
    });
  }

  /** Acknowledged or given up: room may have come free, and a close may be waiting for it. */
  #afterProgress(): void {
    if (!this.#sender.busy) this.#onIdle?.();
    if (!this.#largeIsFull || this.#sender.anyOver(LARGE_HIGH_WATER_BYTES)) return;
    this.#largeIsFull = false;
    this.#drained.emit();
  }

  async #close(): Promise<void> {
    if (this.#sender.busy) {
      await new Promise<void>((resolve) => {
        const limit = this.#clock.after(CLOSE_WAIT_MS, resolve);
        this.#onIdle = () => (limit.cancel(), resolve());
      });
    }
    await this.#bulk.close();
    await this.#control.close();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #subjectsOf(node: string, executor: number): ExecutorSubjects {
    const known = this.#subjects.get(node)?.[executor];
    if (known !== undefined) return known;
    checkTarget(node, executor);
    if (this.#subjects.size >= MAX_KNOWN_NODES) this.#subjects.clear();
    const ofNode = this.#subjects.get(node) ?? [];
    const subjects = executorSubjects(this.address.cluster, node, executor);
    ofNode[executor] = subjects;
    this.#subjects.set(node, ofNode);
    return subjects;
  }
}
