/** What the tests of the spawn API share: a node with a counter, over a real nats-server, and a client that is not ours. */
import { connect, headers, type Msg, type NatsConnection } from 'nats';
import { z } from 'zod';
import { ClusterNode } from '#cluster/node';
import { withNats } from '#test/support/nats';
import { defineActor } from '#runtime';
import { decode, encode } from '#runtime/codec/msgpack';

/** A counter whose outside is checked. */
const counter = defineActor({
  name: 'counter',
  description: 'Counts.',
  init: (args: { readonly start: number }) => ({ count: args.start }),
  schemas: {
    args: z.object({ start: z.number().default(0) }),
    calls: { add: z.object({ amount: z.number() }) },
    casts: { reset: z.object({ reason: z.string() }) },
  },
  calls: {
    add: (state, message: { readonly amount: number }) => (state.count += message.amount),
    get: (state) => state.count,
    echo: (_state, message: unknown) => message,
    async *countdown(state, message: { readonly step: number }) {
      for (let count = state.count; count > 0; count -= message.step) yield count;
    },
    much: (_state, message: { readonly bytes: number }) => 'x'.repeat(message.bytes),
    crash: (): never => {
      throw new Error('told to crash');
    },
    never: () => new Promise<never>(() => {}),
  },
  casts: {
    reset: (state, _message: { readonly reason: string }) => {
      state.count = 0;
    },
  },
});

/** Name of the cluster under test. */
export const CLUSTER = 'spawn-test';

/** An answer as a foreign client sees it. */
export interface Answer {
  readonly body: Record<string, unknown>;
  readonly message: Msg;
}

/** A client of the API over a plain connection. */
export interface Client {
  readonly connection: NatsConnection;
  /** Asks in JSON. */
  json(endpoint: string, body: unknown): Promise<Answer>;
  /** Asks in msgpack. */
  msgpack(endpoint: string, body: unknown): Promise<Answer>;
  /** Sends bytes as they are. */
  raw(endpoint: string, payload: Uint8Array, contentType?: string): Promise<Msg>;
}

interface Test {
  teardown(handler: () => Promise<void>): void;
}

/** A running node, and a client. */
export async function withApi(
  t: Test,
): Promise<{ readonly node: ClusterNode; readonly client: Client; readonly url: string }> {
  const { url } = await withNats(t);
  const node = await ClusterNode.start({
    cluster: CLUSTER,
    name: 'alpha',
    roles: ['worker'],
    executors: 0,
    modules: [],
    definitions: [counter],
    log: { level: 'silent', format: 'json' },
    version: '1.2.3',
    callTimeoutMs: 5_000,
    defaults: {},
    labels: { zone: 'a' },
    bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 2_000 } },
    onFatal: (error) => {
      throw error;
    },
  });
  const connection = await connect({ servers: url });
  t.teardown(async () => {
    await connection.close();
    await node.stop();
  });
  return { node, client: clientOf(connection), url };
}

function clientOf(connection: NatsConnection): Client {
  const raw = (endpoint: string, payload: Uint8Array, contentType?: string): Promise<Msg> => {
    const head = headers();
    if (contentType !== undefined) head.set('Content-Type', contentType);
    return connection.request(`skep.${CLUSTER}.api.${endpoint}`, payload, {
      timeout: 10_000,
      ...(contentType === undefined ? {} : { headers: head }),
    });
  };
  return {
    connection,
    raw,
    json: async (endpoint, body) => {
      const message = await raw(endpoint, Buffer.from(JSON.stringify(body)));
      return { message, body: message.json<Record<string, unknown>>() };
    },
    msgpack: async (endpoint, body) => {
      const message = await raw(endpoint, encode(body), 'application/msgpack');
      return { message, body: decode(message.data) as Record<string, unknown> };
    },
  };
}
