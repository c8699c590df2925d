/** Judging the entries of a lockfile: licences against that of the project, integrity, and addresses. */
import t from 'tap';
import { manifestsSkill, readManifest } from '#actors/audit/manifests';

interface Entry {
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
}

function lock(packages: Readonly<Record<string, Entry>>): string {
  const entries = Object.entries(packages).map(([name, entry]) => [
    `node_modules/${name}`,
    { version: '1.0.0', resolved: `https://r.example/${name}.tgz`, integrity: 'sha512-AA==', ...entry },
  ]);
  return JSON.stringify({ lockfileVersion: 3, packages: Object.fromEntries(entries) });
}

function rulesFor(packages: Readonly<Record<string, Entry>>, licence = 'MIT'): readonly string[] {
  return readManifest('package-lock.json', lock(packages), licence).findings.map(
    ({ rule, severity, facts }) => `${rule} ${severity} ${facts?.package ?? facts?.components ?? ''}`,
  );
}

t.test(
  'strong copyleft in a permissive project is a finding, unless one may choose or it is for development',
  async (t) => {
    t.strictSame(rulesFor({ a: { license: 'GPL-3.0-only' } }), ['licences/copyleft medium a']);
    t.strictSame(rulesFor({ a: { license: 'AGPL-3.0-or-later AND MIT' } }), ['licences/copyleft medium a']);
    for (const license of [
      'MIT OR GPL-3.0-only',
      'LGPL-3.0-only',
      'MPL-2.0',
      'GPL-2.0-only WITH Classpath-exception-2.0',
      'Apache-2.0',
    ]) {
      t.strictSame(rulesFor({ a: { license } }), [], license);
    }
    t.strictSame(rulesFor({ a: { license: 'GPL-3.0-only', dev: true } }), []);
    t.strictSame(rulesFor({ a: { license: 'GPL-3.0-only' } }, 'GPL-3.0-or-later'), []);
    t.strictSame(
      rulesFor({ a: { license: 'GPL-3.0-only' } }, ''),
      [],
      'a project without licence is not known to be permissive',
    );
  },
);

t.test('unknown licences are counted where the lockfile says none, and named where it says some', async (t) => {
  t.strictSame(rulesFor({ a: {}, b: {} }), ['licences/unknown low 2']);
  t.strictSame(rulesFor({ a: { license: 'MIT' }, b: {}, c: { license: 'SEE LICENSE IN LICENCE.txt' } }), [
    'licences/unknown low b',
    'licences/unknown low c',
  ]);
});

t.test('a licence that is no expression is a finding and not a component property', async (t) => {
  const text = lock({ a: { license: 'Do what you want' }, b: { license: 'MIT' } });
  const { components, findings } = readManifest('package-lock.json', text, 'MIT');
  t.match(findings, [{ rule: 'licences/invalid-expression', severity: 'low', facts: { package: 'a' } }]);
  t.strictSame(
    components.map(({ licence }) => licence),
    ['', 'MIT'],
  );
});

t.test('a missing integrity hash is a finding, once for all when none has one', async (t) => {
  const license = 'MIT';
  t.strictSame(rulesFor({ a: { license }, b: { license, integrity: '' } }), ['manifest/no-integrity medium b']);
  t.strictSame(rulesFor({ a: { license, integrity: '' }, b: { license, integrity: '' } }), [
    'manifest/no-integrity medium 2',
  ]);
  t.strictSame(
    rulesFor({ a: { license }, b: { license, integrity: '', resolved: 'git+ssh://git@r.example/b.git#abc' } }),
    [],
  );
});

t.test('an address without TLS is a finding that does not print the address', async (t) => {
  const resolved = 'http://user:hunter2@r.example/a.tgz';
  const { findings } = readManifest('package-lock.json', lock({ a: { license: 'MIT', resolved } }), 'MIT');
  t.match(findings, [
    { rule: 'manifest/insecure-url', severity: 'medium', message: 'a 1.0.0 is fetched without TLS.' },
  ]);
  t.notMatch(JSON.stringify(findings), /hunter2/);
  t.strictSame(rulesFor({ a: { license: 'MIT', resolved: 'http://localhost:4873/a.tgz' } }), []);
  const requirements = readManifest('requirements.txt', '-i http://pypi.example/simple\na==1.0\n', '');
  t.ok(requirements.findings.some(({ rule }) => rule === 'manifest/insecure-url'));
});

const context = { signal: new AbortController().signal };

t.test('the skill reads the lockfile and the licence of the project beside it', async (t) => {
  const root = t.testdir({
    web: { 'package.json': '{"license":"MIT"}', 'package-lock.json': lock({ a: { license: 'GPL-3.0-only' } }) },
    'Cargo.toml': '[package]\nlicense = "MIT OR Apache-2.0"\n',
    'Cargo.lock': '',
  });
  const output = await manifestsSkill.run({ root, path: 'web/package-lock.json' }, context);
  t.match(output, {
    components: [{ purl: 'pkg:npm/a@1.0.0' }],
    findings: [{ rule: 'licences/copyleft' }],
    skipped: [],
  });
  t.strictSame(await manifestsSkill.run({ root, path: 'Cargo.lock' }, context), {
    components: [],
    findings: [],
    skipped: [],
  });
});

t.test('a lockfile that is not there is skipped, and a broken manifest beside one does no harm', async (t) => {
  const root = t.testdir({ 'package.json': '{', 'package-lock.json': lock({ a: { license: 'GPL-3.0-only' } }) });
  t.match(await manifestsSkill.run({ root, path: 'yarn.lock' }, context), {
    skipped: [{ path: 'yarn.lock', reason: 'unreadable' }],
  });
  t.strictSame((await manifestsSkill.run({ root, path: 'package-lock.json' }, context)).findings, []);
});
