/**
 * A repository as it lies on disk: where its root is, and which files belong to it. The list is git's own (tracked
 * files, and untracked ones that no ignore rule covers), so that build outputs and dependencies stay out of an audit.
 */
import { access, constants, lstat, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SkepError } from '#protocols/wire/error';
import type { SkippedFile } from './finding.js';
import { type GitOptions, gitText, gitTokens } from './git.js';

/** A repository with a working tree. */
interface Repository {
  /** Absolute path of the top of the working tree. */
  readonly root: string;
  /** Object id of the HEAD commit, or '' when there is no commit yet. */
  readonly head: string;
}

/** The files of a working tree. */
interface FileList {
  /** Sorted by UTF-16 code unit, without duplicates. They may be gone from disk, or be symbolic links. */
  readonly files: readonly string[];
  /** What git lists but no analyser can read: submodules, nested repositories, links, undecodable names. Sorted. */
  readonly skipped: readonly SkippedFile[];
}

/** Finds the repository that `path`, a folder, is in. */
export async function findRepository(path: string, options: GitOptions = {}): Promise<Repository> {
  const folder = resolve(path);
  await assertFolder(folder, path);
  const top = await topLevel(folder, path, options);
  return { root: top, head: await headOf(top, options) };
}

async function assertFolder(folder: string, named: string): Promise<void> {
  let directory: boolean;
  try {
    directory = (await stat(folder)).isDirectory();
    if (directory) await access(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    const message = `the repository path ${named} does not exist or may not be read; name a folder that you can read`;
    throw new SkepError('PATH_UNREADABLE', message, { path: named }, error);
  }
  if (!directory) {
    const message = `the repository path ${named} is a file, expected a folder; name the folder that holds it`;
    throw new SkepError('PATH_UNREADABLE', message, { path: named });
  }
}

async function topLevel(folder: string, named: string, options: GitOptions): Promise<string> {
  const refuse = (why: string, cause?: unknown): SkepError =>
    new SkepError(
      'NOT_A_REPOSITORY',
      `${named} ${why}; name a folder inside a git working tree`,
      { path: named },
      cause,
    );
  let top: string;
  try {
    top = (await gitText(folder, ['rev-parse', '--show-toplevel'], options)).replace(/\n$/, '');
  } catch (error) {
    const said = error instanceof SkepError ? error.facts['complaint'] : undefined;
    const complaint = typeof said === 'string' ? said : '';
    if (complaint.includes('not a git repository')) throw refuse('is not in a git repository', error);
    if (complaint.includes('must be run in a work tree')) throw refuse('has no working tree', error);
    throw error;
  }
  // A repository's own configuration may name any folder as its working tree, the root of the disk included.
  await lstat(join(top, '.git')).catch((error: unknown) => {
    throw refuse('names a working tree elsewhere', error);
  });
  return top;
}

async function headOf(root: string, options: GitOptions): Promise<string> {
  try {
    return (await gitText(root, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], options)).trim();
  } catch (error) {
    if (error instanceof SkepError && error.facts['exitCode'] === 1) return '';
    throw error;
  }
}

/** Lists the files of the working tree at `root`: tracked ones, and untracked ones that are not ignored. */
export async function listFiles(root: string, options: GitOptions = {}): Promise<FileList> {
  const files = new Set<string>();
  const skipped = new Map<string, SkippedFile>();
  const add = (path: string, reason?: SkippedFile['reason'], detail = ''): void => {
    if (path.includes('\uFFFD')) {
      skipped.set(path, { path, reason: 'unreadable', detail: 'the file name is not valid UTF-8' });
    } else if (reason !== undefined) {
      skipped.set(path, { path, reason, detail });
    } else {
      files.add(path);
    }
  };
  for await (const entries of gitTokens(root, ['ls-files', '--stage', '-z'], '\0', options)) {
    for (const entry of entries) addTracked(entry, add);
  }
  for await (const paths of gitTokens(root, ['ls-files', '--others', '--exclude-standard', '-z'], '\0', options)) {
    for (const path of paths) {
      if (path.endsWith('/')) add(path.slice(0, -1), 'submodule', 'a repository of its own');
      else add(path);
    }
  }
  for (const path of skipped.keys()) files.delete(path);
  return {
    files: [...files].sort(),
    skipped: [...skipped.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/** `<mode> <object id> <stage>TAB<path>`; a path in conflict comes once for each stage. */
function addTracked(entry: string, add: (path: string, reason?: SkippedFile['reason'], detail?: string) => void): void {
  const path = entry.slice(entry.indexOf('\t') + 1);
  const mode = entry.slice(0, entry.indexOf(' '));
  if (mode === '160000') add(path, 'submodule', 'a submodule; audit it in its own repository');
  else if (mode === '120000') add(path, 'symlink', 'a symbolic link');
  else add(path);
}
