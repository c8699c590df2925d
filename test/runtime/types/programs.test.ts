/**
 * The compiler as its users run it, over small programs that import the package by its name: every wrong one is refused
 * at its line, every right twin is taken. One run of the compiler sees them all.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { MARK, prelude, programs } from './programs.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const options = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  },
  include: ['*.ts'],
};

/** A file of a program, as the compiler gets it; it is a module with top-level await. */
const textOf = (body: string): string => `${prelude}${body}\nexport {};\n`;

/** Lines with an error, by file. */
async function errorsIn(folder: string, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, number[]>> {
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/skep'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options));
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const command = [compiler, '-p', '.', '--pretty', 'false'];
  const { stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
  const errors = new Map<string, number[]>();
  for (const line of `${stdout}${stderr}`.split('\n').filter((text) => text.includes('error TS'))) {
    const [, file = line, at = '0'] = /^(\S+?)\((\d+),\d+\): error TS\d+/.exec(line) ?? [];
    errors.set(file, [...(errors.get(file) ?? []), Number(at)]);
  }
  return errors;
}

t.test('each small mistake is refused by the compiler at its line, and its right twin is taken', async (t) => {
  const files = new Map<string, string>();
  programs.forEach(({ wrong, right }, index) => {
    files.set(`wrong-${index}.ts`, textOf(wrong));
    files.set(`right-${index}.ts`, textOf(right));
  });
  const errors = await errorsIn(t.testdir({}), files);
  t.ok(programs.length > 20, `${programs.length} mistakes`);
  programs.forEach(({ mistake, wrong }, index) => {
    const line =
      textOf(wrong)
        .split('\n')
        .findIndex((text) => text.includes(MARK)) + 1;
    t.ok(line > 0, `${mistake}: one line is marked`);
    t.same([...new Set(errors.get(`wrong-${index}.ts`))], [line], `refused: ${mistake}`);
    t.same(errors.get(`right-${index}.ts`) ?? [], [], `taken: the right twin of ${mistake}`);
  });
  const known = [...files.keys()];
  t.same(
    [...errors.keys()].filter((file) => !known.includes(file)),
    [],
    'no error lies elsewhere',
  );
});
