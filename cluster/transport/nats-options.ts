/**
 * How to reach a NATS server, and how to speak of it: a url may hold a password, so everything that is shown or thrown
 * uses the form without it.
 */
import { SkepError } from '#protocols/wire/error';

/** Options of a connection to NATS. Credentials in a url are used unless given here. */
export interface NatsOptions {
  /** One or more, such as `nats://127.0.0.1:4222` or `tls://user:password@host:4222`. The port is 4222 by default. */
  readonly urls: readonly string[];
  /** Shown in the server's list of connections. */
  readonly name?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Path of a `.creds` file (JWT and key). */
  readonly credentialsFile?: string;
  /** Paths of PEM files; TLS is demanded when this is given or a url begins with `tls:`. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** Time for one attempt to connect, in ms; default 5000. */
  readonly connectTimeoutMs?: number;
  /** A dead server is noticed after about three of these, in ms; default 1000. */
  readonly pingIntervalMs?: number;
  /** Unconfirmed outgoing bytes above which `send` returns false; default 4 MiB. */
  readonly highWaterBytes?: number;
  /** Unconfirmed outgoing bytes above which frames are dropped; default 64 MiB. */
  readonly limitBytes?: number;
}

/** One server of the options. */
export interface NatsServerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** Fit to be shown. */
  readonly display: string;
}

const DEFAULT_PORT = 4_222;
const protocols = ['nats:', 'tls:'];

/** @throws SkepError `BAD_CONFIG` when there is no url, or one that is none. */
export function parseServers(urls: readonly string[]): readonly NatsServerAddress[] {
  if (urls.length === 0)
    throw new SkepError('BAD_CONFIG', 'nats.urls: expected at least one url, such as nats://127.0.0.1:4222');
  return urls.map(parseServer);
}

function parseServer(text: string): NatsServerAddress {
  const url = parseUrl(text.includes('://') ? text : `nats://${text}`);
  if (url === undefined || url.hostname === '' || !protocols.includes(url.protocol)) {
    throw new SkepError(
      'BAD_CONFIG',
      `nats.urls: expected a url such as nats://127.0.0.1:4222, got ${JSON.stringify(redact(text))}`,
    );
  }
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    tls: url.protocol === 'tls:',
    // A name without a password is a token, as for NATS itself.
    user: password === '' ? undefined : user,
    password: password === '' ? undefined : password,
    token: password === '' && user !== '' ? user : undefined,
    display: `${url.protocol}//${url.hostname}:${port}`,
  };
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Whatever stands before the last `@` may be a secret. */
function redact(text: string): string {
  return text.slice(text.lastIndexOf('@') + 1);
}
