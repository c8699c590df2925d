/**
 * The wire of the in-memory twin: routes messages between connections of one process by subject, later and in order, and
 * copies their bytes. Faults are decided here, message by message.
 */
import type { Bus, BusHandler, BusMessage, BusPublishOptions, PublishOutcome } from './bus.js';
import { guarded, Listeners, type OnError } from './listeners.js';
import type { MessageHeaders, TransportStatus, Unsubscribe } from './port.js';

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
  readonly owner: BrokerConnection;
  readonly words: readonly string[];
  readonly queue: string | undefined;
  readonly handler: BusHandler;
}

/** Routes between the connections made on it. */
export class MemoryBroker {
  readonly connections = new Set<BrokerConnection>();
  readonly #subscriptions = new Set<Subscription>();
  #tasks: (() => void)[] = [];
  #turn = 0;
  /** Whether a message is lost; a fault switch. */
  isLost: (message: MessageOnTheWay) => boolean = () => false;

  /** Forgets a connection and its subscriptions. */
  detach(connection: BrokerConnection): void {
    this.connections.delete(connection);
    for (const subscription of [...this.#subscriptions]) {
      if (subscription.owner === connection) this.#subscriptions.delete(subscription);
    }
  }

  subscribe(subscription: Subscription): Unsubscribe {
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /** Runs a task after everything that was sent before. */
  enqueue(task: () => void): void {
    this.#tasks.push(task);
    if (this.#tasks.length > 1) return;
    setImmediate(() => {
      const tasks = this.#tasks;
      this.#tasks = [];
      for (const each of tasks) each();
    });
  }

  route(from: BrokerConnection, subject: string, payload: Uint8Array, options: BusPublishOptions): void {
    const words = subject.split('.');
    const receivers = this.#receiversOf(words);
    const message = { subject, reply: options.reply, headers: { ...options.headers }, noResponders: false };
    for (const receiver of receivers) {
      const onTheWay = { from: from.node, to: receiver.owner.node, subject, payload };
      if (this.isLost(onTheWay)) continue;
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
    for (const members of queues.values()) {
      const chosen = members[this.#turn++ % members.length];
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
}

/** One connection to the broker. */
export class BrokerConnection implements Bus {
  readonly node: string | undefined;
  readonly onError: OnError;
  readonly #broker: MemoryBroker;
  readonly #statuses: Listeners<TransportStatus>;
  readonly #drains: Listeners<void>;
  #status: TransportStatus = 'connected';
  #closing: Promise<void> | undefined;
  #mustDrain = false;
  reconnects = 0;

  constructor(broker: MemoryBroker, node: string | undefined, onError: OnError) {
    this.node = node;
    this.onError = onError;
    this.#broker = broker;
    this.#statuses = new Listeners(onError);
    this.#drains = new Listeners(onError);
    broker.connections.add(this);
  }

  publish(subject: string, payload: Uint8Array, options: BusPublishOptions = {}): PublishOutcome {
    if (this.#status === 'closed') return 'closed';
    if (this.#status === 'disconnected') {
      this.#mustDrain = true;
      return 'disconnected';
    }
    if (payload.byteLength > MAX_PAYLOAD_BYTES) return 'refused';
    this.#broker.route(this, subject, payload, options);
    return 'sent';
  }

  subscribe(subject: string, queue: string | undefined, handler: BusHandler): Unsubscribe {
    return this.#broker.subscribe({ owner: this, words: subject.split('.'), queue, handler });
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
    return new Promise((resolve) => this.#broker.enqueue(resolve));
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
    this.#broker.detach(this);
  }
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  return pattern.length === words.length && pattern.every((word, i) => word === '*' || word === words[i]);
}
