/** Checks of the machine: Node, git, cores and memory, threads, native addons, and the folder for state. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { sourceFromText } from '#actors/audit/source-file';
import type { Config } from '#config';
import { ActorSystem } from '#runtime';
import { type Check, fail, ok, warn } from './check.js';
import { compareVersions } from './versions.js';

const run = promisify(execFile);

/** As `engines` of package.json has it; a test holds the two together. */
export const LEAST_NODE = '20.19.0';
/** One executor with its heap and the main thread. */
const LEAST_MEMORY_BYTES = 512 * 1_048_576;

/** The checks, given the configuration. */
export function machineChecks(config: Config): readonly Check[] {
  return [
    { name: 'node', look: () => Promise.resolve(nodeVerdict(process.versions.node)) },
    { name: 'git', look: lookForGit },
    {
      name: 'machine',
      look: () => Promise.resolve(machineVerdict(availableParallelism(), totalmem(), config.node.executors)),
    },
    { name: 'data folder', look: () => lookAtFolder(resolve(config.node.dataDir)) },
    { name: 'worker threads', look: askThread },
    { name: 'native addons', look: loadAddons },
  ];
}

/** Judges a version of Node. */
export function nodeVerdict(version: string) {
  if (compareVersions(version, LEAST_NODE) >= 0) return ok(version);
  return fail(`${version}, and ${LEAST_NODE} is the least that works`, `Install Node ${LEAST_NODE} or later.`);
}

async function lookForGit() {
  try {
    const { stdout } = await run('git', ['--version'], { timeout: 10_000 });
    return ok(stdout.trim().replace(/^git version /, ''));
  } catch {
    return fail('git was not found on the path', 'Install git; `skep audit` reads repositories through it.');
  }
}

/** Judges cores and memory. */
export function machineVerdict(cores: number, memoryBytes: number, executors: number) {
  const found = `${cores} core(s), ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, ${executors} executor(s) per node`;
  if (memoryBytes < LEAST_MEMORY_BYTES)
    return warn(found, 'Give it 512 MiB or more: each executor has a heap of its own.');
  if (executors > cores)
    return warn(`${found}: more executors than cores`, 'Lower node.executors; more threads than cores only switch.');
  return ok(found);
}

/** The folder, or the nearest one above it that exists: it is made when it is needed, and not by looking. */
async function lookAtFolder(folder: string) {
  const existing = await nearestExisting(folder);
  const isFolder = (await stat(existing)).isDirectory();
  const writable =
    isFolder &&
    (await access(existing, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    ));
  if (writable) return ok(existing === folder ? folder : `${folder} (will be made)`);
  return fail(
    `${folder} cannot be written: ${existing} ${isFolder ? 'gives no permission' : 'is no folder'}`,
    'Choose another folder with --data-dir, or correct its permissions.',
  );
}

async function nearestExisting(path: string): Promise<string> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  return there || dirname(path) === path ? path : nearestExisting(dirname(path));
}

async function askThread() {
  const system = await ActorSystem.create({ node: 'doctor', executors: 1, log: { level: 'silent', format: 'json' } });
  try {
    const actors = await system.list();
    return ok(`an executor in a thread answers (${actors.length} actors of its own)`);
  } finally {
    await system.shutdown();
  }
}

async function loadAddons() {
  try {
    const { parseFile } = await import('#actors/audit/code/parse');
    const { tree } = parseFile(sourceFromText('doctor.ts', SAMPLE, SAMPLE.length));
    return tree === undefined
      ? fail('oxc-parser did not parse a line of TypeScript', INSTALL_AGAIN)
      : ok('oxc-parser parses');
  } catch (error) {
    return fail(
      `oxc-parser cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      INSTALL_AGAIN,
    );
  }
}

const SAMPLE = 'export const answer: number = 42;\n';
const INSTALL_AGAIN = 'Install the packages again on this machine, optional ones included: `npm ci`.';
