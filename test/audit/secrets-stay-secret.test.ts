/**
 * The audit finds secrets and never repeats one: not in a report, not on the terminal, not in a log, and not in a frame
 * between nodes.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';
import t from 'tap';
import type { Finding } from '#actors/audit/finding';
import { makeCorpus } from '../actors/audit/secret-corpus.js';
import { failureOf, filesBelow, startAudit } from '../support/audit.js';
import { withNats } from '../support/nats.js';
import { commitFiles, git } from '../support/repository.js';

t.test(
  '60 secrets of 15 kinds or more and 200 decoys, audited on three nodes: found, and nowhere repeated',
  async (t) => {
    const corpus = makeCorpus(20_261_121);
    const home = t.testdir({ repo: {}, out: {}, tmp: {} });
    const repo = join(home, 'repo');
    git(repo, ['init', '-q']);
    // Half of the corpus is deleted again, so that those secrets are only in the history.
    const paths = [...corpus.files.keys()].sort();
    const deleted = new Set(paths.filter((path) => path.includes('/keys/')));
    commitFiles(repo, Object.fromEntries(corpus.files), 'everything');
    if (deleted.size > 0) {
      git(repo, ['rm', '-q', ...deleted]);
      git(repo, ['commit', '-q', '-m', 'keys removed']);
    }

    const server = await withNats(t);
    const frames: Buffer[] = [];
    const spy = await connect({ servers: server.url });
    t.teardown(() => spy.close());
    spy.subscribe('>', { callback: (_error, message) => void frames.push(Buffer.from(message.data)) });
    await spy.flush();

    const out = join(home, 'out', 'report');
    const tmp = join(home, 'tmp');
    mkdirSync(tmp, { recursive: true });
    const env = { SKEP_NATS_URL: server.url, SKEP_LOG_LEVEL: 'trace', TMPDIR: tmp };
    const logs: Buffer[] = [];
    const run = await startAudit(
      repo,
      out,
      ['--nodes', '3', '--verify', 'all'],
      (line) => {
        // The nodes' logs go with the run when it ends well, so they are read while it lasts.
        if (line.event === 'stage') logs.push(...filesBelow(tmp).map((file) => file.bytes));
      },
      env,
    ).done;
    t.equal(run.code, 0, failureOf(run));
    t.ok(frames.length > 50, `${frames.length} frames were seen`);
    t.ok(logs.length > 0, 'logs were seen');

    const reports = filesBelow(out);
    t.ok(reports.length >= 6, 'all reports were written');
    const seen: readonly (readonly [string, Buffer])[] = [
      ...reports.map(({ path, bytes }) => [path, bytes] as const),
      ['standard output', Buffer.from(run.stdout)],
      ['standard error', Buffer.from(run.stderr)],
      ...frames.map((frame) => ['a frame', frame] as const),
      ...logs.map((log) => ['a log', log] as const),
    ];
    const leaks = corpus.planted.flatMap(({ secret, kinds }) =>
      seen.filter(([, bytes]) => bytes.includes(secret)).map(([where]) => `${kinds[0]} in ${where}`),
    );
    t.same(leaks, [], 'no secret anywhere');

    const { findings } = JSON.parse(
      reports.find(({ path }) => path.endsWith('findings.json'))?.bytes.toString('utf8') ?? '{}',
    ) as { findings: Finding[] };
    const secrets = findings.filter((finding) => finding.rule.startsWith('secrets/'));
    const at = (path: string, line: number): string => `${path}:${line}`;
    const found = new Set(secrets.map((finding) => at(finding.path, finding.line)));
    const planted = new Set(corpus.planted.map(({ path, line }) => at(path, line)));
    const hits = [...planted].filter((place) => found.has(place)).length;
    const recall = hits / planted.size;
    const precision = secrets.filter((finding) => planted.has(at(finding.path, finding.line))).length / secrets.length;
    const kinds = new Set(corpus.planted.flatMap((secret) => secret.kinds[0] ?? []));
    t.comment(
      `planted ${planted.size} of ${kinds.size} kinds, decoys ${corpus.decoys.length}: recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`,
    );
    t.ok(
      planted.size >= 60 && kinds.size >= 15 && corpus.decoys.length >= 200,
      'the corpus is as large as it should be',
    );
    t.ok(recall >= 0.9);
    t.ok(precision >= 0.9);
    t.ok(
      secrets.some((finding) => finding.commit !== undefined),
      'secrets that are only in the history are found',
    );
  },
);
