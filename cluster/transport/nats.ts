/**
 * The one file that knows the NATS client. It makes single connections: the client's own reconnection is off (see
 * `reconnecting-bus.ts` for why). Nothing that the client reports may crash the process or end its read loop, so every
 * callback is guarded and every error goes to `onError`.
 */
import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator, errors, headers as createHeaders } from 'nats';
import type { Msg, NatsConnection, NodeConnectionOptions } from 'nats';
import { SkepError } from '#protocols/wire/error';
import type { BusHandler, BusMessage, BusPublishOptions } from './bus.js';
import { guarded, toError, type OnError } from './listeners.js';
import { parseServers, type NatsOptions, type NatsServerAddress } from './nats-options.js';
import { MAX_FRAME_BYTES, type MessageHeaders, type Unsubscribe } from './port.js';
import { probeNats, ProbeError } from './probe.js';
import type { Connection } from './reconnecting-bus.js';

const NO_HEADERS: MessageHeaders = {};
const NO_RESPONDERS = 503;

/**
 * Connects to the first server that takes us, beginning anywhere in the list, so that many nodes spread over it.
 * @throws SkepError `TRANSPORT_FAILED` with the url (without password) and the reason: `refused`, `dns`, `auth`, `tls`,
 * `timeout` or `other`.
 */
export async function dialNats(options: NatsOptions, onError: OnError): Promise<Connection> {
  const servers = parseServers(options.urls);
  const start = Math.floor(Math.random() * servers.length);
  let failure: unknown;
  for (const server of [...servers.slice(start), ...servers.slice(0, start)]) {
    try {
      return await dialServer(server, options, onError);
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw failure;
}

async function dialServer(server: NatsServerAddress, options: NatsOptions, onError: OnError): Promise<Connection> {
  const timeoutMs = options.connectTimeoutMs ?? 5_000;
  try {
    await probeNats(server.host, server.port, timeoutMs);
    const connection = await connect(await clientOptions(server, options, timeoutMs));
    return await wrap(connection, server, onError);
  } catch (thrown) {
    if (thrown instanceof SkepError) throw thrown;
    const reason = reasonOf(thrown);
    const url = server.display;
    throw new SkepError(
      'TRANSPORT_FAILED',
      `NATS at ${url} was not reached: ${wordsOf(reason, thrown)}`,
      { url, reason },
      thrown,
    );
  }
}

async function clientOptions(
  server: NatsServerAddress,
  options: NatsOptions,
  timeoutMs: number,
): Promise<NodeConnectionOptions> {
  const user = options.user ?? server.user;
  const pass = options.password ?? server.password;
  const token = options.token ?? server.token;
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return {
    servers: `${host}:${server.port}`,
    timeout: timeoutMs,
    reconnect: false,
    pingInterval: options.pingIntervalMs ?? 1_000,
    maxPingOut: 2,
    noAsyncTraces: true,
    ignoreClusterUpdates: true,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(token === undefined ? {} : { token }),
    ...(options.tls === undefined && !server.tls ? {} : { tls: { ...options.tls } }),
    ...(options.credentialsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(await readCredentials(options.credentialsFile)) }),
  };
}

async function readCredentials(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new SkepError('BAD_CONFIG', `nats.credentialsFile: ${path} cannot be read`, { path }, thrown);
  }
}

async function wrap(client: NatsConnection, server: NatsServerAddress, onError: OnError): Promise<Connection> {
  const maxPayloadBytes = client.info?.max_payload ?? 0;
  if (maxPayloadBytes < MAX_FRAME_BYTES) {
    await client.close();
    const url = server.display;
    const message = `NATS at ${url} takes at most ${maxPayloadBytes} bytes a message, and frames have up to ${MAX_FRAME_BYTES}: raise its max_payload`;
    throw new SkepError('TRANSPORT_FAILED', message, { url, reason: 'other' });
  }
  const told = watch(client, onError);
  return {
    maxPayloadBytes,
    publish: (subject, payload, options) => client.publish(subject, payload, publishOptions(options)),
    subscribe: (subject, queue, handler) => subscribe(client, subject, queue, handler, onError),
    flush: () => client.flush(),
    drain: () => client.drain(),
    close: () => client.close(),
    ended: client
      .closed()
      .then((error) => told.reason ?? (error instanceof Error ? error.message : 'the server closed it')),
  };
}

/** Follows what the client tells of itself. */
function watch(client: NatsConnection, onError: OnError): { reason: string | undefined } {
  const told: { reason: string | undefined } = { reason: undefined };
  const follow = async (): Promise<void> => {
    for await (const status of client.status()) {
      if (status.type === 'error') onError(status.error);
      if (status.type !== 'staleConnection') continue;
      told.reason = 'the server did not answer pings';
      // The client now waits for its socket to take one more write, which a stuck one never does.
      void client.close();
    }
  };
  follow().catch((thrown: unknown) => onError(toError(thrown)));
  return told;
}

function subscribe(
  client: NatsConnection,
  subject: string,
  queue: string | undefined,
  handler: BusHandler,
  onError: OnError,
): Unsubscribe {
  const subscription = client.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (error, message) => {
      if (error !== null) onError(error);
      else guarded(onError, () => handler(toBusMessage(message)));
    },
  });
  return () => {
    if (!client.isClosed()) subscription.unsubscribe();
  };
}

function publishOptions(options: BusPublishOptions): { reply?: string; headers?: ReturnType<typeof createHeaders> } {
  const entries = Object.entries(options.headers ?? NO_HEADERS);
  const reply = options.reply === undefined ? {} : { reply: options.reply };
  if (entries.length === 0) return reply;
  const headers = createHeaders();
  for (const [name, value] of entries) headers.set(name, value);
  return { ...reply, headers };
}

function toBusMessage(message: Msg): BusMessage {
  const { subject, data: payload, headers } = message;
  const reply = message.reply === undefined || message.reply === '' ? undefined : message.reply;
  if (headers === undefined) return { subject, payload, reply, headers: NO_HEADERS, noResponders: false };
  const entries = headers.keys().map((name): [string, string] => [name, headers.get(name)]);
  const noResponders = headers.code === NO_RESPONDERS && payload.byteLength === 0;
  return { subject, payload, reply, headers: Object.fromEntries(entries), noResponders };
}

type Reason = 'refused' | 'dns' | 'auth' | 'tls' | 'timeout' | 'other';

function reasonOf(thrown: unknown): Reason {
  if (thrown instanceof errors.AuthorizationError || thrown instanceof errors.UserAuthenticationExpiredError)
    return 'auth';
  if (thrown instanceof errors.TimeoutError) return 'timeout';
  const code = codeOf(thrown);
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  if (code === 'TIMEOUT' || code === 'ETIMEDOUT') return 'timeout';
  return /TLS|SSL|CERT|SIGNED|EPROTO|UNABLE_TO/.test(`${code} ${toError(thrown).message.toUpperCase()}`)
    ? 'tls'
    : 'other';
}

/** The system's code, which the client may have put below an error of its own. */
function codeOf(thrown: unknown): string {
  if (thrown instanceof ProbeError) return thrown.code;
  if (!(thrown instanceof Error)) return '';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : codeOf(thrown.cause);
}

function wordsOf(reason: Reason, thrown: unknown): string {
  switch (reason) {
    case 'refused':
      return 'the connection was refused, nothing listens there';
    case 'dns':
      return 'the host name is not known';
    case 'auth':
      return 'the server refused the user, password, token or credentials';
    case 'tls':
      return `TLS failed (${toError(thrown).message})`;
    case 'timeout':
      return 'it did not answer in time';
    case 'other':
      return toError(thrown).message;
  }
}
