/**
 * The in-memory twin of a message server: any number of transports in one process, with the contract of the real one
 * (asynchronous, in order, at most once, bytes copied so that nothing is shared) and switches for faults. Everything
 * from lanes upwards is the production code; only the wire is replaced.
 */
import type { Clock } from '#runtime/clock/clock';
import { systemClock } from '#runtime/clock/clock';
import type { Bus, BusHandler, BusMessage, BusPublishOptions, PublishOutcome } from './bus.js';
import { LaneTransport, type LaneOptions } from './lanes.js';
import { guarded, Listeners, type OnError } from './listeners.js';
import type { MessageHeaders, ServiceClient, Transport, TransportAddress, TransportStatus, Unsubscribe } from './port.js';
import { createServiceClient } from './service-client.js';
import { checkAddress } from './subjects.js';

/** One message on its way, as a fault switch sees it. Nodes are undefined for clients that are no node. */
export interface MessageOnTheWay {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly subject: string;
  readonly payload: Uint8Array;
}

/** What a server that grants 1 MB would take. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
const NO_HEADERS: MessageHeaders = {};
const NO_BYTES = new Uint8Array(0);

interface Subscription {
  readonly owner: MemoryBusConnection;
  readonly words: readonly string[];
  readonly queue: string | undefined;
  readonly handler: BusHandler;
}

/** A message server in memory. */
export class MemoryBus {
  readonly #clock: Clock;
  readonly #subscriptions = new Set<Subscription>();
  readonly #connections = new Set<MemoryBusConnection>();
  readonly #partitions = new Set<string>();
  #dropped: ((message: MessageOnTheWay) => boolean) | undefined;
  #tasks: (() => void)[] = [];
  #turn = 0;

  /** The clock is that of the transports: a virtual one makes time-outs and resends explicit. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** A transport for one executor. */
  connect(address: TransportAddress, options: LaneOptions = {}): Transport {
    checkAddress(address);
    const onError = options.onError ?? (() => {});
    const control = new MemoryBusConnection(this, address.node, onError);
    const bulk = new MemoryBusConnection(this, address.node, onError);
    return new LaneTransport(address, control, bulk, this.#clock, options);
  }

  /** A connection for services alone. */
  connectServices(onError: OnError = () => {}): ServiceClient {
    return createServiceClient(new MemoryBusConnection(this, undefined, onError), this.#clock, onError);
  }

  /** Loses each message for which the predicate says so, until {@link heal}. */
  drop(predicate: (message: MessageOnTheWay) => boolean): void {
    this.#dropped = predicate;
  }

  /** Loses everything between two nodes, until {@link heal}; both stay connected. */
  partition(a: string, b: string): void {
    this.#partitions.add(pairOf(a, b));
  }

  /** Ends what {@link drop} and {@link partition} began. */
  heal(): void {
    this.#dropped = undefined;
    this.#partitions.clear();
  }

  /** Takes the connection of a node away: it learns that it is cut off. */
  cut(node: string): void {
    this.#setStatus(node, 'disconnected');
  }

  /** Gives the connection of a node back. */
  restore(node: string): void {
    this.#setStatus(node, 'connected');
  }

  #setStatus(node: string, status: TransportStatus): void {
    for (const connection of [...this.#connections]) if (connection.node === node) connection.setStatus(status);
  }

  /** @internal */
  attach(connection: MemoryBusConnection): void {
    this.#connections.add(connection);
  }

  /** @internal */
  detach(connection: MemoryBusConnection): void {
    this.#connections.delete(connection);
    for (const subscription of [...this.#subscriptions]) {
      if (subscription.owner === connection) this.#subscriptions.delete(subscription);
    }
  }

  /** @internal */
  subscribe(subscription: Subscription): Unsubscribe {
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /** Runs a task after everything that was sent before. @internal */
  enqueue(task: () => void): void {
    this.#tasks.push(task);
    if (this.#tasks.length > 1) return;
    setImmediate(() => {
      const tasks = this.#tasks;
      this.#tasks = [];
      for (const each of tasks) each();
    });
  }

  /** @internal */
  route(from: MemoryBusConnection, subject: string, payload: Uint8Array, options: BusPublishOptions): void {
    const words = subject.split('.');
    const receivers = this.#receiversOf(words);
    const message = { subject, reply: options.reply, headers: { ...options.headers }, noResponders: false };
    for (const receiver of receivers) {
      const onTheWay = { from: from.node, to: receiver.owner.node, subject, payload };
      if (this.#isCut(onTheWay) || this.#dropped?.(onTheWay) === true) continue;
      const copy = payload.slice();
      this.enqueue(() => this.#deliver(receiver, { ...message, payload: copy }));
    }
    if (receivers.length === 0 && options.reply !== undefined) this.#sayNobody(options.reply);
  }

  /** Every plain subscription that matches, and of each queue one member, in turn. */
  #receiversOf(words: readonly string[]): readonly Subscription[] {
    const plain: Subscription[] = [];
    const queues = new Map<string, Subscription[]>();
    for (const subscription of this.#subscriptions) {
      if (subscription.owner.status() !== 'connected' || !matches(subscription.words, words)) continue;
      if (subscription.queue === undefined) plain.push(subscription);
      else queues.set(subscription.queue, [...(queues.get(subscription.queue) ?? []), subscription]);
    }
    this.#turn += 1;
    for (const members of queues.values()) {
      const chosen = members[this.#turn % members.length];
      if (chosen !== undefined) plain.push(chosen);
    }
    return plain;
  }

  #sayNobody(reply: string): void {
    const message = { subject: reply, payload: NO_BYTES, reply: undefined, headers: NO_HEADERS, noResponders: true };
    for (const receiver of this.#receiversOf(reply.split('.'))) this.enqueue(() => this.#deliver(receiver, message));
  }

  #deliver(receiver: Subscription, message: BusMessage): void {
    if (!this.#subscriptions.has(receiver) || receiver.owner.status() !== 'connected') return;
    guarded(receiver.owner.onError, () => receiver.handler(message));
  }

  #isCut(message: MessageOnTheWay): boolean {
    return message.from !== undefined && message.to !== undefined && this.#partitions.has(pairOf(message.from, message.to));
  }
}

/** One connection to the bus. */
class MemoryBusConnection implements Bus {
  readonly node: string | undefined;
  readonly onError: OnError;
  readonly maxPayloadBytes = MAX_PAYLOAD_BYTES;
  readonly #bus: MemoryBus;
  readonly #statuses: Listeners<TransportStatus>;
  readonly #drains: Listeners<void>;
  #status: TransportStatus = 'connected';
  #closing: Promise<void> | undefined;
  #mustDrain = false;
  reconnects = 0;

  constructor(bus: MemoryBus, node: string | undefined, onError: OnError) {
    this.node = node;
    this.onError = onError;
    this.#bus = bus;
    this.#statuses = new Listeners(onError);
    this.#drains = new Listeners(onError);
    bus.attach(this);
  }

  publish(subject: string, payload: Uint8Array, options: BusPublishOptions = {}): PublishOutcome {
    if (this.#status === 'closed') return 'closed';
    if (this.#status === 'disconnected') {
      this.#mustDrain = true;
      return 'disconnected';
    }
    if (payload.byteLength > MAX_PAYLOAD_BYTES) return 'refused';
    this.#bus.route(this, subject, payload, options);
    return 'sent';
  }

  subscribe(subject: string, queue: string | undefined, handler: BusHandler): Unsubscribe {
    return this.#bus.subscribe({ owner: this, words: subject.split('.'), queue, handler });
  }

  status(): TransportStatus {
    return this.#status;
  }

  onStatus(handler: (status: TransportStatus) => void): Unsubscribe {
    return this.#statuses.add(handler);
  }

  onDrain(handler: () => void): Unsubscribe {
    return this.#drains.add(handler);
  }

  flush(): Promise<void> {
    if (this.#status !== 'connected') return Promise.reject(new Error(`not flushed: ${this.#status}`));
    return new Promise((resolve) => this.#bus.enqueue(resolve));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  setStatus(status: TransportStatus): void {
    if (this.#status === 'closed' || this.#status === status) return;
    this.#status = status;
    if (status === 'connected') this.reconnects += 1;
    this.#statuses.emit(status);
    if (status !== 'connected' || !this.#mustDrain) return;
    this.#mustDrain = false;
    this.#drains.emit();
  }

  async #close(): Promise<void> {
    if (this.#status === 'connected') await this.flush();
    this.setStatus('closed');
    this.#bus.detach(this);
  }
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  return pattern.length === words.length && pattern.every((word, i) => word === '*' || word === words[i]);
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
