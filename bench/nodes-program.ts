/**
 * The program of one end of what `nodes.ts` measures: a node of a cluster, with a plain client of the message server
 * beside it for the contenders without a runtime. It does what its parent asks, one thing at a time.
 */
import { connect, type NatsConnection } from 'nats';
import { type ActorAddress, SkepError } from '#runtime';
import { ClusterNode } from '#cluster';
import { sink, source } from './casts-actors.js';

/** What a parent may ask. */
export type Ask =
  | { readonly do: 'members' }
  /** Starts an actor; the answer is its address. */
  | { readonly do: 'spawn'; readonly actor: 'sink' | 'source' }
  /** Lets a source here cast to a sink elsewhere. The answer comes when all were handled. */
  | { readonly do: 'casts'; readonly from: ActorAddress; readonly to: ActorAddress; readonly count: number }
  /** Lets it call instead, so many calls at a time. */
  | {
      readonly do: 'calls';
      readonly from: ActorAddress;
      readonly to: ActorAddress;
      readonly count: number;
      readonly depth: number;
    }
  /** Publishes one message a cast. The answer comes when the other end has read all. */
  | { readonly do: 'publish'; readonly count: number }
  | { readonly do: 'request'; readonly count: number; readonly depth: number }
  | { readonly do: 'stop' };

const [name = '', url = ''] = process.argv.slice(2);
const node = await ClusterNode.start({
  cluster: 'bench',
  name,
  roles: ['worker'],
  executors: 1,
  modules: [new URL('./casts-actors.js', import.meta.url).href],
  log: { level: 'error', format: 'json' },
  version: '0.0.0',
  callTimeoutMs: 60_000,
  defaults: {},
  labels: {},
  bus: { nats: { urls: [url] }, membership: { heartbeatMs: 500, timeoutMs: 60_000 } },
  onFatal: (error) => {
    throw error;
  },
});
const client = await connect({ servers: url });
answerPlainly(client);
await client.flush();
process.on('message', ({ id, ask }: { readonly id: number; readonly ask: Ask }) => {
  answer(ask).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: error instanceof SkepError ? error.code : String(error) }),
  );
});
// Whoever asked is gone, perhaps without a word.
process.on('disconnect', () => process.exit());
process.send?.({ id: 0 });

async function answer(ask: Ask): Promise<unknown> {
  const { system } = node;
  const long = { timeoutMs: 120_000 };
  switch (ask.do) {
    case 'members':
      return node.members().length;
    case 'spawn':
      return (await system.spawn(ask.actor === 'sink' ? sink : source, undefined, { executor: 1 })).address;
    case 'casts':
      return system.ref(source, ask.from).call('run', { to: ask.to, count: ask.count }, long);
    case 'calls':
      return system.ref(source, ask.from).call('ask', { to: ask.to, count: ask.count, depth: ask.depth }, long);
    case 'publish':
      return publish(client, ask.count);
    case 'request':
      return request(client, ask.count, ask.depth);
    case 'stop':
      await client.close();
      await node.stop();
      setImmediate(() => process.disconnect());
      return undefined;
  }
}

/** Counts casts, tells when the last of a run came, and answers requests, as code without a runtime would. */
function answerPlainly(own: NatsConnection): void {
  let seen = 0;
  own.subscribe(`bench.${name}.cast`, {
    callback: (_error, message) => {
      const { last } = message.json<{ readonly n: number; readonly last: boolean }>();
      seen += 1;
      if (!last) return;
      own.publish('bench.done', String(seen));
      seen = 0;
    },
  });
  own.subscribe(`bench.${name}.call`, { callback: (_error, message) => void message.respond(message.data) });
}

async function publish(own: NatsConnection, count: number): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    own.subscribe('bench.done', {
      max: 1,
      callback: (_error, message) =>
        message.string() === String(count) ? resolve() : reject(new Error(`${message.string()} of ${count} came`)),
    });
  });
  for (let n = 0; n < count; n += 1) {
    own.publish('bench.b.cast', JSON.stringify({ n, text: 'a small message', last: n === count - 1 }));
    // What the client holds back has no bound but this.
    if (n % 1_024 === 1_023) await own.flush();
  }
  await done;
}

async function request(own: NatsConnection, count: number, depth: number): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await own.request('bench.b.call', JSON.stringify({ n: left, text: 'a small message' }));
    }
  };
  await Promise.all(Array.from({ length: depth }, one));
}
