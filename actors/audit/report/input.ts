/**
 * What every writer of a report takes. One type for all formats, so that the six files of one audit cannot disagree
 * about what they describe, and so that the rule catalogue stays a parameter: the writers know no rule by name.
 */
import type { Severity } from '../finding.js';
import type { Narrative } from '../narrative/narrative.js';
import type { AuditResult, RunAccount } from '../result.js';
import type { Baseline } from './baseline.js';

/** What a report says about a rule besides its findings. */
export interface RuleDescription {
  /** Such as `secrets/aws-access-key`. */
  readonly id: string;
  /** Severity the rule gives unless a finding says otherwise. */
  readonly severity: Severity;
  /** A few words, such as `AWS access key in a file`. */
  readonly title: string;
  /** Why it matters and what to do, in plain text. */
  readonly help: string;
  /** Such as `CWE-798`. */
  readonly cwe?: string;
  /** 0.0 to 10.0 as code scanning services read it; security rules only. */
  readonly securitySeverity?: number;
}

/** Everything a report is made of. */
export interface ReportInput {
  readonly result: AuditResult;
  readonly account: RunAccount;
  /** Name of the repository for people, such as the last part of its path. Never an absolute path or a remote. */
  readonly repository: string;
  /** Version of skep that ran the audit. */
  readonly version: string;
  /** Total over the rules that occur in the result. */
  readonly describeRule: (id: string) => RuleDescription;
  /** Findings accepted earlier; with it, each finding is reported as new or known. */
  readonly baseline?: Baseline;
  /** What was found in a few sentences; not covered by the digest. */
  readonly narrative?: Narrative;
}
