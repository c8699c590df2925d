/**
 * The skill that analyses a shard of files. Its findings of severity `high` are its claims: a second agent derives them
 * again from the files that have any, and an agent that hid or invented one gives other claims.
 */
import { setImmediate } from 'node:timers/promises';
import { defineSkill } from '../swarm/skill.js';
import { falsifyHigh, highClaims, isHigh } from './claim.js';
import { analyseFile, type FileAnalysis } from './code/analyse.js';
import type { FileFingerprints } from './code/duplication.js';
import type { FileImports } from './code/imports.js';
import type { FileLicence } from './code/licence-headers.js';
import type { FileMetrics, Finding, SkippedFile } from './finding.js';
import { isSkipped, readSource } from './source-file.js';
import type { FileSuppressions } from './suppressions.js';

/** A shard: some files of the repository at `root`. */
export interface ScanInput {
  readonly root: string;
  /** Paths in the repository, with `/`. */
  readonly paths: readonly string[];
  /** Larger files are skipped, in bytes. */
  readonly maxBytes: number;
}

/** What a shard gives; the lists are in the order of `paths`. */
export interface ScanOutput {
  readonly findings: readonly Finding[];
  readonly skipped: readonly SkippedFile[];
  readonly metrics: readonly FileMetrics[];
  /** Relative imports as written; resolved in the reduction, which knows all paths. */
  readonly imports: readonly FileImports[];
  readonly licences: readonly FileLicence[];
  readonly fingerprints: readonly FileFingerprints[];
  /** Suppressions, for the findings that only the reduction can make. */
  readonly suppressions: readonly FileSuppressions[];
  /** Findings that were suppressed here. */
  readonly suppressed: number;
  /** Files that were analysed. */
  readonly files: number;
}

/** Analyses a shard of files. */
export const scanFilesSkill = defineSkill({
  name: 'audit.scan-files',
  version: 1,
  run: async ({ root, paths, maxBytes }: ScanInput, { signal }): Promise<ScanOutput> => {
    const skipped: SkippedFile[] = [];
    const analyses: FileAnalysis[] = [];
    for (const path of paths) {
      // The executor hosts other actors: between two files they have their turn, and a cancelled task ends.
      await setImmediate();
      signal.throwIfAborted();
      const file = await readSource(root, path, { maxBytes });
      if (isSkipped(file)) skipped.push(file);
      else analyses.push(await analyseFile(file));
    }
    return outputOf(analyses, skipped);
  },
  claims: (output) => highClaims(output.findings),
  narrow: (input, output) => {
    const claimed = new Set(output.findings.filter(isHigh).map(({ path }) => path));
    return { ...input, paths: input.paths.filter((path) => claimed.has(path)) };
  },
  falsify: (output) => ({
    ...output,
    findings: falsifyHigh(output.findings, {
      rule: 'dangerous/eval',
      severity: 'high',
      path: output.metrics[0]?.path ?? 'README.md',
      line: 1,
      column: 1,
      endLine: 1,
      message: 'eval of text that is made at run time.',
    }),
  }),
});

function outputOf(analyses: readonly FileAnalysis[], skipped: readonly SkippedFile[]): ScanOutput {
  const present = <Value>(values: readonly (Value | undefined)[]): readonly Value[] =>
    values.filter((value) => value !== undefined);
  return {
    findings: analyses.flatMap(({ findings }) => findings),
    skipped,
    metrics: analyses.map(({ metrics }) => metrics),
    imports: present(analyses.map(({ imports }) => imports)),
    licences: present(analyses.map(({ licence }) => licence)),
    fingerprints: present(analyses.map(({ fingerprints }) => fingerprints)),
    suppressions: present(analyses.map(({ suppressions }) => suppressions)),
    suppressed: analyses.reduce((sum, { suppressed }) => sum + suppressed, 0),
    files: analyses.length,
  };
}
