/**
 * The npm dependencies of a clone: whether what is installed is what the lock file says, and the install itself. The
 * comparison is by content (npm writes what it installed to `node_modules/.package-lock.json`), because the times of
 * files say nothing after a checkout or a copy.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from './child.mjs';
import { PrepareError, lastLines, say, step } from './say.mjs';

/** What npm prints when it got no answer, as opposed to a refusal. */
const unreachable =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR|E50[0-4])\b/;

/**
 * Why an install is needed, or undefined when the installed packages are those of the lock file.
 * @param {{ packages: Record<string, LockEntry> }} lock package-lock.json
 * @param {{ packages: Record<string, LockEntry> } | undefined} installed node_modules/.package-lock.json
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockEntry
 */
export function installReason(lock, installed) {
  if (installed === undefined) return 'nothing is installed yet';
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const present = installed.packages[path];
    if (present === undefined) {
      // npm leaves out optional packages for other platforms.
      if (wanted.optional === true || wanted.devOptional === true) continue;
      return `${path} is missing`;
    }
    const changed = present.version !== wanted.version;
    const replaced =
      wanted.integrity !== undefined && present.integrity !== undefined && wanted.integrity !== present.integrity;
    if (changed || replaced) return `${path} is not the version of the lock file`;
  }
  const extra = Object.keys(installed.packages).find((path) => lock.packages[path] === undefined);
  return extra === undefined ? undefined : `${extra} is not in the lock file`;
}

/** Why the clone at `root` needs an install, or undefined. */
export async function installReasonOf(root) {
  const lock = await readJson(join(root, 'package-lock.json'));
  if (lock === undefined)
    throw new PrepareError('package-lock.json is missing. Restore it: git checkout package-lock.json');
  return installReason(lock, await readJson(join(root, 'node_modules/.package-lock.json')));
}

async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Installs the dependencies: what the lock file says, or by `npm install` when npm finds the lock file unusable. */
export async function install(root, reason) {
  await step(`installing dependencies with npm ci (${reason}); the first time takes about a minute`, async () => {
    const exact = await npm(root, 'ci');
    if (exact.code === 0) return;
    refuseWhenUnreachable(exact.output);
    say(`npm ci failed, trying npm install: ${firstError(exact.output)}`);
    const loose = await npm(root, 'install', '--no-save');
    if (loose.code === 0) return;
    refuseWhenUnreachable(loose.output);
    throw new PrepareError(`the dependencies could not be installed:\n${lastLines(loose.output, 20)}`);
  });
}

/** `--include=dev`, because the compiler is a development dependency and NODE_ENV=production would leave it out. */
function npm(root, ...args) {
  return capture('npm', [...args, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
}

function refuseWhenUnreachable(output) {
  const found = unreachable.exec(output);
  if (found === null) return;
  throw new PrepareError(
    `npm cannot reach its registry (${found[1]}). Check the network and \`npm config get registry\`, then run it again.`,
  );
}

/** The first line of npm's output that says something, without npm's prefix. */
function firstError(output) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  return lines.find((line) => line !== '' && !/^(code\b|npm )/.test(line)) ?? 'it said nothing';
}
