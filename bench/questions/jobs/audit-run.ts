/**
 * An audit as a contender: the command as its users run it, on a generated repository, measured from its start to its
 * exit, with the memory of all its processes. A run counts only with exit code 0 and the digest that all others gave.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killWorkerAt, startAudit } from '#test/support/audit';
import { makeRepository } from '#test/support/repository';
import type { Completed, Contender, Size } from '../../harness/question.js';

/** How often the memory of the processes is looked at. */
const SAMPLE_MS = 100;

/** A package with its lock file stands around the generated sources. */
export function filesOf({ files = 0 }: Size): number {
  return files + 2;
}

/** Audits a repository of `files` TypeScript files; `killAt` is the share of the tasks at which a node is killed. */
export function auditContender(
  name: string,
  args: readonly string[],
  digest: { value: string },
  { killAt }: { readonly killAt?: number } = {},
): Contender {
  return {
    name,
    start: async ({ files = 0 }, { signal }) => {
      const home = mkdtempSync(join(tmpdir(), 'skep-bench-'));
      const repository = mkdtempSync(join(home, 'repo-'));
      makeRepository(repository, { files, functions: 10, commits: 20, seed: 11 });
      return {
        run: () => auditOnce(repository, home, args, digest, killAt, signal),
        stop: async () => rmSync(home, { recursive: true, force: true }),
      };
    },
  };
}

async function auditOnce(
  repository: string,
  home: string,
  args: readonly string[],
  digest: { value: string },
  killAt: number | undefined,
  signal: AbortSignal,
): Promise<Completed> {
  const marker = randomUUID();
  const killer = killAt === undefined ? undefined : killWorkerAt(killAt);
  const startMs = performance.now();
  const { child, done } = startAudit(repository, join(home, 'report'), args, killer?.onLine, {
    SKEP_BENCH_MARK: marker,
  });
  const interrupt = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', interrupt, { once: true });
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentMiB(marker));
  }, SAMPLE_MS);
  const run = await done.finally(() => clearInterval(sampler));
  const ms = performance.now() - startMs;
  signal.removeEventListener('abort', interrupt);
  if (run.code !== 0) throw new Error(`audit ${args.join(' ')} ended with ${run.code}: ${run.stderr.slice(-500)}`);
  if (killer?.killed() === '') throw new Error('no worker was killed');
  digest.value ||= run.summary.digest;
  if (run.summary.digest !== digest.value || digest.value === '')
    throw new Error(`audit ${args.join(' ')} gave another digest`);
  return { ms, operations: Number(run.summary['files']), 'peak MiB': peak };
}

/** Resident memory of every process that carries the marker in its environment. */
function residentMiB(marker: string): number {
  let kib = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker)) continue;
      kib += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It ended between the two looks.
    }
  }
  return kib / 1024;
}
