/**
 * A connection for services alone: what a command line or another program uses, which has no node and no executor.
 */
import type { Clock } from '#runtime/clock/clock';
import type { Bus } from './bus.js';
import type { OnError } from './listeners.js';
import type { ServiceClient } from './port.js';
import { RequestClient } from './requests.js';

/** Makes the client of a bus; closing it closes the bus. */
export function createServiceClient(bus: Bus, clock: Clock, onError: OnError): ServiceClient {
  const requests = new RequestClient(bus, clock, onError);
  return {
    serve: (subject, queue, handler) => requests.serve(subject, queue, handler),
    request: (subject, payload, headers, timeoutMs) => requests.request(subject, payload, headers, timeoutMs),
    requestMany: (subject, payload, options) => requests.requestMany(subject, payload, options),
    status: () => bus.status(),
    flush: () => bus.flush(),
    close: () => bus.close(),
  };
}
