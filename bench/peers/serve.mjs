/**
 * The peers' side of the harness, as `bench/harness/program.ts` is ours: says `ready`, does the work that the command line
 * names once for every line `run name=number ...`, and answers `done operations=N ms=T ...` or `failed TEXT`.
 */
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/**
 * Serves one of the works. Each is an async function of the size that prepares and gives `{ run(size), stop?() }`, where
 * `run` resolves to `{ ms, operations, ... }`.
 * @param {string} peer the package whose version is reported, or `node` for what Node itself has
 * @param {Record<string, (size: Record<string, number>) => Promise<{ run: Function, stop?: Function }>>} works
 */
export async function serve(peer, works) {
  try {
    const [name = '', size = ''] = process.argv.slice(2);
    const prepare = works[name];
    if (prepare === undefined) throw new Error(`no work named ${name}; there are: ${Object.keys(works).join(', ')}`);
    const work = await prepare(readSize(size));
    process.stdout.write(`ready version=${versionOf(peer)}\n`);
    for await (const line of createInterface({ input: process.stdin })) {
      if (!line.startsWith('run ')) continue;
      process.stdout.write(`${await work.run(readSize(line.slice(4))).then(doneLine, failedLine)}\n`);
    }
    await work.stop?.();
  } catch (error) {
    process.stdout.write(`${failedLine(error)}\n`);
    process.exitCode = 1;
  }
}

function versionOf(peer) {
  if (peer === 'node') return process.versions.node;
  // Read from the folder, because not every package exports its own package.json.
  const paths = createRequire(import.meta.url).resolve.paths(peer) ?? [];
  for (const path of paths) {
    try {
      return createRequire(import.meta.url)(`${path}/${peer}/package.json`).version;
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown';
}

function readSize(text) {
  const pairs = text
    .trim()
    .split(' ')
    .filter((word) => word.includes('='))
    .map((word) => word.split('='));
  return Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)]));
}

function doneLine(completed) {
  return `done ${Object.entries(completed)
    .map(([name, value]) => `${name.replaceAll(' ', '_')}=${value}`)
    .join(' ')}`;
}

function failedLine(error) {
  return `failed ${String(error?.stack ?? error).replaceAll('\n', ' | ')}`;
}
