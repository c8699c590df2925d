/**
 * One bootstrap at a time in a clone. Two starts at once would otherwise run two installs into one `node_modules` and
 * two compilers into one `dist`. The lock is a file made with O_EXCL that names its holder; the holder touches it while
 * it works, and a lock whose holder is gone, or has not touched it for `staleAfterMs`, is taken over.
 */
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PrepareError, say } from './say.mjs';

const heartbeatMs = 2_000;
const pollMs = 200;

/**
 * Runs `work` while holding the lock file at `path`, and gives its result.
 * @param {{ staleAfterMs?: number, waitMs?: number }} options how long an untouched lock is respected (default 60 s) and
 *   how long to wait for a living holder (default 15 minutes: a first install on a slow line)
 */
export async function withLock(path, work, { staleAfterMs = 60_000, waitMs = 900_000 } = {}) {
  await acquire(path, staleAfterMs, waitMs);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
}

async function acquire(path, staleAfterMs, waitMs) {
  await mkdir(dirname(path), { recursive: true });
  const deadlineMs = Date.now() + waitMs;
  let told = false;
  while (!(await tryCreate(path))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (isStale(holder, staleAfterMs)) {
      await removeStale(path, holder, staleAfterMs);
      continue;
    }
    if (!told) say(`another run (process ${holder.pid}) is preparing this clone; waiting for it`);
    told = true;
    if (Date.now() > deadlineMs) {
      throw new PrepareError(
        `process ${holder.pid} has held ${path} for too long. End it, or remove that file if it hangs.`,
      );
    }
    await delay(pollMs);
  }
}

/** Makes the lock file, or gives false when there is one. */
async function tryCreate(path) {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname(), at: Date.now() }));
    await file.close();
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new PrepareError(`${path} could not be written (${error.code}). Check the permissions of the folder.`);
  }
}

/** Who holds the lock, or undefined when it was released meanwhile. A half-written file has no pid yet. */
async function readHolder(path) {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return { text, mtimeMs, ...parseHolder(text) };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text) {
  try {
    const { pid, host } = JSON.parse(text);
    return { pid, host };
  } catch {
    return { pid: undefined, host: undefined };
  }
}

/** Whether the holder of a lock is known to be gone or has fallen silent. */
export function isStale(holder, staleAfterMs, nowMs = Date.now()) {
  if (nowMs - holder.mtimeMs > staleAfterMs) return true;
  if (typeof holder.pid !== 'number' || holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/**
 * Removes a stale lock. Between the look and the removal another waiter may have removed it and made its own, so the
 * removal happens under a second lock file and only if the first is still the one that was seen.
 */
async function removeStale(path, seen, staleAfterMs) {
  const guard = `${path}.takeover`;
  if (!(await tryCreate(guard))) {
    const other = await readHolder(guard);
    if (other !== undefined && isStale(other, staleAfterMs)) await rm(guard, { force: true });
    await delay(pollMs);
    return;
  }
  try {
    const now = await readHolder(path);
    if (now !== undefined && now.text === seen.text && isStale(now, staleAfterMs)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}
