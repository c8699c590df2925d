/**
 * The two programs outside npm that skep runs: git, which the audit reads history with, and nats-server, which joins
 * nodes on one machine. They are looked for where a person would have put them and, where the machine lets us without a
 * question (root, or sudo without a password, on Debian and its kin), installed.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { capture } from './child.mjs';
import { PrepareError, lastLines, say, step } from './say.mjs';

/** The programs, each with the variable that overrides the search, its Debian package and what it is needed for. */
export const programs = {
  git: { name: 'git', variable: undefined, package: 'git', purpose: 'the audit reads the repository through it' },
  natsServer: {
    name: 'nats-server',
    variable: 'SKEP_NATS_SERVER',
    package: 'nats-server',
    purpose: 'clusters of more than one node need it',
  },
};

/** Where Debian puts servers; an ordinary user's PATH leaves these out. */
const serverFolders = ['/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/usr/bin'];

/**
 * The path of a program: the override variable first, then PATH, then the folders for servers. Undefined when there is
 * none; an override that points at nothing runnable is an error, since falling back would hide the mistake.
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} extraFolders
 */
export function findProgram(program, env, extraFolders = serverFolders) {
  const override = program.variable === undefined ? undefined : env[program.variable];
  if (override !== undefined && override !== '') {
    const path = isAbsolute(override) ? override : resolve(override);
    if (isRunnable(path)) return path;
    throw new PrepareError(
      `${program.variable} is ${override}, which is not a program that can be run. Point it at ${program.name}, or unset it.`,
    );
  }
  const folders = [...(env.PATH ?? '').split(delimiter), ...extraFolders].filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, program.name)).find(isRunnable);
}

function isRunnable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The path of a program, installed first where that is possible; undefined when it is missing and stays so. */
export async function ensureProgram(program, env = process.env) {
  const found = findProgram(program, env);
  if (found !== undefined) return found;
  const apt = await aptCommand();
  if (apt === undefined) return undefined;
  const installed = await step(`installing ${program.name} with apt-get`, () => aptInstall(apt, program.package));
  return installed ? findProgram(program, env) : undefined;
}

/** The sentence for a person whose machine lacks a program. */
export function missingProgramSentence(program) {
  const override = program.variable === undefined ? '' : `, or set ${program.variable} to its path`;
  return `${program.name} was not found; ${program.purpose}. Install it (Debian: apt-get install ${program.package})${override}.`;
}

/** How to run apt-get here without a question, or undefined when that is not possible. */
async function aptCommand() {
  if ((await capture('apt-get', ['--version'])).code !== 0) return undefined;
  if (process.getuid?.() === 0) return ['env'];
  return (await capture('sudo', ['-n', 'true'])).code === 0 ? ['sudo', '-n', 'env'] : undefined;
}

/** Whether apt-get installed a package; what went wrong is said in its own last lines. */
async function aptInstall([command, ...prefix], name) {
  const quiet = [...prefix, 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];
  const update = await capture(command, [...quiet, 'update']);
  const install = await capture(command, [...quiet, 'install', '-y', '--no-install-recommends', name]);
  if (install.code !== 0) {
    const output = update.code === 0 ? install.output : `${update.output}${install.output}`;
    say(`apt-get could not install ${name}:\n${lastLines(output, 6)}`);
    return false;
  }
  await stopService(command, prefix, name);
  return true;
}

/** Debian starts a server it installs; nobody asked for one that listens, so it is stopped where systemd runs. */
async function stopService(command, prefix, name) {
  if (!existsSync('/run/systemd/system')) return;
  await capture(command, [...prefix, 'systemctl', 'disable', '--now', `${name}.service`]);
}
