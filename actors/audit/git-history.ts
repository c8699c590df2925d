/**
 * What the commits of a repository say: how often each path changed, which file contents are in history but no longer
 * in the tree, and which commit brought a content in. Everything is streamed through pairs of git processes (one
 * walks, one looks up), so memory grows with the number of paths and blobs and never with the size of their contents.
 */
import { SkepError } from '#protocols/wire/error';
import { ByteReader } from './byte-reader.js';
import { type GitOptions, gitOutput, gitTokens } from './git.js';

/** How many commits of HEAD's history changed a path; merges and renames are not followed. */
export interface PathChurn {
  readonly path: string;
  readonly commits: number;
}

/** A file content of history, under the newest path that had it. */
export interface HistoryBlob {
  /** Full object id. */
  readonly oid: string;
  /** A path with a newline is cut there: git gives no other form for objects. */
  readonly path: string;
  readonly bytes: number;
}

/** A file content read from the object store. */
interface BlobContent {
  readonly oid: string;
  readonly content: Uint8Array;
}

/** The commit that brought a blob in, and its place in the walk from the oldest commit (0 is the oldest). */
interface Introduction {
  readonly commit: string;
  readonly order: number;
}

const plainDiff = ['--no-renames', '--no-ext-diff', '--no-textconv'];

/** Counts the commits that touched each path, over all of `head`'s history. Sorted by path; empty without commits. */
export async function churn(root: string, head: string, options: GitOptions = {}): Promise<readonly PathChurn[]> {
  if (head === '') return [];
  const commits = gitOutput(root, ['rev-list', '--no-merges', assertOid(head)], options);
  const command = ['diff-tree', '--stdin', '-r', '--root', '--no-commit-id', '--name-only', '-z', ...plainDiff];
  const counts = new Map<string, number>();
  for await (const paths of gitTokens(root, command, '\0', { ...options, input: commits })) {
    for (const path of paths) counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  return [...counts].map(([path, count]) => ({ path, commits: count })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The blobs that any ref reaches and that are neither in HEAD's tree nor in the index. Sorted by path, then object id.
 * Contents that a partial clone does not have are left out.
 */
export async function historyBlobs(
  root: string,
  head: string,
  options: GitOptions = {},
): Promise<readonly HistoryBlob[]> {
  const present = await presentBlobs(root, head, options);
  const objects = gitOutput(root, ['rev-list', '--objects', '--all', '--missing=allow-any'], options);
  const command = ['cat-file', '--batch-check=%(objecttype) %(objectname) %(objectsize) %(rest)', '--buffer'];
  const blobs = new Map<string, HistoryBlob>();
  for await (const lines of gitTokens(root, command, '\n', { ...options, input: objects })) {
    for (const line of lines) {
      const blob = parseBlob(line);
      if (blob !== undefined && !present.has(blob.oid) && !blobs.has(blob.oid)) blobs.set(blob.oid, blob);
    }
  }
  return [...blobs.values()].sort((a, b) => (a.path !== b.path ? (a.path < b.path ? -1 : 1) : a.oid < b.oid ? -1 : 1));
}

function parseBlob(line: string): HistoryBlob | undefined {
  const [, oid, size, path] = /^blob ([0-9a-f]+) (\d+) (.*)$/s.exec(line) ?? [];
  return oid === undefined || path === undefined || path === '' ? undefined : { oid, path, bytes: Number(size) };
}

async function presentBlobs(root: string, head: string, options: GitOptions): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  const commands = [['ls-files', '--stage', '-z']];
  if (head !== '') commands.push(['ls-tree', '-r', '-z', '--full-tree', assertOid(head)]);
  for (const command of commands) {
    for await (const entries of gitTokens(root, command, '\0', options)) {
      for (const entry of entries) {
        const oid = /[0-9a-f]{40,64}/.exec(entry.slice(0, entry.indexOf('\t')))?.[0];
        if (oid !== undefined) present.add(oid);
      }
    }
  }
  return present;
}

/**
 * Reads blobs from the object store through one process, in the order asked. Objects that are missing, are no blobs or
 * are larger than `maxBytes` are passed over.
 */
export async function* catBlobs(
  root: string,
  oids: readonly string[],
  maxBytes: number,
  options: GitOptions = {},
): AsyncGenerator<BlobContent> {
  const asked = async function* (): AsyncGenerator<string> {
    for (const oid of oids) yield `${assertOid(oid)}\n`;
  };
  const reader = new ByteReader(gitOutput(root, ['cat-file', '--batch', '--buffer'], { ...options, input: asked() }));
  try {
    for (let header = await reader.line(); header !== undefined; header = await reader.line()) {
      const [, oid, type, size] = /^([0-9a-f]+) (\w+) (\d+)$/.exec(header) ?? [];
      if (oid === undefined) continue;
      const bytes = Number(size);
      if (type !== 'blob' || bytes > maxBytes) await reader.skip(bytes + 1);
      else {
        const content = await reader.take(bytes);
        await reader.skip(1);
        yield { oid, content };
      }
    }
  } finally {
    await reader.close();
  }
}

/**
 * The oldest commit that has each of the blobs, by commit date with parents before children. One walk finds them all
 * and ends when the last is found. A blob that no commit has (a tag may name one) is not in the answer.
 */
export async function introducingCommits(
  root: string,
  oids: Iterable<string>,
  options: GitOptions = {},
): Promise<ReadonlyMap<string, Introduction>> {
  const sought = new Set([...oids].map(assertOid));
  const found = new Map<string, Introduction>();
  if (sought.size === 0) return found;
  const commits = gitOutput(root, ['rev-list', '--all', '--date-order', '--reverse'], options);
  const command = ['diff-tree', '--stdin', '-r', '-c', '--root', '--raw', '-z', '--no-abbrev', ...plainDiff];
  let commit = '';
  let order = -1;
  let pathNext = false;
  for await (const tokens of gitTokens(root, command, '\0', { ...options, input: commits })) {
    for (const token of tokens) {
      // A path is told by its place, not its look: it may read like an object id.
      if (pathNext) pathNext = false;
      else if (token.startsWith(':')) {
        pathNext = true;
        const oid = token.split(' ').at(-2) ?? '';
        if (sought.has(oid) && !found.has(oid)) found.set(oid, { commit, order });
      } else {
        commit = token;
        order++;
      }
    }
    if (found.size === sought.size) break;
  }
  return found;
}

/** Object ids go to git's standard input, where anything else would be read as a revision expression. */
function assertOid(oid: string): string {
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(oid)) return oid;
  throw new SkepError(
    'BAD_MESSAGE',
    'oid: expected a full object id of 40 or 64 hex digits; take it from the history',
    {
      field: 'oid',
    },
  );
}
