/**
 * The one command that says whether a change is fit: types, lint, format, unused code and the tidy tests. One line a
 * step; what a tool printed appears only when its step failed. All steps run even when one fails, so that one run shows
 * everything there is to mend.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from '../child.mjs';
import { prepareClone, root } from '../prepare.mjs';
import { secondsSince } from '../say.mjs';

/** Runs all steps and gives the exit code. */
export async function main() {
  await prepareClone({ compile: false });
  let failures = 0;
  for (const { name, run } of await steps()) {
    const startedMs = performance.now();
    const { code, output } = await run();
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${secondsSince(startedMs)} s)`);
    if (code === 0) continue;
    failures += 1;
    console.log(output.trimEnd());
  }
  return failures === 0 ? 0 : 1;
}

async function steps() {
  const folders = await sourceFolders();
  return [
    { name: 'types (tsc)', run: build },
    {
      name: 'lint (oxlint)',
      run: () => tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '--format=unix', ...folders),
    },
    { name: 'format (biome)', run: () => tool('@biomejs/biome/bin/biome', 'format', '--reporter=summary', '.') },
    { name: 'unused code (knip)', run: () => tool('knip/bin/knip.js', '--no-progress') },
    { name: 'tidy tests', run: tidy },
  ];
}

/** The folders with sources, as the compiler knows them, so that lint never silently looks at none. */
async function sourceFolders() {
  const { include } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8'));
  return [...new Set(include.map((pattern) => pattern.split('/')[0]))];
}

/** Compiles as every command does, as a step: what does not compile is this step's output. */
async function build() {
  try {
    await prepareClone();
    return { code: 0, output: '' };
  } catch (error) {
    return { code: 1, output: error.message };
  }
}

function tidy() {
  return capture(process.execPath, [join(root, 'cli/bootstrap/test.mjs'), 'tidy/'], { cwd: root });
}

function tool(script, ...args) {
  return capture(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root });
}
