/** Runs an example as a process of its own, as a reader of it would. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** How an example ended. */
export interface Run {
  readonly code: number | null;
  /** Lines of standard output. */
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Runs `dist/examples/<name>.js` to its end; one that does not end within a minute is killed. */
export async function runExample(name: string): Promise<Run> {
  const script = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  const [[code], output, errors] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  return { code: code as number | null, lines: output.trimEnd().split('\n'), errors };
}
