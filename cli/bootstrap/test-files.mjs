/**
 * Runs test files, each as a plain process. tap's own runner loads hooks into every process and every thread of it, which
 * made a test of threads three times as long; the files themselves are tap's and print the same without it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { exitCodeOf } from './child.mjs';

/** After its time limit a file has this long to say what hung, before it is killed. */
const graceMs = 10_000;

/**
 * Runs the files, so many at a time, and hands each result on as it comes.
 * @param {string[]} files paths of compiled test files
 * @param {{ cwd: string, env: Record<string, string>, jobs: number, fileLimitMs: number, signal: AbortSignal,
 *   onFile: (result: { name: string, code: number, ms: number, lines: string[], late: boolean }) => void }} options
 */
export async function runTestFiles(files, { cwd, env, jobs, fileLimitMs, signal, onFile }) {
  const left = [...files];
  const lane = async () => {
    for (let name = left.shift(); name !== undefined && !signal.aborted; name = left.shift()) {
      onFile(await runFile(name, { cwd, env, fileLimitMs, signal }));
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
}

async function runFile(name, { cwd, env, fileLimitMs, signal }) {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', name], {
    cwd,
    // tap ends its tests by this limit and names what still runs.
    env: { ...env, TAP_TIMEOUT: String(fileLimitMs / 1000) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, fileLimitMs + graceMs);
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [code, killedBy] = await once(child, 'close');
  clearTimeout(limit);
  signal.removeEventListener('abort', stop);
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  return { name, code: exitCodeOf(code, killedBy), ms: performance.now() - startedMs, lines, late };
}
