/**
 * Traces as a collector sees them: two nodes with threads over a real nats-server, and an HTTP server that reads what
 * each executor exports as OTLP.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, headers } from 'nats';
import t from 'tap';
import { ClusterNode } from '#cluster/node';
import { eventually } from '#test/support/eventually';
import { withNats } from '#test/support/nats';
import { back, front } from '#test/testdata/actors/traced';

/** A span as OTLP/JSON writes it (opentelemetry-proto, trace.proto), and its resource. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly OtlpAttribute[];
  readonly resource: Readonly<Record<string, string>>;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<OtlpSpan, 'resource'>[] }[];
  }[];
}

interface Test {
  teardown(handler: () => Promise<void>): void;
}

const attributesOf = (attributes: readonly OtlpAttribute[]): Readonly<Record<string, string>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(value.stringValue ?? value.intValue)]));

/** A collector on a free port. */
async function withCollector(t: Test): Promise<{ readonly endpoint: string; readonly spans: OtlpSpan[] }> {
  const spans: OtlpSpan[] = [];
  const read = async (request: IncomingMessage): Promise<void> => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    for (const { resource, scopeSpans } of (JSON.parse(text) as OtlpBody).resourceSpans) {
      const place = attributesOf(resource.attributes);
      for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, resource: place })));
    }
  };
  const server = createServer((request, response) => {
    if (request.method !== 'POST' || request.url !== '/v1/traces') {
      response.writeHead(404).end();
      return;
    }
    void read(request).then(() => response.setHeader('Content-Type', 'application/json').end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

const module = new URL('../testdata/actors/traced.js', import.meta.url).href;

function startNode(name: string, url: string, endpoint: string): Promise<ClusterNode> {
  return ClusterNode.start({
    cluster: 'traced',
    name,
    roles: ['worker'],
    executors: 1,
    modules: [module],
    definitions: [],
    log: { level: 'silent', format: 'json' },
    version: '1.2.3',
    callTimeoutMs: 5_000,
    defaults: {},
    labels: {},
    telemetry: { traces: { endpoint } },
    bus: { nats: { urls: [url] }, membership: { heartbeatMs: 250, timeoutMs: 5_000 } },
    onFatal: (error) => {
      throw error;
    },
  });
}

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const [SERVER, CLIENT, CONSUMER] = [2, 3, 5];
const ERROR = 2;

t.test(
  'a request with a traceparent is one trace across nodes, exported by the executors that did the work',
  async (t) => {
    const { url } = await withNats(t);
    const collector = await withCollector(t);
    const alpha = await startNode('alpha', url, collector.endpoint);
    t.teardown(() => alpha.stop());
    const beta = await startNode('beta', url, collector.endpoint);
    t.teardown(() => beta.stop());
    await eventually('the nodes know each other', () => alpha.members().length === 2 && beta.members().length === 2);
    const backRef = await beta.system.spawn(back, {}, { name: 'back' });
    await alpha.system.spawn(front, {}, { name: 'front' });

    const connection = await connect({ servers: url });
    t.teardown(() => connection.close());
    const ask = async (n: number): Promise<unknown> => {
      const head = headers();
      head.set('traceparent', `00-${TRACE_ID}-00f067aa0ba902b7-01`);
      const request = { name: 'front', call: 'ask', message: { back: backRef.address, n } };
      const reply = await connection.request('skep.traced.api.call', JSON.stringify(request), {
        headers: head,
        timeout: 10_000,
      });
      return reply.json();
    };
    t.same(await ask(21), { reply: 42 });

    const mine = (): readonly OtlpSpan[] => collector.spans.filter(({ traceId }) => traceId === TRACE_ID);
    const named = (name: string): OtlpSpan => {
      const found = mine().find((span) => span.name === name);
      if (found === undefined)
        throw new Error(
          `no span ${name} among ${mine()
            .map((span) => span.name)
            .join(', ')}`,
        );
      return found;
    };
    await eventually('five spans arrive', () => mine().length >= 5);
    t.equal(mine().length, 5, 'and no more');
    const [outer, ask1, inner, double, note] = [
      'call ask',
      'front/ask',
      'call double',
      'back/double',
      'process back',
    ].map(named);
    t.equal(outer?.parentSpanId, '00f067aa0ba902b7', 'the sender of the request is the parent of all');
    t.equal(ask1?.parentSpanId, outer?.spanId);
    t.equal(inner?.parentSpanId, ask1?.spanId);
    t.equal(double?.parentSpanId, inner?.spanId, 'over the wire');
    t.equal(note?.parentSpanId, ask1?.spanId, 'a cast, too');
    t.same(
      [outer, ask1, inner, double, note].map((span) => span?.kind),
      [CLIENT, SERVER, CLIENT, SERVER, CONSUMER],
    );
    t.match(ask1?.resource, { 'service.name': 'skep', 'skep.node': 'alpha', 'skep.executor': '1' });
    t.match(double?.resource, { 'skep.node': 'beta', 'skep.executor': '1', 'service.instance.id': /^beta@\w+\/1$/ });
    t.match(attributesOf(double?.attributes ?? []), {
      'rpc.system.name': 'skep',
      'rpc.method': 'back/double',
      'skep.definition': 'back',
      'skep.message': 'double',
      'skep.actor': backRef.address,
    });

    t.match(await ask(-1), { error: { code: 'ACTOR_CRASHED' } });
    await Promise.all([alpha.stop(), beta.stop()]);
    t.equal(mine().length, 10, 'a shutdown sends what waits');
    const failed = mine().filter(({ status }) => status.code === ERROR);
    t.same(
      failed.map((span) => attributesOf(span.attributes)['error.type']),
      Array.from({ length: 4 }, () => 'ACTOR_CRASHED'),
      'the calls and handlers of the second request failed, and say how',
    );
  },
);

t.test('a collector that is away costs spans, and holds up neither work nor shutdown', async (t) => {
  const { url } = await withNats(t);
  const alpha = await startNode('alpha', url, 'http://127.0.0.1:9');
  t.teardown(() => alpha.stop());
  const backRef = await alpha.system.spawn(back, {});
  t.equal(await backRef.call('double', { n: 4 }), 8);
  await alpha.stop();
});

t.test('with a sample ratio of 0 only traces that come from outside are kept', async (t) => {
  const collector = await withCollector(t);
  const { ActorSystem } = await import('#runtime');
  const telemetry = { traces: { endpoint: collector.endpoint, sampleRatio: 0 } };
  const system = await ActorSystem.create({ definitions: [back], telemetry, log: { level: 'silent', format: 'json' } });
  t.teardown(() => system.shutdown());
  const ref = await system.spawn(back, {});
  for (let n = 0; n < 20; n += 1) await ref.call('double', { n });
  await ref.call('double', { n: 1 }, { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` });
  await system.shutdown();
  t.same(collector.spans.map(({ name }) => name).sort(), ['back/double', 'call double']);
  t.ok(collector.spans.every(({ traceId }) => traceId === TRACE_ID));
});
