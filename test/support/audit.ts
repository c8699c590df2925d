/** Runs `skep audit` as its users do, in a process of its own, and follows its progress. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** A line of `--progress-json`. */
export interface ProgressLine {
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** A finished audit. */
export interface AuditRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly ProgressLine[];
  /** `summary.json`, when it was written. */
  readonly summary: Record<string, unknown> & { readonly digest: string; readonly tasks: Record<string, number> };
}

/** A running audit. */
export interface RunningAudit {
  readonly child: ChildProcess;
  readonly done: Promise<AuditRun>;
}

/** Starts an audit; `onLine` sees each line of progress as it comes. */
export function startAudit(
  repository: string,
  out: string,
  args: readonly string[],
  onLine: (line: ProgressLine, child: ChildProcess) => void = () => {},
  env: NodeJS.ProcessEnv = {},
): RunningAudit {
  const child = spawn(
    process.execPath,
    [program, 'audit', repository, '--out', out, '--json', '--progress-json', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      cwd: out.slice(0, out.lastIndexOf('/')),
    },
  );
  const lines: ProgressLine[] = [];
  let stdout = '';
  let stderr = '';
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts.filter((line) => line.startsWith('{"event"'))) {
      const line = JSON.parse(part) as ProgressLine;
      lines.push(line);
      onLine(line, child);
    }
  });
  const done = new Promise<AuditRun>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr, lines, summary: readSummary(out) }));
  });
  return { child, done };
}

function readSummary(out: string): AuditRun['summary'] {
  try {
    return JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')) as AuditRun['summary'];
  } catch {
    return { digest: '', tasks: {} };
  }
}

/** The words of an assertion on the exit code: the end of standard error when it failed, or next to nothing. */
export function failureOf(run: AuditRun): string {
  return run.code === 0 ? 'exit code 0' : run.stderr.slice(-2_000);
}

/** Kills, without warning, a node that only works, once `share` of the tasks are done. */
export function killWorkerAt(share: number): {
  readonly onLine: (line: ProgressLine) => void;
  readonly killed: () => string;
} {
  const workers = new Map<string, number>();
  let killed = '';
  return {
    killed: () => killed,
    onLine: (line) => {
      if (line.event === 'node' && line['status'] === 'up' && !(line['roles'] as string[]).includes('queen'))
        workers.set(String(line['name']), Number(line['pid']));
      if (
        line.event !== 'progress' ||
        killed !== '' ||
        Number(line['done']) < share * Number(line['total']) ||
        Number(line['total']) < 10
      )
        return;
      const [worker] = workers;
      if (worker === undefined) return;
      killed = worker[0];
      process.kill(worker[1], 'SIGKILL');
    },
  };
}

/** Every file below a folder, with its bytes. */
export function filesBelow(folder: string): readonly { readonly path: string; readonly bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }));
}

/** Process ids of living processes whose environment holds `marker`. */
export function processesWith(marker: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker);
      } catch {
        return false;
      }
    })
    .map(Number);
}
