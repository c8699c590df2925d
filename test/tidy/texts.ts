/**
 * All text files of the clone that git keeps or would keep, and the words none of them may contain: places that exist on
 * one machine only. The patterns are put together from parts, so that this file is not its own first breach.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Breach, type Source, root } from './sources.js';

const run = promisify(execFile);

/** Words of one machine, with what to write in their place. */
const machineWords: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: new RegExp(['/work', '(main|shared)'].join('/')), message: 'names a folder of one machine' },
  { pattern: new RegExp(['/root', '[\\w.]'].join('/')), message: 'names the home folder of one machine' },
  { pattern: registryAddress(), message: 'names a package registry' },
  { pattern: new RegExp(['_auth', 'Token\\s*=\\s*[\\w-]{16}'].join('')), message: 'holds a registry credential' },
  {
    pattern: new RegExp(['"resol', 'ved": "http'].join('')),
    message: 'binds the lock file to a registry (see .npmrc)',
  },
];

/** The address of a real registry: a host name with a dot, outside the domains that are reserved for examples. */
function registryAddress(): RegExp {
  const reserved = '(?![\\w.-]*\\.(?:example|invalid|test|localhost)\\b)';
  return new RegExp(`https?://${reserved}[\\w.-]*(?:registry|npmjs|artifactory|nexus)[\\w-]*\\.[\\w.-]+`);
}

/** Lines that hold a word of one machine. */
export function machineBreaches(texts: readonly Source[]): readonly Breach[] {
  return texts.flatMap(({ path, text }) =>
    machineWords
      .filter(({ pattern }) => pattern.test(text))
      .map(({ pattern, message }) => ({
        path,
        line: text.split('\n').findIndex((line) => pattern.test(line)) + 1,
        message,
      })),
  );
}

/** The text files that git tracks or would add. Outside a git clone (a source archive) there are none to look at. */
export async function readTexts(): Promise<readonly Source[]> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
  const texts = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'latin1') })),
  );
  return texts.filter(({ text }) => !text.includes('\0'));
}
