/** The spawn API as programs meet it that are no node: over a real nats-server, with a client that knows nothing of skep. */
import fc from 'fast-check';
import t from 'tap';
import { spawnApiRequests } from '#protocols/wire/spawn-api';
import type { ActorAddress } from '#runtime';
import { eventually } from '#test/support/eventually';
import { type Client, CLUSTER, withApi } from './support.js';

/** The code of an answer that is an error. */
function codeOf(body: Record<string, unknown>): unknown {
  return (body['error'] as { readonly code?: unknown } | undefined)?.code;
}

/** Keys of an answer, held against what docs/spawn-api.md says of it. */
const answerKeys = {
  spawn: ['ref'],
  stop: ['ref'],
  call: ['reply'],
  cast: ['accepted'],
  list: ['actors'],
  tree: ['trees'],
  describe: ['definitions'],
  reload: ['nodes'],
  status: ['answeredBy', 'cluster', 'nodes'],
  report: ['nodes'],
  inspect: ['actor'],
  deadLetters: ['letters', 'silent'],
  replay: ['results'],
} as const;

for (const form of ['json', 'msgpack'] as const) {
  t.test(`every endpoint answers in ${form} to a request in ${form}`, async (t) => {
    const { client, node } = await withApi(t);
    const ask = async (endpoint: keyof typeof answerKeys, request: unknown) => {
      const { body, message } = await client[form](endpoint, request);
      t.equal(message.headers?.get('Content-Type'), `application/${form}`, `${endpoint}: the form is told`);
      t.same(Object.keys(body).sort(), answerKeys[endpoint], `${endpoint}: ${JSON.stringify(body)}`);
      return body;
    };
    const { ref } = await ask('spawn', { definition: 'counter', args: { start: 5 }, name: 'hits' });
    t.match(ref, /^alpha@\w+\/0\/\d+$/);
    t.same(await ask('call', { ref, call: 'add', message: { amount: 2 } }), { reply: 7 });
    t.same(await ask('call', { name: 'hits', node: 'alpha', call: 'get' }), { reply: 7 });
    t.same(await ask('cast', { name: 'hits', cast: 'reset', message: { reason: 'test' } }), { accepted: true });
    t.same(await ask('call', { ref, call: 'get' }), { reply: 0 });
    const { actors } = await ask('list', {});
    const listed = (actors as { readonly address: string }[]).find(({ address }) => address === ref);
    t.match(listed, {
      definition: 'counter',
      name: 'hits',
      status: 'running',
      incarnation: 1,
      mailbox: 0,
      processed: Number,
    });
    t.match(await ask('tree', { node: 'alpha' }), {
      trees: [{ node: 'alpha', roots: [{ definition: 'skep.guardian', status: 'running' }] }],
    });
    t.match(await ask('describe', { definition: 'counter' }), {
      definitions: [
        {
          name: 'counter',
          version: 1,
          casts: ['reset'],
          schemas: { calls: { add: { properties: { amount: { type: 'number' } } } } },
        },
      ],
    });
    t.match(await ask('reload', { module: 'counter.js' }), {
      nodes: [{ node: 'alpha', error: { code: 'UNKNOWN_MODULE', message: /members\.js/ } }],
    });
    t.match(await ask('status', {}), {
      cluster: CLUSTER,
      answeredBy: 'alpha',
      nodes: [{ name: 'alpha', pid: process.pid, executors: [0] }],
    });
    t.match(await ask('report', { node: 'alpha' }), {
      nodes: [{ node: 'alpha', silent: [], executors: [{ id: 0, actors: Number, mailbox: 0, deadLetters: {} }] }],
    });
    t.match(await ask('inspect', { name: 'hits', state: true }), {
      actor: { address: ref, definition: 'counter', status: 'running', state: { value: { count: 0 } } },
    });
    node.system.cast(ref as ActorAddress, 'unknown', { n: 1 });
    await eventually('the cast has died', async () => (await node.system.deadLetters()).length === 1);
    const { letters } = await ask('deadLetters', { node: 'alpha', reason: 'no-such-handler' });
    t.match(letters, [{ reason: 'no-such-handler', kind: 'cast', to: ref, name: 'unknown', replayed: false }]);
    const [{ id }] = letters as [{ readonly id: string }];
    t.match(await ask('replay', { ids: [id] }), { results: [{ id, outcome: 'accepted' }] });
    t.match(await ask('replay', { ids: [id] }), { results: [{ id, outcome: 'already-replayed' }] });
    t.match(await ask('replay', { node: 'alpha', reason: 'lost' }), { results: [] });
    t.same(await ask('stop', { ref }), { ref });
    t.equal(await node.system.lookupAddress('hits'), undefined, 'it has stopped');
  });
}

t.test('a stream is gathered up to maxItems, and says whether it went on', async (t) => {
  const { client } = await withApi(t);
  await client.json('spawn', { definition: 'counter', args: { start: 6 }, name: 'hits' });
  const countdown = { name: 'hits', call: 'countdown', message: { step: 2 } };
  t.same((await client.json('call', countdown)).body, { items: [6, 4, 2], complete: true });
  t.same((await client.json('call', { ...countdown, maxItems: 2 })).body, { items: [6, 4], complete: false });
});

t.test('a wrong request gets a stable code, the field by name, and the headers that NATS services use', async (t) => {
  const { client } = await withApi(t);
  await client.json('spawn', { definition: 'counter', name: 'hits' });
  const long = 'x'.repeat(129);
  const cases: readonly {
    readonly endpoint: string;
    readonly request: unknown;
    readonly code: string;
    readonly says: RegExp;
  }[] = [
    { endpoint: 'spawn', request: {}, code: 'BAD_MESSAGE', says: /spawn request: definition:/ },
    { endpoint: 'spawn', request: { definition: 'counter', nmae: 'x' }, code: 'BAD_MESSAGE', says: /nmae/ },
    {
      endpoint: 'spawn',
      request: { definition: 'counter', name: 'a.b' },
      code: 'BAD_MESSAGE',
      says: /name: expected 1 to 128/,
    },
    { endpoint: 'spawn', request: { definition: 'counter', executor: -1 }, code: 'BAD_MESSAGE', says: /executor/ },
    {
      endpoint: 'spawn',
      request: { definition: 'counter', args: { start: 'x' } },
      code: 'BAD_MESSAGE',
      says: /args of counter: start:/,
    },
    { endpoint: 'spawn', request: { definition: 'contour' }, code: 'UNKNOWN_DEFINITION', says: /known: counter/ },
    { endpoint: 'spawn', request: { definition: 'counter', name: 'hits' }, code: 'NAME_TAKEN', says: /hits/ },
    { endpoint: 'stop', request: {}, code: 'BAD_MESSAGE', says: /"ref" or "name"/ },
    { endpoint: 'stop', request: { ref: 'nonsense' }, code: 'BAD_MESSAGE', says: /ref: expected an address/ },
    { endpoint: 'call', request: { name: 'hits' }, code: 'BAD_MESSAGE', says: /call request: call:/ },
    { endpoint: 'call', request: { name: 'hits', call: 'get', timeoutMs: 0 }, code: 'BAD_MESSAGE', says: /timeoutMs:/ },
    {
      endpoint: 'call',
      request: { name: 'hits', call: 'add', message: {} },
      code: 'BAD_MESSAGE',
      says: /message of call "add": amount:/,
    },
    { endpoint: 'call', request: { name: 'hits', call: 'subtract' }, code: 'NO_SUCH_HANDLER', says: /subtract/ },
    { endpoint: 'call', request: { name: 'hits', call: 'never', timeoutMs: 20 }, code: 'CALL_TIMEOUT', says: /20 ms/ },
    { endpoint: 'call', request: { name: 'nobody', call: 'get' }, code: 'NO_SUCH_ACTOR', says: /nobody/ },
    { endpoint: 'call', request: { ref: 'beta@k3/1/17', call: 'get' }, code: 'NO_SUCH_NODE', says: /beta/ },
    { endpoint: 'cast', request: { name: 'hits', cast: 'restart' }, code: 'NO_SUCH_HANDLER', says: /it has: reset/ },
    {
      endpoint: 'cast',
      request: { name: 'hits', cast: 'reset', message: {} },
      code: 'BAD_MESSAGE',
      says: /message of cast "reset": reason:/,
    },
    { endpoint: 'list', request: { node: 'beta' }, code: 'NO_SUCH_NODE', says: /beta/ },
    { endpoint: 'describe', request: { definition: 'contour' }, code: 'UNKNOWN_DEFINITION', says: /contour/ },
    { endpoint: 'describe', request: { definition: long }, code: 'BAD_MESSAGE', says: /definition:/ },
    { endpoint: 'report', request: { node: 'beta' }, code: 'NO_SUCH_NODE', says: /beta/ },
    { endpoint: 'inspect', request: { name: 'nobody' }, code: 'NO_SUCH_ACTOR', says: /nobody/ },
    { endpoint: 'inspect', request: {}, code: 'BAD_MESSAGE', says: /"ref" or "name"/ },
    { endpoint: 'deadLetters', request: { limit: 0 }, code: 'BAD_MESSAGE', says: /limit:/ },
    { endpoint: 'replay', request: { ids: ['x'] }, code: 'BAD_MESSAGE', says: /ids\.0: expected an id/ },
    { endpoint: 'reload', request: {}, code: 'BAD_MESSAGE', says: /module:/ },
    { endpoint: 'reload', request: { module: 'a.js', node: 'beta' }, code: 'NO_SUCH_NODE', says: /beta/ },
    { endpoint: 'status', request: { verbose: true }, code: 'BAD_MESSAGE', says: /verbose/ },
    { endpoint: 'status', request: [], code: 'BAD_MESSAGE', says: /\(whole\):/ },
    { endpoint: 'status', request: 7, code: 'BAD_MESSAGE', says: /\(whole\):/ },
  ];
  for (const { endpoint, request, code, says } of cases) {
    for (const form of ['json', 'msgpack'] as const) {
      const { body, message } = await client[form](endpoint, request);
      t.match(
        body,
        { error: { code, message: says, remedy: String } },
        `${endpoint} ${JSON.stringify(request)} in ${form}`,
      );
      t.match(message.headers?.get('Nats-Service-Error'), new RegExp(`^${code}: [\\x20-\\x7e]+$`));
      t.equal(message.headers?.get('Nats-Service-Error-Code'), '400');
    }
  }
  await client.json('spawn', { definition: 'counter', name: 'fragile' });
  t.match((await client.json('call', { name: 'fragile', call: 'crash' })).body, {
    error: { code: 'ACTOR_CRASHED', message: /told to crash/ },
  });
});

t.test('a hundred requests at once each get their own answer', async (t) => {
  const { client } = await withApi(t);
  const { body } = await client.json('spawn', { definition: 'counter' });
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const echoes = await Promise.all(
    numbers.map((message) =>
      client[message % 2 === 0 ? 'json' : 'msgpack']('call', { ref: body['ref'], call: 'echo', message }),
    ),
  );
  t.same(
    echoes.map((answer) => answer.body['reply']),
    numbers,
  );
});

t.test('a reply of nearly the size that the server takes arrives whole', async (t) => {
  const { client } = await withApi(t);
  await client.json('spawn', { definition: 'counter', name: 'hits' });
  const { body } = await client.json('call', { name: 'hits', call: 'much', message: { bytes: 900_000 } });
  t.equal(String(body['reply']).length, 900_000);
});

/** Whether the node answers. */
async function stillServes(client: Client): Promise<boolean> {
  return (await client.json('status', {})).body['cluster'] === CLUSTER;
}

t.test('garbage of any kind gets an error, and the node goes on serving', async (t) => {
  const { client } = await withApi(t);
  const endpoint = fc.constantFrom(...Object.keys(spawnApiRequests));
  const contentType = fc.constantFrom(undefined, 'application/json', 'application/msgpack', 'text/plain; q=1');
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
    fc.string().map((text) => Buffer.from(text)),
  );
  const outcome = await fc.check(
    fc.asyncProperty(endpoint, contentType, bytes, async (name, type, payload) => {
      const message = await client.raw(name, payload, type);
      const failed = message.headers?.has('Nats-Service-Error') === true;
      // Empty, `{}` and their like are good requests of the endpoints that need no field.
      return failed || ['list', 'tree', 'describe', 'status', 'report', 'deadLetters', 'replay'].includes(name);
    }),
    { numRuns: 300 },
  );
  t.notOk(outcome.failed, `${JSON.stringify(outcome.counterexample)} ${String(outcome.errorInstance ?? '')}`);
  const nested = Buffer.from(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  t.ok((await client.raw('call', nested)).headers?.has('Nats-Service-Error'), 'absurd nesting is refused');
  t.match(
    codeOf((await client.json('spawn', JSON.parse('{"definition":"counter","__proto__":{"x":1}}'))).body),
    /BAD_MESSAGE|undefined/,
  );
  t.ok(await stillServes(client));
});

t.test('without a node there is nobody to answer, and that is told at once', async (t) => {
  const { client } = await withApi(t);
  await t.rejects(client.connection.request('skep.other.api.status', '', { timeout: 10_000 }), {
    message: /no responders/i,
  });
});
