/**
 * The history of a repository as two skills. One counts how often each file changed and lists the contents that only
 * history has; the other looks for credentials in a share of those contents. A credential that was deleted is still in
 * every clone, so it counts like one in the tree, but only once: for the commit that brought it in.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { defineSkill } from '../swarm/skill.js';
import { falsifyHigh, highClaims, isHigh } from './claim.js';
import { isExcluded } from './exclusion.js';
import type { Finding } from './finding.js';
import { catBlobs, churn, type HistoryBlob, historyBlobs, introducingCommits, type PathChurn } from './git-history.js';
import { findRepository, listFiles } from './repository.js';
import { matchSecrets, type SecretMatch, secretFinding } from './secrets.js';
import { isSkipped, readSource, type SourceFile, sourceFromBytes } from './source-file.js';

/** Input of `audit.history`. */
export interface HistoryInput {
  /** A folder in the repository. */
  readonly root: string;
  /** Folders to leave out, relative to the repository's root. */
  readonly exclude: readonly string[];
  /** Largest content that is searched, in bytes. */
  readonly maxBytes: number;
}

/** Contents that one task searches; input of `audit.scan-blobs`. */
export interface BlobShard {
  readonly root: string;
  readonly blobs: readonly HistoryBlob[];
  readonly maxBytes: number;
}

/** Output of `audit.history`. */
export interface HistoryOutput {
  /** For the files of the tree as it is. Sorted by path. */
  readonly churn: readonly PathChurn[];
  readonly blobShards: readonly BlobShard[];
  /** Contents larger than `maxBytes`. */
  readonly skippedBlobs: number;
}

/** Output of `audit.scan-blobs`. */
export interface ScanBlobsOutput {
  /** Sorted by path, commit, line, column, then rule. */
  readonly findings: readonly Finding[];
}

/** A shard of history: about a second of searching, and never so many objects that a lost task costs much. */
const shardBytes = 2 * 1024 * 1024;
const shardBlobs = 256;

/** Counts changes and lists what only history has. */
export const historySkill = defineSkill({
  name: 'audit.history',
  version: 1,
  async run(input: HistoryInput, { signal }): Promise<HistoryOutput> {
    const { root, head } = await findRepository(input.root, { signal });
    const present = new Set((await listFiles(root, { signal })).files);
    const counted = await churn(root, head, { signal });
    const blobs = (await historyBlobs(root, head, { signal })).filter(({ path }) => !isExcluded(path, input.exclude));
    const searched = blobs.filter(({ bytes }) => bytes <= input.maxBytes);
    return {
      churn: counted.filter(({ path }) => present.has(path) && !isExcluded(path, input.exclude)),
      blobShards: cutBlobs(searched).map((share) => ({ root, blobs: share, maxBytes: input.maxBytes })),
      skippedBlobs: blobs.length - searched.length,
    };
  },
});

/** Runs of neighbours: blobs are sorted by path, so the versions of a file mostly share a shard. */
function cutBlobs(blobs: readonly HistoryBlob[]): HistoryBlob[][] {
  const shards: HistoryBlob[][] = [];
  let current: HistoryBlob[] = [];
  let held = 0;
  for (const blob of blobs) {
    if (current.length > 0 && (held + blob.bytes > shardBytes || current.length >= shardBlobs)) {
      shards.push(current);
      current = [];
      held = 0;
    }
    current.push(blob);
    held += blob.bytes;
  }
  if (current.length > 0) shards.push(current);
  return shards;
}

/** Looks for credentials in contents that only history has. */
export const scanBlobsSkill = defineSkill({
  name: 'audit.scan-blobs',
  version: 1,
  async run(input: BlobShard, { signal }): Promise<ScanBlobsOutput> {
    const seen = await searchBlobs(input, signal);
    const commits = await introducingCommits(input.root, new Set(seen.map(({ oid }) => oid)), { signal });
    const oldestFirst = seen
      .map((one) => ({ ...one, commit: commits.get(one.oid)?.commit, order: commits.get(one.oid)?.order ?? Infinity }))
      .sort((a, b) => a.order - b.order || (a.oid < b.oid ? -1 : a.oid > b.oid ? 1 : a.match.start - b.match.start));
    const reported = new Set<string>();
    const findings: Finding[] = [];
    for (const { file, match, oid, commit, identity } of oldestFirst) {
      if (reported.has(identity)) continue;
      reported.add(identity);
      findings.push(ofHistory(secretFinding(file, match), oid, commit));
    }
    return { findings: findings.sort(byPlace) };
  },
  claims: (output: ScanBlobsOutput) => highClaims(output.findings),
  narrow(input: BlobShard, output: ScanBlobsOutput): BlobShard {
    const named = new Set(output.findings.filter(isHigh).map((finding) => finding.facts?.['blob']));
    const blobs = input.blobs.filter(({ oid }) => named.has(oid));
    // Claims about contents that were never asked for can only be refuted by looking at everything.
    return blobs.length === named.size ? { ...input, blobs } : input;
  },
  falsify: (output: ScanBlobsOutput): ScanBlobsOutput => ({ findings: falsifyHigh(output.findings, invented) }),
});

interface SeenSecret {
  readonly oid: string;
  readonly file: SourceFile;
  readonly match: SecretMatch;
  /** The same for the same secret of the same kind at the same path; never leaves this file. */
  readonly identity: string;
}

async function searchBlobs(input: BlobShard, signal: AbortSignal): Promise<readonly SeenSecret[]> {
  const { root, blobs, maxBytes } = input;
  const paths = new Map(blobs.map(({ oid, path }) => [oid, path]));
  const current = new Map<string, string>();
  const seen: SeenSecret[] = [];
  for await (const { oid, content } of catBlobs(root, [...paths.keys()], maxBytes, { signal })) {
    // Between two contents the other actors of the executor have their turn, and a cancelled task ends.
    await setImmediate();
    signal.throwIfAborted();
    const path = paths.get(oid) ?? '';
    const file = sourceFromBytes(path, content);
    if (isSkipped(file)) continue;
    for (const match of await matchSecrets(file)) {
      const secret = file.text.slice(match.start, match.end);
      if (!current.has(path)) current.set(path, await currentText(root, path, maxBytes));
      // What the tree still has is found there; history would only say it again for each older version.
      if (current.get(path)?.includes(secret) === true) continue;
      const identity = createHash('sha256')
        .update(JSON.stringify([path, match.kind, secret]))
        .digest('hex');
      seen.push({ oid, file, match, identity });
    }
  }
  return seen;
}

async function currentText(root: string, path: string, maxBytes: number): Promise<string> {
  const file = await readSource(root, path, { maxBytes });
  return isSkipped(file) ? '' : file.text;
}

/** A finding of an old content: it says so, and names the content and the commit. */
function ofHistory(finding: Finding, oid: string, commit: string | undefined): Finding {
  return {
    ...finding,
    message: finding.message.replace(/^Holds/, 'Only in history, in an older version of this path: holds'),
    ...(commit === undefined ? {} : { commit }),
    facts: { ...finding.facts, blob: oid },
  };
}

function byPlace(a: Finding, b: Finding): number {
  const text = (x = '', y = ''): number => (x < y ? -1 : x > y ? 1 : 0);
  return (
    text(a.path, b.path) || text(a.commit, b.commit) || a.line - b.line || a.column - b.column || text(a.rule, b.rule)
  );
}

/** What a lying agent claims when there is nothing to move. */
const invented: Finding = {
  rule: 'secrets/private-key',
  severity: 'high',
  path: 'README.md',
  line: 1,
  column: 1,
  endLine: 1,
  message: 'Only in history, in an older version of this path: holds a private key of 1 characters.',
  commit: '0'.repeat(40),
  facts: { kind: 'private-key', length: 1, blob: '0'.repeat(40) },
};
