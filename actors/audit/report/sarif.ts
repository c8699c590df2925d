/**
 * The audit as a SARIF 2.1.0 log, the form that code scanning services and editors read. All findings are in it; the
 * bounded reports are for people. The revision stands in the run's properties and not in `versionControlProvenance`,
 * because an entry there must have the repository's address, and an address of a remote may hold credentials.
 */
import type { Invocation, Log, Notification, ReportingDescriptor, Result, Run } from 'sarif';
import { unreachable } from '#protocols/wire/error';
import type { Finding, Severity, SkippedFile } from '../finding.js';
import type { RunAccount } from '../result.js';
import { knownIn } from './baseline.js';
import { fingerprintsOf } from './fingerprint.js';
import type { ReportInput, RuleDescription } from './input.js';
import { printable } from './printable.js';
import { fileLocation, findingLocation, sourceRoot } from './sarif-location.js';

const schemaUri = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The version at the end lets a later way of computing stand beside this one. */
const fingerprintKey = 'skepFinding/v1';

/** SARIF's word for a severity. */
function levelOf(severity: Severity): 'error' | 'warning' | 'note' {
  switch (severity) {
    case 'high':
      return 'error';
    case 'medium':
      return 'warning';
    case 'low':
      return 'note';
    default:
      return unreachable(severity);
  }
}

/** The skill of the rule, `security` for what has a CWE or a score, and the CWE as code scanning services spell it. */
function tagsOf(rule: RuleDescription): string[] {
  const [skill = rule.id] = rule.id.split('/');
  const weakness = /\d+/.exec(rule.cwe ?? '')?.[0];
  const security = weakness !== undefined || rule.securitySeverity !== undefined;
  return [
    skill,
    ...(security ? ['security'] : ['maintainability']),
    ...(weakness === undefined ? [] : [`external/cwe/cwe-${weakness.padStart(3, '0')}`]),
  ];
}

function descriptorOf(rule: RuleDescription): ReportingDescriptor {
  return {
    id: rule.id,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.help },
    help: { text: rule.help },
    defaultConfiguration: { level: levelOf(rule.severity) },
    properties: {
      tags: tagsOf(rule),
      ...(rule.securitySeverity === undefined ? {} : { 'security-severity': rule.securitySeverity.toFixed(1) }),
    },
  };
}

function resultOf(finding: Finding, ruleIndex: number, fingerprint: string, known: boolean | undefined): Result {
  const properties = {
    ...(finding.commit === undefined ? {} : { commit: finding.commit }),
    ...(finding.facts === undefined ? {} : { facts: finding.facts }),
  };
  const inCommit = finding.commit === undefined ? '' : ` (in commit ${finding.commit.slice(0, 12)})`;
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: levelOf(finding.severity),
    message: { text: `${printable(finding.message)}${inCommit}` },
    locations: [findingLocation(finding)],
    partialFingerprints: { [fingerprintKey]: fingerprint },
    ...(known === undefined ? {} : { baselineState: known ? 'unchanged' : 'new' }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}

/** Whether a skipped file is a gap in the audit, or of a kind that holds nothing to analyse. */
function skipLevel(reason: SkippedFile['reason']): 'warning' | 'note' {
  switch (reason) {
    case 'too-large':
    case 'unreadable':
    case 'bad-encoding':
      return 'warning';
    case 'binary':
    case 'symlink':
    case 'submodule':
    case 'not-a-file':
      return 'note';
    default:
      return unreachable(reason);
  }
}

function notificationOf(file: SkippedFile): Notification {
  return {
    descriptor: { id: `skipped/${file.reason}` },
    level: skipLevel(file.reason),
    message: { text: `Not analysed (${file.reason}): ${printable(file.detail)}` },
    locations: [fileLocation(file.path)],
  };
}

function invocationOf(account: RunAccount, skipped: readonly SkippedFile[]): Invocation {
  const startMs = Date.parse(account.startedAt);
  const times = Number.isNaN(startMs)
    ? {}
    : {
        startTimeUtc: new Date(startMs).toISOString(),
        endTimeUtc: new Date(startMs + account.durationMs).toISOString(),
      };
  return {
    executionSuccessful: account.tasks.lost === 0,
    ...times,
    toolExecutionNotifications: skipped.map(notificationOf),
  };
}

function runOf(input: ReportInput): Run {
  const { result, account, baseline } = input;
  const ruleIds = [...new Set(result.findings.map((finding) => finding.rule))].sort();
  const ruleIndex = new Map(ruleIds.map((id, index) => [id, index]));
  const fingerprints = fingerprintsOf(result.findings);
  const known = baseline === undefined ? undefined : knownIn(result.findings, baseline);
  return {
    tool: {
      driver: {
        name: 'skep',
        version: input.version,
        rules: ruleIds.map((id) => descriptorOf(input.describeRule(id))),
        notifications: [...new Set(result.skipped.map((file) => file.reason))]
          .sort()
          .map((reason) => ({ id: `skipped/${reason}`, shortDescription: { text: `File not analysed: ${reason}` } })),
      },
    },
    automationDetails: { id: 'skep/audit/' },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { [sourceRoot]: { description: { text: 'The root of the repository.' } } },
    invocations: [invocationOf(account, result.skipped)],
    results: result.findings.map((finding, index) =>
      resultOf(finding, ruleIndex.get(finding.rule) ?? -1, fingerprints[index] ?? '', known?.[index]),
    ),
    properties: {
      digest: result.digest,
      revisionId: result.head,
      files: result.files,
      suppressed: result.suppressed,
    },
  };
}

/** The whole audit as one SARIF log with one run. */
export function sarifLog(input: ReportInput): Log {
  return { $schema: schemaUri, version: '2.1.0', runs: [runOf(input)] };
}
