/**
 * An HTTP server that plays a provider for one test: on a free loopback port, with a list of replies of which the nth
 * request gets the nth, and the last one for all that follow. It writes down what it saw, so that a test can prove what
 * was sent and what was not, and when a connection was closed from the other side.
 */
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server saw it. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** Which connection it came on, counted from 0. */
  readonly connection: number;
  readonly atMs: number;
  /** When the other side closed the connection before the reply was complete. */
  closedMs: number | undefined;
  /** Bytes of the reply that were handed to the connection. */
  sentBytes: number;
}

/** Answers a request. */
export type Reply = (response: ServerResponse, seen: Seen) => void | Promise<void>;

export interface ProviderServer {
  /** Without a path, as http://127.0.0.1:1234. */
  readonly origin: string;
  readonly seen: readonly Seen[];
  /** Connections that are open. */
  readonly open: () => number;
}

/** What is needed of a tap test. */
interface Test {
  teardown(handler: () => Promise<void>): void;
}

/** A server that is stopped with the test. */
export async function providerServer(t: Test, ...replies: readonly Reply[]): Promise<ProviderServer> {
  const seen: Seen[] = [];
  const sockets = new Map<object, number>();
  let connections = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const entry = await record(request, sockets.get(request.socket) ?? -1);
      response.on('close', () => {
        if (!response.writableFinished) entry.closedMs = performance.now();
      });
      seen.push(entry);
      const reply = replies[Math.min(seen.length, replies.length) - 1];
      await reply?.(response, entry);
    })();
  });
  server.on('connection', (socket) => {
    sockets.set(socket, connections);
    connections += 1;
    socket.on('close', () => sockets.delete(socket));
    // A client that goes away is a part of many tests.
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, seen, open: () => sockets.size };
}

async function record(request: IncomingMessage, connection: number): Promise<Seen> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString('utf8');
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  const { url: path = '', headers } = request;
  return { path, headers, body, connection, atMs: performance.now(), closedMs: undefined, sentBytes: 0 };
}

/** A reply with a body at once. */
export function plain(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

/** How a stream is written. */
export interface StreamShape {
  /** Bytes of a chunk; default: all of it in one. */
  readonly chunkBytes?: number;
  /** Headers beside the content type, which one of them may replace. */
  readonly headers?: Readonly<Record<string, string>>;
  /** After the text: `end` closes it properly, `cut` breaks the connection, `stall` leaves it open. Default `end`. */
  readonly then?: 'end' | 'cut' | 'stall';
}

/** A stream of events with this text. */
export function stream(text: string, { chunkBytes, headers = {}, then = 'end' }: StreamShape = {}): Reply {
  return async (response, seen) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    response.flushHeaders();
    const bytes = Buffer.from(text);
    const size = chunkBytes ?? Math.max(1, bytes.length);
    for (let at = 0; at < bytes.length; at += size) {
      await written(response, bytes.subarray(at, at + size), seen);
    }
    if (then === 'end') response.end();
    if (then === 'cut') response.socket?.destroy();
  };
}

/** A stream that goes on, one part after the other, until the reader is gone. */
export function endless(part: string): Reply {
  return async (response, seen) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const bytes = Buffer.from(part);
    while (!response.destroyed) await written(response, bytes, seen);
  };
}

/** A connection that is broken before any answer. */
export const hangUp: Reply = (response) => void response.socket?.destroy();

/** No answer at all. */
export const silence: Reply = () => {};

/** Waits until the connection takes more: a reader that does not read stops the writer here. */
async function written(response: ServerResponse, bytes: Uint8Array, seen: Seen): Promise<void> {
  const room = response.write(bytes);
  seen.sentBytes += bytes.length;
  if (room || response.destroyed) {
    // Each chunk a write of its own on the wire, not several in one.
    await new Promise<void>((resolve) => setImmediate(resolve));
    return;
  }
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
}
