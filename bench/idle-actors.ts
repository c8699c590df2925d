/** What does an idle actor cost, and how fast do actors start? */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contender, Question } from './harness.js';

const run = promisify(execFile);
const child = fileURLToPath(new URL('idle-actors-node.js', import.meta.url));
const erlang = fileURLToPath(new URL('../../bench/peers/erlang/idle_processes.escript', import.meta.url));

/** What each contender prints as one line of JSON. */
interface Figures {
  readonly ms: number;
  /** Actors that answered, after all were started. */
  readonly answered: number;
  readonly bytes: number;
}

async function measure(
  program: string,
  args: readonly string[],
  count: number,
): Promise<Awaited<ReturnType<Contender['run']>>> {
  const { stdout } = await run(program, args, { maxBuffer: 1_048_576, timeout: 300_000 });
  const { ms, answered, bytes } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Figures;
  if (answered !== count) throw new Error(`${program}: ${answered} of ${count} actors answered`);
  return { ms, 'actors/s': (count / ms) * 1_000, 'bytes each': bytes / count };
}

/** Whether Erlang is installed; it is a peer where it is. */
async function hasErlang(): Promise<boolean> {
  return run('escript', ['-h']).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  );
}

export const idleActors: Question = {
  name: 'idle-actors',
  asks: 'How fast do actors start on one node, and what memory does an idle one take (resident, by the process)?',
  prepare: async (quick) => {
    const count = quick ? 50_000 : 1_000_000;
    const flags = ['--expose-gc', '--max-old-space-size=6144'];
    const skep = (executors: number): Contender => ({
      name: `skep, ${executors === 0 ? 'main thread' : `${executors} executors`}`,
      run: () => measure(process.execPath, [...flags, child, String(count), String(executors)], count),
    });
    const contenders = [skep(0), skep(2)];
    const peer = await hasErlang();
    if (peer)
      contenders.unshift({ name: 'Erlang processes', run: () => measure('escript', [erlang, String(count)], count) });
    return {
      contenders,
      rounds: quick ? 1 : 3,
      setting: `${count.toLocaleString('en')} actors that hold a counter; each answers one message after the measurement${peer ? '' : '; Erlang is not installed here'}`,
      dispose: async () => {},
    };
  },
};
