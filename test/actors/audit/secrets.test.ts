/** Recall and precision of the search for secrets, and what its findings may never say. */
import t from 'tap';
import { findSecrets, matchSecrets, secretKinds } from '#actors/audit/secrets';
import { sourceFromText } from '#actors/audit/source-file';
import type { Finding } from '#actors/audit/finding';
import { makeCorpus } from './secret-corpus.js';

async function scan(files: ReadonlyMap<string, string>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [path, text] of files) findings.push(...(await findSecrets(sourceFromText(path, text, text.length))));
  return findings;
}

for (const seed of [1, 2026, 77_000_001]) {
  t.test(`a corpus drawn from seed ${seed}: what is planted is found, what looks like it is not`, async (t) => {
    const { files, planted, decoys } = makeCorpus(seed);
    t.equal(planted.length, 60);
    t.ok(decoys.length >= 200);
    t.ok(new Set(planted.map(({ kinds }) => kinds[0])).size >= 15);

    const findings = await scan(files);
    const hit = (path: string, line: number, kinds: readonly string[]): boolean =>
      findings.some(
        (one) => one.path === path && one.line === line && kinds.includes(one.rule.slice('secrets/'.length)),
      );
    const missed = planted.filter(({ path, line, kinds }) => !hit(path, line, kinds));
    const wrong = findings.filter(({ path, line }) => !planted.some((one) => one.path === path && one.line === line));
    const recall = (planted.length - missed.length) / planted.length;
    const precision = (findings.length - wrong.length) / findings.length;
    t.comment(`recall ${recall.toFixed(3)} precision ${precision.toFixed(3)} of ${findings.length} findings`);
    for (const { path, line, kinds } of missed) t.comment(`missed ${kinds[0]} at ${path}:${line}`);
    for (const { path, line, rule } of wrong) t.comment(`wrong ${rule} at ${path}:${line}`);
    t.ok(recall >= 0.95, 'recall');
    t.ok(precision >= 0.95, 'precision');

    const told = JSON.stringify(findings);
    for (const { secret, kinds } of planted) t.notOk(told.includes(secret.slice(0, 12)), `${kinds[0]} stays untold`);
    t.equal(new Set(findings.map(({ path, line, column }) => `${path}:${line}:${column}`)).size, findings.length);
    t.same(await scan(files), findings, 'the same text gives the same findings');
  });

  t.test(`a corpus drawn from seed ${seed}: the keywords lose nothing against running every rule`, async (t) => {
    const { files } = makeCorpus(seed);
    let matched = 0;
    for (const [path, text] of files) {
      const file = sourceFromText(path, text, text.length);
      const quick = await matchSecrets(file);
      t.same(await matchSecrets(file, { everyRule: true }), quick, path);
      matched += quick.length;
    }
    t.ok(matched >= 55, 'and there was something to lose');
  });
}

t.test('a known key in a password field is reported once, as the key that it is', async (t) => {
  const key = ['sk', 'live', 'Zq81LmX0vTr5Hn2KcY7bWd4J'].join('_');
  const [only, ...more] = await findSecrets(sourceFromText('a.ts', `const password = '${key}';\n`, 60));
  t.equal(only?.rule, 'secrets/stripe-key');
  t.equal(only?.severity, 'high');
  t.equal(only?.line, 1);
  t.equal(only?.column, 19);
  t.same(only?.facts, { kind: 'stripe-key', length: key.length });
  t.same(more, []);
});

t.test('comments of the audited file do not switch the search off', async (t) => {
  const token = ['gh', 'p_', 'Zq81LmX0vTr5Hn2KcY7bWd4JsE9uGf3Pa6Ro'].join('');
  const text = `// secretlint-disable\nconst it = '${token}'; // secretlint-disable-line\n`;
  t.same(
    (await findSecrets(sourceFromText('a.js', text, 90))).map(({ rule, line }) => [rule, line]),
    [['secrets/github-token', 2]],
  );
});

t.test('hostile text of a megabyte is searched in time that grows with its length', async (t) => {
  const hostile = [
    '-eyJ',
    'SG.a.a.',
    '://a:',
    '-----BEGIN PRIVATE KEY-----',
    'password=',
    'xoxb-1-',
    'PuTTY-User-Key-File-2: ',
    'https://',
  ];
  for (const piece of hostile) {
    const text = piece.repeat(1_000_000 / piece.length);
    t.same(await findSecrets(sourceFromText('a.env', text, text.length)), [], JSON.stringify(piece));
  }
});

t.test('every kind has a rule id in kebab case and words of its own', async (t) => {
  t.ok(secretKinds.size >= 50);
  for (const [kind, { rule, title }] of secretKinds) {
    t.equal(rule, `secrets/${kind}`);
    t.match(kind, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    t.ok(title.length > 3, kind);
  }
});
