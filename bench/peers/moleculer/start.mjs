/** How long Moleculer takes until a broker, or each of several that talk over NATS, has answered a call. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ServiceBroker } from 'moleculer';
import { startNatsServer } from '../nats-server.mjs';
import { serve } from '../serve.mjs';

const ANSWERED = 'answered';

/** In a process of its own: answers, once it sees all of the nodes, a call by each of them. */
async function child(name, url, nodes) {
  const broker = new ServiceBroker({ nodeID: name, logger: false, ...(url === '' ? {} : { transporter: url }) });
  broker.createService({ name, actions: { echo: (ctx) => ctx.params.text } });
  await broker.start();
  await broker.waitForServices(nodes);
  const answers = await Promise.all(nodes.map((node) => broker.call(`${node}.echo`, { text: ANSWERED })));
  if (answers.every((answer) => answer === ANSWERED)) process.stdout.write(`${ANSWERED}\n`);
  // The others may still be calling: it ends when all have been answered.
  for await (const _ of process.stdin);
  await broker.stop();
}

async function answered(name, url, nodes) {
  const args = [import.meta.filename, 'child', name, url, nodes.join(',')];
  const started = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(started, 'exit');
  for await (const line of createInterface({ input: started.stdout })) if (line === ANSWERED) return { started, ended };
  throw new Error(`${name} ended without an answer`);
}

async function end(all) {
  for (const { started } of all) started.stdin.end();
  await Promise.all(all.map(({ ended }) => ended));
}

const works = {
  node: async () => ({
    run: async () => {
      const start = performance.now();
      const only = await answered('only', '', ['only']);
      const ms = performance.now() - start;
      await end([only]);
      return { ms, operations: 1 };
    },
  }),
  cluster: async () => ({
    run: async ({ nodes }) => {
      const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
      const start = performance.now();
      const server = await startNatsServer();
      const all = await Promise.all(names.map((name) => answered(name, server.url, names)));
      const ms = performance.now() - start;
      await end(all);
      await server.stop();
      return { ms, operations: all.length };
    },
  }),
};

const [role, name, url, nodes] = process.argv.slice(2);
if (role === 'child') await child(name, url, nodes.split(','));
else await serve('moleculer', works);
