/** Every way in which a first connection fails is told: which server, why, and never the password. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { connectServices, connectTransport } from '#cluster/transport/connect';
import { SkepError } from '#protocols/wire/error';
import { withNats } from '#test/support/nats';

const PASSWORD = 'hunter2-secret';

/** A server that does with each connection what the test says; gives its port. */
async function impostor(t: Test, greet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function failure(
  urls: readonly string[],
  more: Partial<Parameters<typeof connectServices>[0]> = {},
): Promise<SkepError> {
  const thrown: unknown = await connectServices({ urls, connectTimeoutMs: 2_000, ...more }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof SkepError) return thrown;
  throw new Error(`expected a SkepError, got ${String(thrown)}`);
}

function info(fields: Readonly<Record<string, unknown>>): string {
  return `INFO ${JSON.stringify({ server_id: 'x', version: '2.9.10', proto: 1, headers: true, max_payload: 1_048_576, ...fields })}\r\n`;
}

t.test('a port where nothing listens: refused', async (t) => {
  const server = await withNats(t);
  await server.stop();
  const error = await failure([`nats://joe:${PASSWORD}@127.0.0.1:${server.port}`]);
  t.match(error, { code: 'TRANSPORT_FAILED', facts: { reason: 'refused', url: `nats://127.0.0.1:${server.port}` } });
  t.match(error.message, `nats://127.0.0.1:${server.port}`);
  t.notMatch(JSON.stringify([error.message, error.facts]), PASSWORD);
});

t.test('a host that does not exist: dns', async (t) => {
  const error = await failure(['nats://no-such-host.invalid']);
  t.match(error, { code: 'TRANSPORT_FAILED', facts: { reason: 'dns', url: 'nats://no-such-host.invalid:4222' } });
});

t.test('wrong credentials: auth, and the right ones in the url or the options are taken', async (t) => {
  const server = await withNats(t, { auth: { user: 'joe', password: PASSWORD } });
  const at = `127.0.0.1:${server.port}`;
  const error = await failure([`nats://joe:not-${PASSWORD}@${at}`]);
  t.match(error, { code: 'TRANSPORT_FAILED', facts: { reason: 'auth', url: `nats://${at}` } });
  t.notMatch(JSON.stringify([error.message, error.facts]), PASSWORD);
  for (const options of [{ urls: [`nats://joe:${PASSWORD}@${at}`] }, { urls: [at], user: 'joe', password: PASSWORD }]) {
    const client = await connectServices(options);
    t.equal(client.status(), 'connected');
    await client.close();
  }
});

t.test('a server that accepts and says nothing: timeout', async (t) => {
  const port = await impostor(t, () => {});
  const error = await failure([`nats://127.0.0.1:${port}`], { connectTimeoutMs: 50 });
  t.match(error, { code: 'TRANSPORT_FAILED', facts: { reason: 'timeout' } });
});

t.test('a server that greets and then says nothing: timeout', async (t) => {
  const port = await impostor(t, (socket) => socket.write(info({})));
  const error = await failure([`nats://127.0.0.1:${port}`], { connectTimeoutMs: 50 });
  t.match(error, { code: 'TRANSPORT_FAILED', facts: { reason: 'timeout' } });
});

t.test('a server that speaks something else, or hangs up', async (t) => {
  const http = await impostor(t, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.match(await failure([`nats://127.0.0.1:${http}`]), {
    message: /something else than a NATS server answers there/,
    facts: { reason: 'other' },
  });
  const rude = await impostor(t, (socket) => socket.end());
  t.match(await failure([`nats://127.0.0.1:${rude}`]), {
    message: /closed without a greeting/,
    facts: { reason: 'other' },
  });
});

t.test('TLS that cannot be made: tls', async (t) => {
  const port = await impostor(t, (socket) => {
    socket.write(info({ tls_required: true }));
    socket.once('data', () => socket.end('this is no TLS'));
  });
  t.match(await failure([`tls://127.0.0.1:${port}`]), { code: 'TRANSPORT_FAILED', facts: { reason: 'tls' } });
  const plain = await withNats(t);
  t.match(
    await failure([plain.url.replace('nats:', 'tls:')]),
    { code: 'TRANSPORT_FAILED', facts: { reason: 'tls' } },
    'a server without TLS',
  );
  t.match(await failure([plain.url], { tls: { caFile: '/no/such/ca.pem' } }), { code: 'TRANSPORT_FAILED' });
});

t.test('a server whose limit is below a frame is refused with what to raise', async (t) => {
  const port = await impostor(t, (socket) => {
    socket.write(info({ max_payload: 1_024 }));
    socket.on('data', (bytes) => void (bytes.toString().includes('PING') && socket.write('PONG\r\n')));
  });
  t.match(await failure([`nats://127.0.0.1:${port}`]), {
    code: 'TRANSPORT_FAILED',
    message: /at most 1024 bytes .* max_payload/,
  });
});

t.test('of several urls one that answers is enough; when none does, the last is named', async (t) => {
  const server = await withNats(t);
  const gone = await withNats(t);
  await gone.stop();
  for (let i = 0; i < 5; i += 1) {
    const client = await connectServices({ urls: [gone.url, server.url] });
    await client.close();
  }
  t.match(await failure([gone.url, gone.url]), { facts: { reason: 'refused', url: gone.url } });
});

t.test('urls that are none are BAD_CONFIG, without what may be a password', async (t) => {
  for (const urls of [
    [],
    [''],
    ['http://127.0.0.1'],
    [`nats://joe:${PASSWORD}@`],
    [`nats://joe:${PASSWORD}@host:port`],
  ]) {
    const error = await failure(urls);
    t.equal(error.code, 'BAD_CONFIG', JSON.stringify(urls));
    t.notMatch(error.message, PASSWORD);
  }
});

t.test('a credentials file that cannot be read is BAD_CONFIG naming it', async (t) => {
  const server = await withNats(t);
  t.match(await failure([server.url], { credentialsFile: '/no/such/file.creds' }), {
    code: 'BAD_CONFIG',
    message: /\/no\/such\/file.creds/,
  });
});

t.test('a transport whose first connection fails leaves nothing open', async (t) => {
  const server = await withNats(t);
  await server.stop();
  await t.rejects(connectTransport({ cluster: 'x', node: 'a', executor: 0 }, { nats: { urls: [server.url] } }), {
    code: 'TRANSPORT_FAILED',
  });
});
