/** One measured audit, in processes of its own: its time from start to exit, and the memory of all its processes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRepository } from '#test/support/repository';
import { type ProgressLine, startAudit } from '#test/support/audit';

/** What one run took. */
export interface AuditFigures {
  /** From the start of the command to its end. */
  readonly ms: number;
  /** Most resident memory of all its processes together, in MiB, sampled every 100 ms. */
  readonly 'peak MiB': number;
  readonly 'files/s': number;
}

/** Makes a repository in a temporary folder; `dispose` removes it. */
export function temporaryRepository(files: number): {
  readonly path: string;
  readonly home: string;
  readonly dispose: () => Promise<void>;
} {
  const home = mkdtempSync(join(tmpdir(), 'skep-bench-'));
  const path = mkdtempSync(join(home, 'repo-'));
  makeRepository(path, { files, functions: 10, commits: 20, seed: 11 });
  return { path, home, dispose: async () => rmSync(home, { recursive: true, force: true }) };
}

/** Runs an audit. @throws Error when it does not complete, or its digest is not the one expected before. */
export async function measureAudit(
  repository: string,
  home: string,
  args: readonly string[],
  digest: { value: string },
  onLine: (line: ProgressLine) => void = () => {},
): Promise<AuditFigures> {
  const marker = randomUUID();
  const startedMs = performance.now();
  const { done } = startAudit(repository, join(home, 'report'), args, onLine, { SKEP_BENCH_MARK: marker });
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentMiB(marker));
  }, 100);
  const run = await done.finally(() => clearInterval(sampler));
  const ms = performance.now() - startedMs;
  if (run.code !== 0) throw new Error(`audit ${args.join(' ')} ended with ${run.code}: ${run.stderr.slice(-500)}`);
  digest.value ||= run.summary.digest;
  if (run.summary.digest !== digest.value || digest.value === '')
    throw new Error(`audit ${args.join(' ')} gave another digest`);
  return { ms, 'peak MiB': peak, 'files/s': (Number(run.summary['files']) * 1000) / ms };
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
