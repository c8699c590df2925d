/** The machine and the versions that figures belong to. */
import { cpus, totalmem } from 'node:os';

/** The machine, for the head of the results. */
export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
}
