/** How long it takes until a node, or a cluster of three, does what it is for; and the floor below, bare Node processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startNatsServer } from '#cluster/transport/nats-server';
import { type Prepare, serve } from '../harness/program.js';

const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ANSWERED = 'answered';
/** A process of Node that does nothing but say so. */
const BARE = ['-e', `process.stdout.write('${ANSWERED}\\n')`];

function startNode(args: readonly string[], cwd?: string): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd });
}

/** Resolves once a process has said that it was answered, and gives a promise of its end. */
async function answered(args: readonly string[]): Promise<{ readonly ended: Promise<unknown> }> {
  const child = startNode(args);
  const ended = once(child, 'close');
  await said(child, ANSWERED);
  return { ended };
}

/** From the start of one process to its answer. */
function oneProcess(args: readonly string[]): Prepare {
  return async () => ({
    run: async () => {
      const startMs = performance.now();
      const { ended } = await answered(args);
      const ms = performance.now() - startMs;
      await ended;
      return { ms, operations: 1 };
    },
  });
}

/** A server and so many bare processes, side by side: what no cluster of processes can be quicker than. */
const bareCluster: Prepare = async () => ({
  run: async ({ nodes = 0 }) => {
    const startMs = performance.now();
    const [server, ...started] = await Promise.all([
      startNatsServer(),
      ...Array.from({ length: nodes }, () => answered(BARE)),
    ]);
    const ms = performance.now() - startMs;
    await Promise.all(started.map(({ ended }) => ended));
    await server.stop();
    return { ms, operations: started.length };
  },
});

/**
 * `skep up`, until `skep status` lists all nodes with what lives on them; then `skep down`. In a folder of its own, so
 * that no settings of the person who measures have a part in it.
 */
const cluster: Prepare = async () => ({
  run: async ({ nodes = 0 }) => {
    const folder = await mkdtemp(join(tmpdir(), 'skep-bench-start-'));
    const command = (...args: string[]): ChildProcess =>
      startNode([beside('../../cli/main.js'), ...args, '--data-dir', folder], folder);
    const startMs = performance.now();
    const up = command('up', '--nodes', String(nodes));
    const ended = once(up, 'close');
    try {
      await said(up, 'is ready at');
      const operations = await answeringNodes(command('status', '--json'));
      const ms = performance.now() - startMs;
      const downMs = performance.now();
      await outputOf(command('down'));
      return { ms, operations, 'down ms': performance.now() - downMs };
    } finally {
      up.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    }
  },
});

/** Resolves at the first line with these words; what is said later is thrown away. @throws Error when there is none. */
async function said({ stdout, spawnargs }: ChildProcess, words: string): Promise<void> {
  if (stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: stdout })) {
    if (!line.includes(words)) continue;
    stdout.resume();
    return;
  }
  throw new Error(`${spawnargs.join(' ')} ended before it said "${words}"`);
}

/** Everything that a command says. @throws Error when it fails. */
async function outputOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the command has no output');
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
  return output;
}

/** Nodes of a status that told of their actors: one that does not answer has null for their number. */
async function answeringNodes(status: ChildProcess): Promise<number> {
  const { nodes } = JSON.parse(await outputOf(status)) as { readonly nodes: readonly { actors: number | null }[] };
  return nodes.filter(({ actors }) => actors !== null).length;
}

serve(import.meta.filename, {
  node: oneProcess([beside('./start-node.js')]),
  'bare-node': oneProcess(BARE),
  cluster,
  'bare-cluster': bareCluster,
});
