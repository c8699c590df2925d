/**
 * Runs the tests of a clone, or those whose path contains one of the filters given (`npm test -- audit/report`). The last
 * line is always `N passed, N failed`, counted in assertions, and the exit code is 0 only when something ran and nothing
 * failed: a run that found no test is a failure, because it is the form that a broken runner takes.
 */
import { availableParallelism } from 'node:os';
import { listSources } from '../build.mjs';
import { prepareClone, preparePrograms, root } from '../prepare.mjs';
import { PrepareError, say, secondsSince } from '../say.mjs';
import { runTestFiles } from '../test-files.mjs';
import { createTestReport } from '../test-report.mjs';

/** How long the whole run may take. */
const limitMs = 45 * 60_000;
/** How long one file may take. */
const fileLimitMs = 240_000;
/** Files at a time: one more than there are cores, because many wait for processes and clocks rather than compute. */
const jobs = Math.min(8, availableParallelism() + 1);

/** Runs the tests and gives the exit code. */
export async function main(filters) {
  try {
    await prepareClone();
    const env = await preparePrograms({ natsServer: 'required' });
    const files = selectTests(await listSources(root), filters);
    if (files.length === 0) {
      const matching = filters.length === 0 ? '' : ` matches ${filters.join(' ')}`;
      throw new PrepareError(`no test file${matching}. Filters are parts of paths under test/, such as audit/report.`);
    }
    return summarise(await runTests(files, env));
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    say(error.message);
    console.log('0 passed, 1 failed');
    return 1;
  }
}

/** The compiled test files that the filters choose; all of them when there are none. */
export function selectTests(sources, filters) {
  const wanted = filters.map((filter) =>
    filter.replace(/^(\.\/)?(dist\/)?test\//, '').replace(/(\.test)?\.[jt]s$/, ''),
  );
  return sources
    .filter((path) => path.startsWith('test/') && path.endsWith('.test.ts'))
    .filter((path) => wanted.length === 0 || wanted.some((part) => path.slice('test/'.length).includes(part)))
    .map((path) => `dist/${path.replace(/\.ts$/, '.js')}`);
}

async function runTests(files, env) {
  console.log(`test files: ${files.length}, ${jobs} at a time, at most ${limitMs / 60_000} minutes in all`);
  const startedMs = performance.now();
  const report = createTestReport((line) => console.log(line));
  const ended = new AbortController();
  const end = (reason) => ended.abort(reason);
  for (const name of ['SIGTERM', 'SIGINT']) process.on(name, end);
  const limit = setTimeout(() => end('late'), limitMs);
  await runTestFiles(files, {
    cwd: root,
    env: testEnvironment(env),
    jobs,
    fileLimitMs,
    signal: ended.signal,
    onFile: report.file,
  });
  clearTimeout(limit);
  for (const name of ['SIGTERM', 'SIGINT']) process.off(name, end);
  const { aborted, reason } = ended.signal;
  return { ...report.result(), ended: aborted ? reason : undefined, seconds: secondsSince(startedMs) };
}

/** The environment of the tests: theirs alone, so that a run inside another tap run or with a leftover filter is whole. */
function testEnvironment(env) {
  const leftover = ['TAP', 'TAP_ONLY', 'TAP_GREP', 'TAP_BAIL'];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !leftover.includes(name)));
}

function summarise({ passed, failed, skipped, passedFiles, failedFiles, ended, seconds }) {
  const counted = failed === 0 && (ended !== undefined || passed === 0) ? 1 : failed;
  console.log('');
  console.log(`files: ${passedFiles} passed, ${failedFiles.length} failed, in ${seconds} s`);
  for (const name of failedFiles) console.log(`  failed: ${name}`);
  if (ended === 'late') console.log(`the run was ended at its limit of ${limitMs / 60_000} minutes`);
  else if (ended !== undefined) console.log(`the run was ended by ${ended}`);
  if (failed === 0 && passed === 0) console.log('no test ran');
  console.log(`${passed} passed, ${counted} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
  return counted === 0 ? 0 : 1;
}
