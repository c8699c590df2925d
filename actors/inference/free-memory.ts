/**
 * Memory that can still be had on this machine, in bytes: what the kernel calls available, or less where a container has a
 * limit. What a container uses counts without its inactive page cache, as Kubernetes counts it (the working set): files
 * that were read, model files first of all, are given back before anybody is killed.
 */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';

/** Where a control group tells its limit, its use, and how much of that is inactive page cache. */
interface GroupFiles {
  readonly limit: string;
  readonly used: string;
  readonly stat: string;
  readonly inactive: RegExp;
}

const version2: GroupFiles = {
  limit: '/sys/fs/cgroup/memory.max',
  used: '/sys/fs/cgroup/memory.current',
  stat: '/sys/fs/cgroup/memory.stat',
  inactive: /^inactive_file (\d+)$/m,
};
const version1: GroupFiles = {
  limit: '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  used: '/sys/fs/cgroup/memory/memory.usage_in_bytes',
  stat: '/sys/fs/cgroup/memory/memory.stat',
  inactive: /^total_inactive_file (\d+)$/m,
};

/** Reads a file of the kernel; undefined where there is none. */
type ReadKernel = (path: string) => string | undefined;

/** What is free now. `read` and `machine` are for tests. */
export function freeMemory(read: ReadKernel = readKernel, machine: () => number = freemem): number {
  const group = freeOfGroup(version2, read) ?? freeOfGroup(version1, read);
  return Math.max(0, Math.min(machine(), group ?? Number.POSITIVE_INFINITY));
}

/** Undefined without a limit. */
function freeOfGroup({ limit, used, stat, inactive }: GroupFiles, read: ReadKernel): number | undefined {
  const [limitBytes, usedBytes] = [Number(read(limit) ?? 'none'), Number(read(used) ?? 'none')];
  // `max` is no number; version 1 says "no limit" by one that no machine has.
  if (!Number.isFinite(limitBytes) || !Number.isFinite(usedBytes) || limitBytes > Number.MAX_SAFE_INTEGER / 2) {
    return undefined;
  }
  const inactiveBytes = Number(inactive.exec(read(stat) ?? '')?.[1] ?? 0);
  return limitBytes - (usedBytes - inactiveBytes);
}

function readKernel(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
