/** The inventory cuts the same tree the same way everywhere, and says what it leaves out. */
import { execFileSync } from 'node:child_process';
import { symlinkSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type InventoryOutput, inventorySkill } from '#actors/audit/inventory';
import { SampleRepository } from './sample-repository.js';

const context = { signal: new AbortController().signal };

async function inventory(root: string, more: object = {}): Promise<InventoryOutput> {
  return inventorySkill.run({ root, exclude: [], maxBytes: 1_000_000, ...more }, context);
}

t.test('a small repository still gives a dozen shards, which hold each file once', async (t) => {
  const sample = new SampleRepository(t.testdir());
  for (let index = 0; index < 25; index++) sample.write(`src/file-${index}.ts`, 'x'.repeat(index === 3 ? 90_000 : 100));
  sample.commit('all');
  const { shards, files, root } = await inventory(sample.root);
  t.ok(shards.length >= 12, `${shards.length} shards`);
  const paths = shards.flatMap((shard) => shard.paths);
  t.equal(files, 25);
  t.equal(new Set(paths).size, 25);
  t.same(paths, [...paths].sort());
  t.ok(shards.every((shard) => shard.root === root && shard.maxBytes === 1_000_000));
  t.same(await inventory(sample.root), await inventory(join(sample.root, 'src')), 'from any folder');
});

t.test('shards keep to their limits of bytes and files', async (t) => {
  const sample = new SampleRepository(t.testdir());
  for (let index = 0; index < 120; index++) sample.write(`f${index}.txt`, 'x'.repeat(1000 + index));
  const { shards } = await inventory(sample.root, { shardBytes: 6000, shardFiles: 4 });
  t.ok(shards.length >= 30);
  t.ok(shards.every(({ paths }) => paths.length <= 4));
  t.ok((await inventory(sample.root, { shardBytes: 2500 })).shards.every(({ paths }) => paths.length <= 2));
});

t.test('what cannot be analysed is skipped with its reason, and a deleted file is not part of the tree', async (t) => {
  const sample = new SampleRepository(t.testdir());
  sample.write('a.txt', 'x');
  sample.write('gone.txt', 'x');
  sample.write('huge.txt', '');
  sample.write('package-lock.json', '{}');
  sample.write('sub/requirements-dev.txt', 'x');
  sample.commit('all');
  truncateSync(join(sample.root, 'huge.txt'), 200 * 1024 * 1024);
  truncateSync(join(sample.root, 'package-lock.json'), 2_000_000);
  unlinkSync(join(sample.root, 'gone.txt'));
  symlinkSync('loop', join(sample.root, 'loop'));
  execFileSync('mkfifo', [join(sample.root, 'pipe')]);
  const { skipped, shards, manifests } = await inventory(sample.root);
  t.same(
    shards.flatMap(({ paths }) => paths),
    ['a.txt', 'sub/requirements-dev.txt'],
  );
  t.same(
    skipped.map(({ path, reason }) => [path, reason]),
    [
      ['huge.txt', 'too-large'],
      ['loop', 'symlink'],
      ['package-lock.json', 'too-large'],
    ],
    'git itself lists no fifo',
  );
  t.same(
    manifests.map(({ path }) => path),
    ['package-lock.json', 'sub/requirements-dev.txt'],
    'a lockfile of any size',
  );
});

t.test('excluded folders are left out, names that only begin alike are not', async (t) => {
  const sample = new SampleRepository(t.testdir());
  for (const path of ['out/a.txt', 'out/b/c.txt', 'outer/d.txt', 'out.txt']) sample.write(path, 'x');
  const { shards } = await inventory(sample.root, { exclude: ['./out/', ''] });
  t.same(shards.flatMap(({ paths }) => paths).sort(), ['out.txt', 'outer/d.txt']);
});

t.test('an empty repository has an empty inventory', async (t) => {
  const sample = new SampleRepository(t.testdir());
  t.same(await inventory(sample.root), {
    head: '',
    root: sample.root,
    files: 0,
    skipped: [],
    shards: [],
    manifests: [],
  });
});

t.test('a limit that is no positive number is refused by name', async (t) => {
  const sample = new SampleRepository(t.testdir());
  await t.rejects(inventory(sample.root, { shardBytes: 0 }), { code: 'BAD_MESSAGE', message: /shardBytes/ });
  await t.rejects(inventory(sample.root, { shardFiles: 1.5 }), { code: 'BAD_MESSAGE', message: /shardFiles/ });
});
