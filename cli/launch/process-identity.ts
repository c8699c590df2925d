/**
 * Which process a number stands for. Numbers are used again after a process has ended, so a number alone may name a
 * stranger; together with the start time that the kernel keeps it names one process. Where there is no `/proc` only the
 * number can be asked about.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Schema of an identity that comes from a file. Numbers below 2 would signal groups, everything, or init. */
export const processIdentitySchema = z.object({ pid: z.number().int().min(2), started: z.string().nullable() });

/** One process, told apart from others that had or will have its number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot of the machine and start within it; null where the system does not say. */
  readonly started: string | null;
}

/** The identity of a process that lives now. */
export function identify(pid: number): ProcessIdentity {
  return { pid, started: startOf(pid)?.started ?? null };
}

/** Whether that very process still lives. One that has ended but was not yet waited for (a zombie) does not. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  if (!exists(pid)) return false;
  const now = startOf(pid);
  return now === undefined || (!now.ended && (started === null || started === now.started));
}

/** Sends a signal to that very process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // No permission to signal it: it is there, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Place of the fields after the name of the program, which is in parentheses and may hold anything. */
const STATE_FIELD = 0;
const START_FIELD = 19;

function startOf(pid: number): { readonly started: string; readonly ended: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return { started: `${boot}/${fields[START_FIELD] ?? ''}`, ended: ['Z', 'X'].includes(fields[STATE_FIELD] ?? '') };
  } catch {
    return undefined;
  }
}
