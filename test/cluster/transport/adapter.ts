/**
 * What the scenarios of the contract need of an adapter, and what they share.
 */
import type { Test } from 'tap';
import { SkepError, type ErrorCode } from '#protocols/wire/error';
import type { Lane, ServiceClient, Transport } from '#cluster/transport/port';

/** What differs between adapters. */
export interface Adapter {
  connect(cluster: string, node: string, executor: number): Promise<Transport>;
  connectServices(): Promise<ServiceClient>;
}

/** Frames that a transport received, with their lanes. */
export interface Inbox {
  readonly frames: readonly { readonly text: string; readonly lane: Lane; readonly bytes: Uint8Array }[];
}

const words = new TextDecoder();

/** Collects the frames of a transport; resolves when peers can reach it. */
export async function inboxOf(transport: Transport): Promise<Inbox> {
  const frames: Inbox['frames'][number][] = [];
  transport.onFrame((bytes, lane) =>
    frames.push({ text: bytes.byteLength > 1_000 ? '' : words.decode(bytes), lane, bytes }),
  );
  await transport.flush();
  return { frames };
}

/** Bytes of a short text. */
export function bytesOf(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A transport that is closed with the test. */
export async function open(
  t: Test,
  adapter: Adapter,
  cluster: string,
  node: string,
  executor: number,
): Promise<Transport> {
  const transport = await adapter.connect(cluster, node, executor);
  t.teardown(() => transport.close());
  return transport;
}

/** The transports of two nodes. */
export async function pair(t: Test, adapter: Adapter, cluster: string): Promise<[Transport, Transport]> {
  return [await open(t, adapter, cluster, 'a', 0), await open(t, adapter, cluster, 'b', 0)];
}

/** Passes when the promise rejects with a SkepError of that code. */
export async function rejectsWith(t: Test, code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  t.equal(thrown instanceof SkepError ? thrown.code : thrown, code);
}
