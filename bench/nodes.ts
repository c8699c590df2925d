/** What do messages between two nodes cost, beside the message server used directly? */
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ActorAddress } from '#runtime';
import { startNatsServer } from '#cluster/transport/nats-server';
import type { Contender, Question } from './harness.js';
import type { Ask } from './nodes-program.js';

/** Calls under way at a time in the contenders about throughput. */
const DEPTH = 128;

export const castsNodes: Question = {
  name: 'casts-nodes',
  asks: 'How many casts a second pass from one node to another under flow control, beside one publish a message?',
  prepare: async (quick) => {
    const count = quick ? 5_000 : 300_000;
    const pair = await startPair();
    const run = timed('casts/s', count, async () => {
      const [from, to] = await pair.actors();
      return () => pair.a.ask({ do: 'casts', from, to, count });
    });
    return {
      contenders: [
        {
          name: 'NATS, one publish a message',
          run: timed('casts/s', count, async () => () => pair.a.ask({ do: 'publish', count })),
        },
        { name: 'casts', run },
      ],
      rounds: quick ? 1 : 5,
      setting: `${count.toLocaleString('en')} small messages from one process to another, each a node with one executor, and one nats-server`,
      dispose: () => pair.stop(),
    };
  },
};

export const callsNodes: Question = questionOfCalls(1, 'calls-nodes', 'one after another');
export const deepCallsNodes: Question = questionOfCalls(DEPTH, 'calls-nodes-deep', `${DEPTH} at a time`);

function questionOfCalls(depth: number, name: string, how: string): Question {
  return {
    name,
    asks: `How long does a call from one node to another take, ${how}, beside a request of NATS?`,
    prepare: async (quick) => {
      const count = (quick ? 200 : 4_000) * (depth === 1 ? 1 : 10);
      const pair = await startPair();
      const calls = async (): Promise<() => Promise<unknown>> => {
        const [from, to] = await pair.actors();
        return () => pair.a.ask({ do: 'calls', from, to, count, depth });
      };
      return {
        contenders: [
          {
            name: 'NATS requests',
            run: timed('calls/s', count, async () => () => pair.a.ask({ do: 'request', count, depth })),
          },
          { name: 'calls', run: timed('calls/s', count, calls) },
        ],
        rounds: quick ? 1 : 5,
        setting: `${count.toLocaleString('en')} calls with a small message, ${how}, each answered with it, between two processes with one nats-server`,
        dispose: () => pair.stop(),
      };
    },
  };
}

/** Times what the preparation gives, without the preparation. */
function timed(measure: string, count: number, prepare: () => Promise<() => Promise<unknown>>): Contender['run'] {
  return async () => {
    const work = await prepare();
    const started = performance.now();
    await work();
    const ms = performance.now() - started;
    return { ms, [measure]: (count / ms) * 1_000 };
  };
}

/** One end. */
interface End {
  ask(ask: Ask): Promise<unknown>;
  readonly ended: Promise<unknown>;
}

/** Two nodes that see each other. */
async function startPair(): Promise<{
  readonly a: End;
  actors(): Promise<readonly [from: ActorAddress, to: ActorAddress]>;
  stop(): Promise<void>;
}> {
  const server = await startNatsServer();
  const [a, b] = await Promise.all([startEnd('a', server.url), startEnd('b', server.url)]);
  for (const end of [a, b]) while ((await end.ask({ do: 'members' })) !== 2) await sleep(20);
  return {
    a,
    actors: async () => [
      (await a.ask({ do: 'spawn', actor: 'source' })) as ActorAddress,
      (await b.ask({ do: 'spawn', actor: 'sink' })) as ActorAddress,
    ],
    stop: async () => {
      await Promise.all([a, b].map((end) => end.ask({ do: 'stop' })));
      await Promise.all([a.ended, b.ended]);
      await server.stop();
    },
  };
}

function startEnd(name: string, url: string): Promise<End> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./nodes-program.js', import.meta.url)), [name, url]);
  const waiting = new Map<number, (answer: { readonly value?: unknown; readonly error?: string }) => void>();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let asked = 0;
  const end: End = {
    ended,
    ask: (ask) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))));
        child.send({ id: asked, ask });
      }),
  };
  return new Promise((resolve, reject) => {
    void ended.then(() => reject(new Error(`node ${name} ended`)));
    child.on('message', (answer: { readonly id: number; readonly value?: unknown; readonly error?: string }) => {
      if (answer.id === 0) resolve(end);
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    });
  });
}
