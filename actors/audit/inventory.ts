/**
 * The first task of an audit: which files there are, and how they are cut into shards. The shards depend on names and
 * sizes alone, so every node cuts the same tree the same way. Nothing is read here; what can be told without reading
 * (links, submodules, sizes) is told.
 */
import { SkepError } from '#protocols/wire/error';
import { defineSkill } from '../swarm/skill.js';
import type { SkippedFile } from './finding.js';
import { isExcluded } from './exclusion.js';
import { findRepository, listFiles } from './repository.js';
import { inspectPath } from './source-file.js';

/** Input of `audit.inventory`. */
export interface InventoryInput {
  /** A folder in the repository; the whole repository is audited. */
  readonly root: string;
  /** Folders to leave out, relative to the repository's root, such as the output folder. */
  readonly exclude: readonly string[];
  /** Largest file that is analysed, in bytes. */
  readonly maxBytes: number;
  /** Most bytes of one shard; a file larger than this is a shard of its own. Default 256 KiB. */
  readonly shardBytes?: number;
  /** Most files of one shard. Default 32. */
  readonly shardFiles?: number;
}

/** Files that one task analyses. */
export interface FileShard {
  readonly root: string;
  /** Sorted. */
  readonly paths: readonly string[];
  readonly maxBytes: number;
}

/** A lockfile that says which dependencies there are. */
export interface Manifest {
  readonly root: string;
  readonly path: string;
}

/** Output of `audit.inventory`. */
export interface InventoryOutput {
  /** Object id of HEAD, or '' without commits. */
  readonly head: string;
  /** Absolute path of the repository's root. */
  readonly root: string;
  /** Files in the shards. */
  readonly files: number;
  /** What is skipped without reading. Sorted by path. */
  readonly skipped: readonly SkippedFile[];
  readonly shards: readonly FileShard[];
  /** Sorted by path. A lockfile is listed whatever its size. */
  readonly manifests: readonly Manifest[];
}

/** Shards that a small repository still gets, so that every agent of a swarm has work. */
const leastShards = 12;

const lockfileName =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|Cargo\.lock|poetry\.lock|requirements[^/]*\.txt|go\.sum)$/;

/** Lists the repository and cuts it into shards. */
export const inventorySkill = defineSkill({
  name: 'audit.inventory',
  version: 1,
  async run(input: InventoryInput, { signal }): Promise<InventoryOutput> {
    const { root, head } = await findRepository(input.root, { signal });
    const list = await listFiles(root, { signal });
    const paths = list.files.filter((path) => !isExcluded(path, input.exclude));
    const sized = await inspectAll(root, paths, input.maxBytes, signal);
    const skipped = list.skipped.filter(({ path }) => !isExcluded(path, input.exclude)).concat(sized.skipped);
    return {
      head,
      root,
      files: sized.files.length,
      skipped: skipped.sort((a, b) => (a.path < b.path ? -1 : 1)),
      shards: cutShards(sized.files, input).map((shard) => ({ root, paths: shard, maxBytes: input.maxBytes })),
      manifests: sized.regular.filter((path) => lockfileName.test(path)).map((path) => ({ root, path })),
    };
  },
});

/** A file and its size in bytes. */
interface SizedFile {
  readonly path: string;
  readonly bytes: number;
}

/** Files inspected at once. */
const inspectedAtOnce = 32;

async function inspectAll(
  root: string,
  paths: readonly string[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<{ readonly files: SizedFile[]; readonly skipped: SkippedFile[]; readonly regular: string[] }> {
  const files: SizedFile[] = [];
  const skipped: SkippedFile[] = [];
  const regular: string[] = [];
  for (let at = 0; at < paths.length; at += inspectedAtOnce) {
    signal.throwIfAborted();
    const batch = paths.slice(at, at + inspectedAtOnce);
    const inspected = await Promise.all(batch.map((path) => inspectPath(root, path, { maxBytes })));
    for (const [index, known] of inspected.entries()) {
      const path = batch[index] ?? '';
      if (!('reason' in known)) files.push({ path, bytes: known.bytes });
      // A file that is deleted but not committed as such is no longer part of the tree.
      else if (known.detail !== 'not there') skipped.push(known);
      if (!('reason' in known) || known.reason === 'too-large') regular.push(path);
    }
  }
  return { files, skipped, regular };
}

/**
 * Cuts sorted files into runs of neighbours. A run ends before it would hold more bytes than a twelfth of the whole (or
 * `shardBytes`) or more files than a twelfth of all (or `shardFiles`), so the runs are about equal in bytes and a
 * repository of 24 files or more gives at least twelve. Neighbours stay together because they are often alike.
 */
function cutShards(files: readonly SizedFile[], input: InventoryInput): string[][] {
  const { shardBytes = 256 * 1024, shardFiles = 32 } = input;
  assertPositive('shardBytes', shardBytes);
  assertPositive('shardFiles', shardFiles);
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const mostBytes = Math.min(shardBytes, Math.ceil(total / leastShards));
  const mostFiles = Math.min(shardFiles, Math.max(1, Math.floor(files.length / leastShards)));
  const shards: string[][] = [];
  let current: string[] = [];
  let held = 0;
  for (const { path, bytes } of files) {
    if (current.length > 0 && (held + bytes > mostBytes || current.length >= mostFiles)) {
      shards.push(current);
      current = [];
      held = 0;
    }
    current.push(path);
    held += bytes;
  }
  if (current.length > 0) shards.push(current);
  return shards;
}

function assertPositive(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new SkepError(
    'BAD_MESSAGE',
    `${field}: expected a whole number above 0, got ${value}; leave it out for the default`,
    {
      field,
    },
  );
}
