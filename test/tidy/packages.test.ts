/**
 * The repository beside its sources: every dependency has its reason, the lock file serves every platform, and no tracked
 * file names a place of one machine.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { type LockFile, type PackageFile, lockBreaches, reasonBreaches } from './packages.js';
import { describe, root } from './sources.js';
import { machineBreaches, readTexts } from './texts.js';

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

t.test('every dependency has its reason in docs/dependencies.md', async (t) => {
  const packageFile = JSON.parse(await read('package.json')) as PackageFile;
  const peers = JSON.parse(await read('bench/peers/package.json')) as PackageFile;
  t.ok(Object.keys(packageFile.dependencies).length > 0);
  const llama = JSON.parse(await read('packages/llama/package.json')) as Pick<PackageFile, 'devDependencies'>;
  const all = {
    dependencies: { ...packageFile.dependencies, ...peers.dependencies },
    devDependencies: { ...packageFile.devDependencies, ...llama.devDependencies },
  };
  t.same(describe(reasonBreaches(all, await read('docs/dependencies.md'))), []);
});

t.test('a dependency without a reason and a reason without a dependency are reported', async (t) => {
  const breaches = reasonBreaches(
    { dependencies: { zod: '4' }, devDependencies: { tap: '21' } },
    '| `zod` | - | 2026 |\n| `nats` | x | 2026 |\n',
  );
  t.match(describe(breaches), [/zod has no reason/, /tap has no reason/, /nats is not a dependency/]);
});

t.test('the lock file names the packages of every platform, so that npm ci takes it everywhere', async (t) => {
  for (const path of ['package-lock.json', 'bench/peers/package-lock.json']) {
    const lock = JSON.parse(await read(path)) as LockFile;
    t.ok(Object.keys(lock.packages).length > 100, path);
    t.same(describe(lockBreaches(lock)), []);
  }
});

t.test('a lock file without the package of another platform is reported, wherever it would be found', async (t) => {
  const needs = { optionalDependencies: { 'parser-win32': '1.0.0' } };
  t.equal(lockBreaches({ packages: { 'node_modules/parser': needs } }).length, 1);
  t.same(lockBreaches({ packages: { 'node_modules/parser': needs, 'node_modules/parser-win32': {} } }), []);
  const nested = { 'node_modules/knip/node_modules/parser': needs };
  t.same(lockBreaches({ packages: { ...nested, 'node_modules/knip/node_modules/parser-win32': {} } }), []);
  t.same(
    lockBreaches({ packages: { ...nested, 'node_modules/knip/node_modules/parser/node_modules/parser-win32': {} } }),
    [],
  );
  t.equal(lockBreaches({ packages: { ...nested, 'node_modules/other/node_modules/parser-win32': {} } }).length, 1);
});

t.test('no tracked file names a place of one machine or a registry', async (t) => {
  const texts = await readTexts();
  t.ok(texts.length > 20, `saw ${texts.length} text files`);
  t.same(describe(machineBreaches(texts)), []);
});

t.test('a machine path, a registry and its credential are reported with their line', async (t) => {
  const words = [
    ['/wor', 'k/main/x'],
    ['/roo', 't/.npmrc'],
    ['https://regi', 'stry.acme.dev/zod'],
    ['_auth', 'Token=0123456789abcdef'],
    ['"resolved', '": "https://h/zod.tgz"'],
  ];
  for (const parts of words) {
    const text = parts.join('');
    t.match(describe(machineBreaches([{ path: 'docs/a.md', text: `first\n${text}\n` }])), [/^docs\/a\.md:2: /], text);
  }
  const fine = 'the work/main folder, https://example.org/a and https://registry.example/name.tgz';
  t.same(machineBreaches([{ path: 'a.md', text: fine }]), []);
});
