/**
 * The control plane between the main thread and an executor: an object called through a message port. This is the one
 * file that knows comlink.
 */
import type { MessagePort } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

/** The far side of an object: every method answers with a promise. */
export type Remote<T> = Comlink.Remote<T>;

/** Serves an object on a port. */
export function expose(port: MessagePort, object: object): void {
  Comlink.expose(object, nodeEndpoint(port));
}

/** Uses an object served on the other end of a port. */
export function wrap<T>(port: MessagePort): Remote<T> {
  return Comlink.wrap<T>(nodeEndpoint(port));
}

/** Marks a port to be handed over rather than copied. */
export function handOver(port: MessagePort): MessagePort {
  return Comlink.transfer(port, [port]);
}
