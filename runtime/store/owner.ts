/**
 * One owner a folder: two processes that each believe to be the only writer would fence each other's actors for ever. The
 * owner is a process, named by its id and its start, so that one that was killed holds nothing and an id that was given
 * to another process later is not taken for it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkepError } from '#protocols/wire/error';

/** Takes a folder; the result gives it back. @throws SkepError STORE_IN_USE. */
export function takeFolder(path: string): () => void {
  const file = join(path, 'owner.json');
  const own = `${JSON.stringify({ pid: process.pid, started: startOf(process.pid) })}\n`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      writeFileSync(file, own, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      const pid = livingOwner(file);
      if (pid !== undefined || attempt > 3) {
        const text = `the store ${path} is open in process ${pid ?? '(unknown)'}: one process has it at a time`;
        throw new SkepError('STORE_IN_USE', text, { path, pid }, cause);
      }
      rmSync(file, { force: true });
    }
  }
}

/** The process that has the folder, if it lives. */
function livingOwner(file: string): number | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown; started?: unknown };
    if (typeof pid !== 'number' || !isAlive(pid)) return undefined;
    return startOf(pid) === started ? pid : undefined;
  } catch {
    // Torn by the end of its writer, or gone meanwhile.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in ticks since the machine did; empty where the system does not tell. */
function startOf(pid: number): string {
  try {
    // The name of the program, in brackets, may hold spaces; the 20th field after it is the start (proc(5), field 22).
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
