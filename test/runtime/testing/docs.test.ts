/** The programs on the page about testing: each compiles against the package as its users see it, and runs. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  },
  include: ['*.ts'],
};

/** Runs Node without a seed that this run may have been given. */
function node(cwd: string, args: readonly string[]) {
  const { SKEP_SEED: _, ...env } = process.env;
  return spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
}

t.test('every program on the page about testing compiles and runs', async (t) => {
  const page = await readFile(join(root, 'docs/testing.md'), 'utf8');
  const blocks = [...page.matchAll(/```ts\n\/\/ (\w+)\.ts(.*?)```/gs)].map(([, name = '', code = '']) => ({
    name,
    code,
  }));
  t.equal(blocks.length, page.split('```ts').length - 1, 'every block has a name');
  t.ok(blocks.length >= 6, `${blocks.length} blocks`);
  const folder = t.testdir({});
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/skep'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  for (const { name, code } of blocks) await writeFile(join(folder, `${name}.ts`), `//${code}`);
  const compiled = node(folder, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false']);
  t.equal(compiled.status, 0, compiled.stdout);
  for (const { name } of blocks) {
    const { status, stderr, stdout } = node(folder, [`${name}.js`]);
    t.equal(status, 0, `${name}: ${stderr}`);
    if (name === 'race') t.match(stdout, /^seed \d+ fails .*\n[\s\S]*again: SKEP_SEED=\d+ npm test -- race\.js/);
    if (name === 'first') t.match(stdout, /^\d+ steps [\da-f]{16}\n/);
  }
});
