/** The SARIF log is valid by the published schema, whatever the files are called, and the check itself can fail. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { baselineOf } from '#actors/audit/report/baseline';
import { sarifLog } from '#actors/audit/report/sarif';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { Log, Run } from 'sarif';
import t from 'tap';
import { account, finding, hostileInput, hostilePaths, inputWith } from './sample.js';

/**
 * The schema is of JSON Schema draft 4. Of what later drafts changed it uses only `id` at its root, so it is read as
 * draft 7 without the two keys (and its patterns without the flag for Unicode, which they do not bear); a `$ref` inside it then resolves against the document, as it does in draft 4.
 */
function sarifValidator() {
  const file = createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
  const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(file, 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats.default(ajv);
  return ajv.compile(schema);
}
const validate = sarifValidator();

/** As a reader of the file gets it. */
function reread(log: Log): Log {
  return JSON.parse(JSON.stringify(log));
}

function onlyRun(log: Log): Run {
  const [run] = log.runs;
  if (run === undefined || log.runs.length !== 1) throw new Error('expected one run');
  return run;
}

t.test('a log with hostile file names, skipped files and a baseline is valid SARIF 2.1.0', (t) => {
  const input = hostileInput();
  const log = reread(sarifLog({ ...input, baseline: baselineOf(input.result.findings.slice(0, 3)) }));
  t.ok(validate(log), JSON.stringify(validate.errors?.slice(0, 3)));
  t.equal(onlyRun(log).results?.length, hostilePaths.length + 1);
  t.end();
});

t.test('an empty audit is valid SARIF with an empty list of results', (t) => {
  const log = reread(sarifLog(inputWith()));
  t.ok(validate(log), JSON.stringify(validate.errors?.slice(0, 3)));
  t.same(onlyRun(log).results, []);
  t.end();
});

const mutations: readonly (readonly [fault: string, mutate: (log: Log, run: Run) => unknown])[] = [
  ['another version', (log) => ({ ...log, version: '2.0.0' })],
  [
    'a level that does not exist',
    (log, run) => ({ ...log, runs: [{ ...run, results: [{ message: {}, level: 'bad' }] }] }),
  ],
  ['a run without a tool', (log, run) => ({ ...log, runs: [{ ...run, tool: undefined }] })],
  ['a start line of 0', (log, run) => ({ ...log, runs: [{ ...run, results: [startingAt(0)] }] })],
  ['an unencoded file name as URI', (log, run) => ({ ...log, runs: [{ ...run, results: [locatedAt('a b<c>.ts')] }] })],
  ['an unknown property', (log, run) => ({ ...log, runs: [{ ...run, findings: [] }] })],
  [
    'provenance without an address',
    (log, run) => ({ ...log, runs: [{ ...run, versionControlProvenance: [{ revisionId: 'a' }] }] }),
  ],
];
const startingAt = (startLine: number) => ({
  message: { text: 'm' },
  locations: [{ physicalLocation: { artifactLocation: { uri: 'a' }, region: { startLine } } }],
});
const locatedAt = (uri: string) => ({
  message: { text: 'm' },
  locations: [{ physicalLocation: { artifactLocation: { uri } } }],
});
for (const [fault, mutate] of mutations) {
  t.test(`the validator refuses ${fault}, so that the tests above can fail`, (t) => {
    const log = reread(sarifLog(hostileInput()));
    t.notOk(validate(JSON.parse(JSON.stringify(mutate(log, onlyRun(log))))));
    t.end();
  });
}

t.test('each URI is relative to SRCROOT and decodes to the path of its finding', (t) => {
  const run = onlyRun(sarifLog(hostileInput()));
  for (const [index, path] of hostilePaths.entries()) {
    const place = run.results?.[index]?.locations?.[0]?.physicalLocation?.artifactLocation;
    const uri = place?.uri ?? '';
    t.equal(place?.uriBaseId, 'SRCROOT');
    t.equal(decodeURIComponent(uri), path.replace('\ud800', '\ufffd'));
    t.notMatch(uri, /[\s<>"|`?#:\\]/);
  }
  t.end();
});

t.test('severity, place, rule and state of a finding arrive in SARIF terms', (t) => {
  const high = finding({ line: 7, column: 2, endLine: 9, facts: { cognitive: 31 } });
  const whole = finding({ rule: 'encoding/bom', severity: 'low', path: 'b.ts', line: 0, column: 0, endLine: 0 });
  const old = finding({ rule: 'debt/todo', severity: 'medium', path: 'c.ts', commit: 'c0ffee'.repeat(7).slice(0, 40) });
  const findings = [high, whole, old];
  const run = onlyRun(sarifLog(inputWith({ findings }, { baseline: baselineOf([whole]) })));
  const results = run.results ?? [];
  t.same(
    results.map((each) => each.level),
    ['error', 'note', 'warning'],
  );
  t.same(
    results.map((each) => each.baselineState),
    ['new', 'unchanged', 'new'],
  );
  const regions = results.map((each) => each.locations?.[0]?.physicalLocation?.region);
  t.same(regions, [{ startLine: 7, startColumn: 2, endLine: 9 }, undefined, { startLine: 3, startColumn: 5 }]);
  const rules = run.tool.driver.rules ?? [];
  t.same(
    results.map((each) => rules[each.ruleIndex ?? -1]?.id),
    findings.map((each) => each.rule),
  );
  const secret = rules.find((rule) => rule.id === high.rule);
  t.same(secret?.properties, { tags: ['secrets', 'security', 'external/cwe/cwe-798'], 'security-severity': '8.0' });
  t.equal(secret?.defaultConfiguration?.level, 'error');
  t.match(results[2]?.message.text, 'in commit c0ffeec0ffee');
  t.equal(new Set(results.map((each) => JSON.stringify(each.partialFingerprints))).size, 3);
  t.end();
});

t.test('without a baseline no result has a state; with lost tasks the run was no success', (t) => {
  const lost = { ...account, tasks: { ...account.tasks, lost: 1 } };
  const run = onlyRun(sarifLog(inputWith({ findings: [finding()] }, { account: lost })));
  t.notOk(Object.hasOwn(run.results?.[0] ?? {}, 'baselineState'));
  t.equal(run.invocations?.[0]?.executionSuccessful, false);
  t.equal(run.invocations?.[0]?.endTimeUtc, '2026-03-01T09:15:12.345Z');
  t.equal(onlyRun(sarifLog(inputWith())).invocations?.[0]?.executionSuccessful, true);
  t.end();
});

t.test('a skipped file is a notification with its reason; a gap is a warning', (t) => {
  const skipped = [
    { path: 'a.png', reason: 'binary', detail: 'holds NUL' },
    { path: 'b.txt', reason: 'bad-encoding', detail: 'not UTF-8' },
  ] as const;
  const run = onlyRun(sarifLog(inputWith({ skipped })));
  const notifications = run.invocations?.[0]?.toolExecutionNotifications ?? [];
  t.same(
    notifications.map((each) => [each.level, each.descriptor?.id]),
    [
      ['note', 'skipped/binary'],
      ['warning', 'skipped/bad-encoding'],
    ],
  );
  t.match(notifications[1]?.message.text, 'not UTF-8');
  t.end();
});
