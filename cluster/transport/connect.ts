/**
 * Puts the transport over NATS together: two connections that come back by themselves, and the lanes on top.
 */
import type { Clock } from '#runtime/clock/clock';
import { systemClock } from '#runtime/clock/clock';
import { LaneTransport, type LaneOptions } from './lanes.js';
import type { OnError } from './listeners.js';
import { dialNats } from './nats.js';
import type { NatsOptions } from './nats-options.js';
import type { ServiceClient, Transport, TransportAddress } from './port.js';
import { ReconnectingBus } from './reconnecting-bus.js';
import { createServiceClient } from './service-client.js';
import { checkAddress } from './subjects.js';

const HIGH_WATER_BYTES = 4 * 1024 * 1024;
const LIMIT_BYTES = 64 * 1024 * 1024;

/** The machine's clock with timers that keep the process alive: in an outage it has no socket that would. */
const holdingClock: Clock = {
  now: () => systemClock.now(),
  wall: () => systemClock.wall(),
  after: (delayMs, callback) => {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Options of {@link connectTransport}. */
interface ConnectOptions extends LaneOptions {
  readonly nats: NatsOptions;
}

/**
 * Connects one executor to its cluster over NATS.
 * @throws SkepError `TRANSPORT_FAILED` when the first connection fails, `BAD_NAME` or `BAD_CONFIG` for bad input.
 */
export async function connectTransport(address: TransportAddress, options: ConnectOptions): Promise<Transport> {
  checkAddress(address);
  const onError = options.onError ?? (() => {});
  const name = options.nats.name ?? `${address.cluster}/${address.node}/${address.executor}`;
  const control = await openBus({ ...options.nats, name: `${name} control` }, onError);
  try {
    const bulk = await openBus({ ...options.nats, name: `${name} bulk` }, onError);
    return new LaneTransport(address, control, bulk, systemClock, options);
  } catch (thrown) {
    await control.close();
    throw thrown;
  }
}

/** Connects a program that is no node, such as a command line. Throws as {@link connectTransport}. */
export async function connectServices(nats: NatsOptions, onError: OnError = () => {}): Promise<ServiceClient> {
  return createServiceClient(await openBus(nats, onError), systemClock, onError);
}

function openBus(nats: NatsOptions, onError: OnError): Promise<ReconnectingBus> {
  return ReconnectingBus.open(() => dialNats(nats, onError), {
    clock: holdingClock,
    onError,
    random: Math.random,
    highWaterBytes: nats.highWaterBytes ?? HIGH_WATER_BYTES,
    limitBytes: nats.limitBytes ?? LIMIT_BYTES,
  });
}
