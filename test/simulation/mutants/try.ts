/** Has trials made in processes of their own, so that a mutant that hangs or kills its process is told apart. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Trial, TrialResult } from './trial.js';

const program = fileURLToPath(new URL('./trial.js', import.meta.url));

/** Makes trials one after another in one process; the results are in their order. */
export async function tryMutants(trials: readonly Trial[], limitMs: number): Promise<readonly TrialResult[]> {
  const child = spawn(process.execPath, ['--no-warnings', program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  child.stdin.end(JSON.stringify(trials));
  const [output, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  const results = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TrialResult);
  if (results.length === trials.length) return results;
  const why =
    signal === null ? `ended with ${code}: ${errors.trim().slice(-500)}` : `did not end in ${limitMs / 1_000} s`;
  return trials.map((_, index) => results[index] ?? { tried: 0, ms: limitMs, error: `its process ${why}` });
}
