/**
 * What a finished audit is: the reduction's output (deterministic, covered by the digest) and, beside it, the account
 * of the run that produced it (which nodes, how often tasks ran again), which differs from run to run and is therefore
 * kept out of the digest.
 */
import type { Component, FileMetrics, Finding, Severity, SkippedFile } from './finding.js';

/** The deterministic part: the same tree and history give the same value on any number of nodes and executors. */
export interface AuditResult {
  /** Sorted by path, line, column, rule, then commit. */
  readonly findings: readonly Finding[];
  /** Sorted by path. */
  readonly skipped: readonly SkippedFile[];
  /** Sorted by purl, then path. */
  readonly components: readonly Component[];
  /** Sorted by path. */
  readonly metrics: readonly FileMetrics[];
  /** Findings that an inline comment suppressed; not in `findings`. */
  readonly suppressed: number;
  /** Files that were analysed. */
  readonly files: number;
  /** Object id of HEAD, or '' in a repository without commits. */
  readonly head: string;
  /** `sha256:` and the hex SHA-256 over the canonical JSON of all the fields above. */
  readonly digest: string;
}

/** One node that took part. */
export interface RunNode {
  readonly name: string;
  readonly roles: readonly string[];
  readonly agents: number;
  /** Tasks whose accepted result came from it. */
  readonly tasks: number;
  /** `alive` at the end, or `lost` when it died during the run. */
  readonly status: 'alive' | 'lost';
}

/** An agent whose claims a vote refuted. */
export interface OutvotedAgent {
  readonly agent: string;
  readonly node: string;
  readonly task: string;
  /** Votes for and against its answer. */
  readonly votesFor: number;
  readonly votesAgainst: number;
}

/** The account of one run; not covered by the digest. */
export interface RunAccount {
  readonly job: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly tasks: {
    /** Tasks of the graph, verification included. */
    readonly total: number;
    readonly completed: number;
    /** Executions begun again because an agent, its node or its lease was lost, or because it failed or lied. */
    readonly rerun: number;
    /** Tasks that ended without an accepted result; a finished audit has 0. */
    readonly lost: number;
    /** Completions that arrived for a task already completed, or for an attempt that was no longer valid; ignored. */
    readonly duplicatesIgnored: number;
    readonly verified: number;
    readonly disputed: number;
  };
  readonly nodes: readonly RunNode[];
  readonly outvoted: readonly OutvotedAgent[];
}

/** What the baseline left over; filled by the report step. */
export interface BaselineSplit {
  readonly fresh: readonly Finding[];
  readonly known: readonly Finding[];
}

/** Order of severities, worst first; for sorting and for `--fail-on`. */
export const severities: readonly Severity[] = ['high', 'medium', 'low'];
