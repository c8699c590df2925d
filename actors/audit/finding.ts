/**
 * The audit's own words: what a finding is, and what every skill of the audit gives back. All of it is plain data.
 * No field ever holds text of the audited repository that could be a secret: a finding says where and what kind,
 * never the matched text.
 */

/** How bad a finding is. Only `high` findings are derived again by a second agent. */
export type Severity = 'high' | 'medium' | 'low';

/** One finding of one rule at one place. */
export interface Finding {
  /** Rule id, `<skill>/<rule>`, such as `secrets/aws-access-key` or `complexity/cognitive`. Listed in `rules.ts`. */
  readonly rule: string;
  readonly severity: Severity;
  /** Path in the repository, with `/`, relative to its root. */
  readonly path: string;
  /** 1-based line; 0 when the finding is about the whole file. */
  readonly line: number;
  /** 1-based column in UTF-16 units; 0 when unknown. */
  readonly column: number;
  /** 1-based last line; equal to `line` for one line. */
  readonly endLine: number;
  /** One sentence, without text of the audited file that could hold a secret. */
  readonly message: string;
  /** Full object id of a commit that has it, for findings of history only. */
  readonly commit?: string;
  /** Facts for charts and reports (numbers and short words), such as `{ cognitive: 31 }`. */
  readonly facts?: Readonly<Record<string, number | string>>;
}

/** A file that was not analysed, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: 'binary' | 'too-large' | 'unreadable' | 'bad-encoding' | 'symlink' | 'submodule' | 'not-a-file';
  /** More words, such as the size; no system error text with absolute paths. */
  readonly detail: string;
}

/** A dependency read from a lockfile. */
export interface Component {
  /** `npm`, `cargo`, `pypi`, `golang`. */
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  /** Package URL (purl). */
  readonly purl: string;
  /** SPDX licence expression as declared, or '' when the lockfile does not say. */
  readonly licence: string;
  /** Integrity hash as the lockfile states it, or ''. */
  readonly integrity: string;
  readonly development: boolean;
  /** Lockfile it was read from. */
  readonly path: string;
}

/** Numbers of one source file, for the chart and the reduction. */
export interface FileMetrics {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
  /** `typescript`, `javascript`, `python`, ... or `other`. */
  readonly language: string;
  /** Highest and summed cognitive complexity of its functions; 0 where not measured. */
  readonly maxCognitive: number;
  readonly sumCognitive: number;
  /** Commits that touched it (filled by the reduction from the history skill). */
  readonly commits: number;
}
