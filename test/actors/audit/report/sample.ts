/**
 * Results for the tests of the reports: a plausible one, an empty one, one with hostile file names, and one that is far
 * larger than a page may be. Built by rule, so that a test can say what it expects.
 */
import type { Component, FileMetrics, Finding, Severity } from '#actors/audit/finding';
import type { ReportInput, RuleDescription } from '#actors/audit/report/input';
import type { AuditResult, RunAccount } from '#actors/audit/result';

/** File names that try to leave their place in HTML, Markdown, URIs and terminals. */
export const hostilePaths: readonly string[] = [
  '<script>alert(1)</script>.js',
  '"><img src=x onerror=alert(1)>.js',
  "it's & that.ts",
  'a|b|c.md',
  '`tick` and ``two``.md',
  'line\nbreak\r\n# heading.md',
  '![pic](http://evil.example/x.png).md',
  '[link](javascript:alert(1)).md',
  '-->.html',
  '</style><style>*{display:none}.css',
  'right\u202eto\u200bleft.ts',
  'lone\ud800surrogate.ts',
  'c:/drive?query=1#hash%20.ts',
  'ünïcode/日本語 file.ts',
  '  leading and trailing  ',
  '*bold* _it_ ~~no~~.md',
];

export const describeRule = (id: string): RuleDescription => ({
  id,
  severity: id.startsWith('secrets/') ? 'high' : 'medium',
  title: `Title of ${id}`,
  help: `Why ${id} matters & what to do about <it>.`,
  ...(id.startsWith('secrets/') ? { cwe: 'CWE-798', securitySeverity: 8 } : {}),
});

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    rule: 'secrets/aws-access-key',
    severity: 'high',
    path: 'src/a.ts',
    line: 3,
    column: 5,
    endLine: 3,
    message: 'An AWS access key is in the file.',
    ...changes,
  };
}

export function metrics(path: string, commits: number, sumCognitive: number, lines = 100): FileMetrics {
  return { path, bytes: lines * 30, lines, language: 'typescript', maxCognitive: sumCognitive, sumCognitive, commits };
}

export function component(changes: Partial<Component> = {}): Component {
  return {
    ecosystem: 'npm',
    name: 'left-pad',
    version: '1.3.0',
    purl: 'pkg:npm/left-pad@1.3.0',
    licence: 'WTFPL',
    integrity: `sha512-${Buffer.alloc(64, 7).toString('base64')}`,
    development: false,
    path: 'package-lock.json',
    ...changes,
  };
}

export const emptyResult: AuditResult = {
  findings: [],
  skipped: [],
  components: [],
  metrics: [],
  suppressed: 0,
  files: 0,
  head: '',
  digest: `sha256:${'0'.repeat(64)}`,
};

export const account: RunAccount = {
  job: 'job-7',
  startedAt: '2026-03-01T09:15:00.000Z',
  durationMs: 12_345,
  tasks: { total: 120, completed: 120, rerun: 4, lost: 0, duplicatesIgnored: 2, verified: 9, disputed: 1 },
  nodes: [
    { name: 'node-a', roles: ['queen', 'worker'], agents: 4, tasks: 70, status: 'alive' },
    { name: 'node-b', roles: ['worker'], agents: 4, tasks: 50, status: 'lost' },
  ],
  outvoted: [{ agent: 'agent-b-3', node: 'node-b', task: 'verify-17', votesFor: 1, votesAgainst: 2 }],
};

/** A report input around the given parts of a result. */
export function inputWith(result: Partial<AuditResult> = {}, changes: Partial<ReportInput> = {}): ReportInput {
  return {
    result: { ...emptyResult, ...result },
    account,
    repository: 'shop',
    version: '0.1.0',
    describeRule,
    ...changes,
  };
}

/** One of everything, with each hostile name as a finding, a skipped file and a measured file. */
export function hostileInput(changes: Partial<ReportInput> = {}): ReportInput {
  const findings = hostilePaths.map((path, index) =>
    finding({ path, line: index, column: index % 3, endLine: index + (index % 2), message: `Duplicate of ${path}.` }),
  );
  return inputWith(
    {
      findings: [...findings, finding({ rule: 'history/secret', commit: 'f'.repeat(40), path: 'gone.ts' })],
      skipped: hostilePaths.map((path) => ({ path, reason: 'binary', detail: `of ${path}` })),
      components: [component(), component({ path: 'web/package-lock.json', name: '<b>', purl: 'pkg:npm/%3Cb%3E@1' })],
      metrics: hostilePaths.map((path, index) => metrics(path, index + 1, index * 3 + 1)),
      files: 17,
      head: 'a'.repeat(40),
    },
    { repository: '<i>shop</i> | `x`', ...changes },
  );
}

/** `count` findings over 40 rules and 500 files. */
export function largeResult(count: number): AuditResult {
  const levels: readonly Severity[] = ['low', 'medium', 'high'];
  const findings = Array.from({ length: count }, (_, index) =>
    finding({
      rule: `skill/rule-${index % 40}`,
      severity: levels[index % 3] ?? 'low',
      path: `packages/package-${index % 50}/src/deep/folder/module-${index % 500}.ts`,
      line: index + 1,
      endLine: index + 1,
    }),
  );
  const skipped = Array.from({ length: 5000 }, (_, index) => ({
    path: `assets/image-${index}.png`,
    reason: 'binary' as const,
    detail: 'holds NUL',
  }));
  const files = Array.from({ length: 5000 }, (_, index) =>
    metrics(`src/module-${index}.ts`, (index * 7) % 300, index % 90),
  );
  const components = Array.from({ length: 3000 }, (_, index) =>
    component({ name: `pkg-${index}`, purl: `pkg:npm/pkg-${index}@1.0.0`, licence: `LicenseRef-${index % 200}` }),
  );
  return { ...emptyResult, findings, skipped, metrics: files, components, files: 5000 };
}
