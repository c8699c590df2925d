/**
 * Finds the nats-server program. Debian installs it where the path of an ordinary user does not lead, so the usual
 * folders for servers are looked at too.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { errorCatalogue, SkepError } from '#protocols/wire/error';

const PROGRAM = 'nats-server';
const usualFolders = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];

/**
 * The path of the program: the one given, else the one in `SKEP_NATS_SERVER`, else the first on the path.
 * @throws SkepError `NATS_SERVER_MISSING`, naming what was looked for.
 */
export async function findNatsServer(given: string | undefined, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const wanted = given ?? env['SKEP_NATS_SERVER'] ?? '';
  if (wanted.includes('/')) {
    if (await isProgram(wanted)) return wanted;
    throw missing(wanted, 'is no program that can be started');
  }
  const name = wanted === '' ? PROGRAM : wanted;
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...onPath, ...usualFolders]) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  throw missing(name, 'was not found on the path');
}

/** The error that says what is missing and how to get it. */
export function missing(program: string, problem: string): SkepError {
  const { remedy } = errorCatalogue.NATS_SERVER_MISSING;
  return new SkepError('NATS_SERVER_MISSING', `${program} ${problem}. ${remedy}`, { program });
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
