/**
 * tap's generated Test class. tap ships one with its default plugins and generates another where `.taprc` differs; ours
 * leaves the TypeScript plugin out. Without the generation the first run of a fresh clone would mix both, so it is done
 * ahead of the tests, when the shipped class is still in place.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from './child.mjs';
import { PrepareError, step } from './say.mjs';

/** Whether a generated class (its source) contains a plugin that `.taprc` excludes. */
export function hasExcludedPlugin(classSource, taprc) {
  const excluded = [...taprc.matchAll(/^\s*-\s*["']!([^"']+)["']/gm)].map((match) => match[1]);
  return excluded.some((plugin) => classSource.includes(`from "${plugin}"`));
}

/** Whether the generated class is the one that `.taprc` asks for. */
export async function hasTapClass(root) {
  const classPath = join(root, 'node_modules/@tapjs/test/test-built/dist/esm/index.js');
  const classSource = await readFile(classPath, 'utf8').catch(() => undefined);
  const taprc = await readFile(join(root, '.taprc'), 'utf8');
  // The class finds its plugins through this folder, which git does not keep.
  const linked = existsSync(join(root, '.tap/plugins/node_modules'));
  return classSource !== undefined && linked && !hasExcludedPlugin(classSource, taprc);
}

/** Generates the class when it is not the one that `.taprc` asks for. */
export async function ensureTapClass(root) {
  if (await hasTapClass(root)) return;
  await step('generating the test class of tap', async () => {
    const result = await capture(process.execPath, [join(root, 'node_modules/tap/dist/esm/run.mjs'), 'build'], {
      cwd: root,
    });
    if (result.code !== 0) throw new PrepareError(`tap build failed:\n${result.output.trimEnd()}`);
  });
}
