/**
 * Git repositories for tests and benchmarks, made from a seed: source files of ordinary shape (functions, branches,
 * imports, markers, some duplicated), a lockfile and a history, so that every skill of the audit has real work.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How large a repository is to be. */
export interface RepositoryShape {
  readonly files: number;
  /** Functions per file. */
  readonly functions: number;
  readonly commits: number;
  readonly seed: number;
}

/** A small linear congruential generator (Numerical Recipes): the same seed gives the same repository anywhere. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Runs git in a folder, with an identity and dates that do not depend on the machine. */
export function git(folder: string, args: readonly string[], at = 1_700_000_000): string {
  const date = `${at} +0000`;
  const env = {
    ...process.env,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
  };
  const identity = [
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'init.defaultBranch=main',
    '-c',
    'commit.gpgsign=false',
  ];
  return execFileSync('git', [...identity, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Writes files and commits them. */
export function commitFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  message: string,
  at?: number,
): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  git(folder, ['add', '-A'], at);
  git(folder, ['commit', '-q', '--allow-empty', '-m', message], at);
}

/** Makes a repository of that shape in an empty folder. */
export function makeRepository(folder: string, shape: RepositoryShape): void {
  const random = randomOf(shape.seed);
  git(folder, ['init', '-q']);
  const all = Array.from(
    { length: shape.files },
    (_, index) => [pathOf(index), sourceOf(index, shape, random)] as const,
  );
  commitFiles(
    folder,
    {
      ...Object.fromEntries(all),
      'package.json': '{"name":"sample","license":"MIT"}\n',
      'package-lock.json': lockfile(shape.files),
    },
    'all files',
  );
  for (let commit = 1; commit < shape.commits; commit += 1) {
    const index = random(Math.max(1, Math.floor(shape.files / 10)));
    commitFiles(
      folder,
      { [pathOf(index)]: `${sourceOf(index, shape, random)}// revision ${commit}\n` },
      `change ${commit}`,
      1_700_000_000 + commit * 3_600,
    );
  }
}

function pathOf(index: number): string {
  return `src/part${index % 17}/module${index}.ts`;
}

function sourceOf(index: number, shape: RepositoryShape, random: (below: number) => number): string {
  const imports =
    index > 0 ? [`import { work${index - 1}_0 } from '../part${(index - 1) % 17}/module${index - 1}.js';`] : [];
  const functions = Array.from({ length: shape.functions }, (_, at) => functionOf(`work${index}_${at}`, random));
  // A call that is dangerous only now and then, so that some shards have high findings and others do not.
  const danger = index % 11 === 3 ? [`export const run${index} = (input: string) => eval(input);`] : [];
  const marker = index % 5 === 0 ? ['// TODO: split this module'] : [];
  return [...imports, ...marker, ...functions, ...danger, ''].join('\n');
}

function functionOf(name: string, random: (below: number) => number): string {
  const branches = Array.from(
    { length: 1 + random(6) },
    (_, at) =>
      `  if (value % ${at + 2} === ${random(2)} && flag) { total += value * ${random(1_000)}; } else { total -= ${random(1_000)}; }`,
  );
  return [
    `export function ${name}(value: number, flag: boolean): number {`,
    '  let total = 0;',
    ...branches,
    `  for (let step = 0; step < ${random(50)}; step += 1) { total += step ^ value; }`,
    '  return total;',
    '}',
  ].join('\n');
}

function lockfile(seed: number): string {
  const packages = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [
      `node_modules/pkg-${at}`,
      {
        version: `1.${seed % 10}.${at}`,
        license: at % 7 === 0 ? 'Apache-2.0' : 'MIT',
        integrity: `sha512-${Buffer.alloc(64, at).toString('base64')}`,
      },
    ]),
  );
  return `${JSON.stringify({ name: 'sample', lockfileVersion: 3, packages: { '': { name: 'sample', license: 'MIT' }, ...packages } }, null, 2)}\n`;
}
