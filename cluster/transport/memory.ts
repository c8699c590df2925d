/**
 * The in-memory twin of a message server: any number of transports in one process, with the contract of the real one
 * (asynchronous, in order, at most once, bytes copied so that nothing is shared) and switches for faults. Everything
 * from lanes upwards is the production code; only the wire is replaced.
 */
import type { Clock } from '#runtime/clock/clock';
import { systemClock } from '#runtime/clock/clock';
import { LaneTransport, type LaneOptions } from './lanes.js';
import type { OnError } from './listeners.js';
import { BrokerConnection, MemoryBroker, type MessageOnTheWay } from './memory-broker.js';
import type { ServiceClient, Transport, TransportAddress, TransportStatus } from './port.js';
import { createServiceClient } from './service-client.js';
import { checkAddress } from './subjects.js';

/** A message server in memory. */
export class MemoryBus {
  readonly #clock: Clock;
  readonly #broker = new MemoryBroker();
  readonly #partitions = new Set<string>();
  #isDropped: (message: MessageOnTheWay) => boolean = () => false;

  /** The clock is that of the transports: a virtual one makes time-outs and resends explicit. */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#broker.isLost = (message) => this.#isCut(message) || this.#isDropped(message);
  }

  /** A transport for one executor. */
  connect(address: TransportAddress, options: LaneOptions = {}): Transport {
    checkAddress(address);
    const onError = options.onError ?? (() => {});
    const control = new BrokerConnection(this.#broker, address.node, onError);
    const bulk = new BrokerConnection(this.#broker, address.node, onError);
    return new LaneTransport(address, control, bulk, this.#clock, options);
  }

  /** A connection for services alone. */
  connectServices(onError: OnError = () => {}): ServiceClient {
    return createServiceClient(new BrokerConnection(this.#broker, undefined, onError), this.#clock, onError);
  }

  /** Loses each message for which the predicate says so, until {@link heal}. */
  drop(predicate: (message: MessageOnTheWay) => boolean): void {
    this.#isDropped = predicate;
  }

  /** Loses everything between two nodes, until {@link heal}; both stay connected. */
  partition(a: string, b: string): void {
    this.#partitions.add(pairOf(a, b));
  }

  /** Ends what {@link drop} and {@link partition} began. */
  heal(): void {
    this.#isDropped = () => false;
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
    for (const connection of [...this.#broker.connections]) if (connection.node === node) connection.setStatus(status);
  }

  #isCut(message: MessageOnTheWay): boolean {
    return (
      message.from !== undefined && message.to !== undefined && this.#partitions.has(pairOf(message.from, message.to))
    );
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
