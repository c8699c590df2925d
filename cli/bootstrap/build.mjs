/**
 * The compiled tree `dist/`: whether it is that of the sources, and the compilation. A hash over all sources and the
 * settings is kept in `dist/`; hashing a few hundred files takes a few hundredths of a second, and unlike file times it
 * is right after a checkout, a copy or a touched file.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { capture } from './child.mjs';
import { PrepareError, step } from './say.mjs';

const stampName = '.build-stamp';
const outputSuffixes = ['.d.ts.map', '.js.map', '.d.ts', '.js'];

/** The sources of a clone, as sorted paths with forward slashes relative to it: all `.ts` of the compiler's folders. */
export async function listSources(root) {
  const { include } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8'));
  const folders = [...new Set(include.map((pattern) => pattern.split('/')[0]))];
  const lists = await Promise.all(folders.map((folder) => listFiles(join(root, folder))));
  return lists
    .flat()
    .filter((path) => path.endsWith('.ts'))
    .map((path) => relative(root, path).split(sep).join('/'))
    .sort();
}

/** All files under a folder but those of installed packages, which the compiler passes over as well. */
async function listFiles(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const lists = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : listFiles(path);
    return entry.isFile() ? [path] : [];
  });
  return (await Promise.all(lists)).flat();
}

/** A hash over everything the compiled tree depends on: each source with its path, the settings and the lock file. */
export async function hashSources(root, sources) {
  const hash = createHash('sha256');
  for (const path of [...sources, 'tsconfig.json', 'package.json', 'package-lock.json']) {
    const content = await readFile(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Why the compiled tree is not that of the sources, or undefined when it is. */
export async function buildReason(root, sources, hash) {
  const stamp = await readFile(join(root, 'dist', stampName), 'utf8').catch(() => undefined);
  if (stamp === undefined) return 'there is no finished build';
  if (stamp !== hash) return 'sources changed';
  const missing = sources.find((path) => !path.endsWith('.d.ts') && !existsSync(join(root, 'dist', outputOf(path))));
  return missing === undefined ? undefined : `the output of ${missing} is gone`;
}

/** Compiles when needed. A failed compilation leaves no stamp, so that the next run tries again. */
export async function buildWhenStale(root) {
  const sources = await listSources(root);
  const hash = await hashSources(root, sources);
  const reason = await buildReason(root, sources, hash);
  if (reason !== undefined) await step(`compiling (${reason})`, () => compile(root, sources, hash));
  await removeStaleOutputs(root, sources);
}

async function compile(root, sources, hash) {
  await rm(join(root, 'dist', stampName), { force: true });
  // The compiler skips what its record says it wrote already, even when the file has been deleted since.
  if (sources.some((path) => !existsSync(join(root, 'dist', outputOf(path))))) {
    await rm(join(root, 'dist/.tsbuildinfo'), { force: true });
  }
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const result = await capture(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: root });
  if (result.code !== 0) throw new PrepareError(`the sources do not compile:\n${result.output.trimEnd()}`);
  await writeFile(join(root, 'dist', stampName), hash);
}

function outputOf(source) {
  return source.replace(/\.ts$/, '.js');
}

/** Removes compiled files whose source is gone, so that a deleted test does not run and a deleted module is not found. */
export async function removeStaleOutputs(root, sources) {
  const dist = join(root, 'dist');
  const known = new Set(sources);
  const removed = [];
  for (const path of await listFiles(dist)) {
    const source = sourceOf(relative(dist, path).split(sep).join('/'));
    if (source === undefined || known.has(source)) continue;
    await rm(path, { force: true });
    await rmdir(dirname(path)).catch(() => undefined);
    removed.push(path);
  }
  return removed;
}

/** The source that a compiled file came from, or undefined for a file that the compiler does not write. */
function sourceOf(output) {
  const suffix = outputSuffixes.find((candidate) => output.endsWith(candidate));
  return suffix === undefined ? undefined : `${output.slice(0, -suffix.length)}.ts`;
}
