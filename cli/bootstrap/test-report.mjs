/**
 * A report of the test files that is fit for pipes and logs: one line per passed file, the failing parts of a failed
 * one, and the totals that tap counted. Each file is a process that prints TAP and, last, its totals:
 *
 *   ok 1 - ...
 *   # { total: 9, pass: 7, fail: 2 }
 */

/**
 * Collects the results of test files.
 * @param {(line: string) => void} print takes the report's lines
 */
export function createTestReport(print) {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  let passedFiles = 0;
  const failedFiles = [];

  /**
   * Takes a file that has ended. Only its exit code and its totals together make it pass: a process that ended in the
   * middle of its tests with code 0 has no totals.
   * @param {{ name: string, code: number, ms: number, lines: string[], late?: boolean }} file
   */
  function file({ name, code, ms, lines, late = false }) {
    const totals = totalsOf(lines);
    const { pass = 0, fail = 0, skip = 0, todo = 0 } = totals ?? {};
    const ok = code === 0 && totals !== undefined && fail === 0;
    print(`${ok ? 'ok    ' : 'FAILED'} ${name} (${(ms / 1000).toFixed(1)} s)`);
    passed += pass;
    skipped += skip + todo;
    if (ok) {
      passedFiles += 1;
      return;
    }
    // A file that crashed or ran out of time without a failed assertion counts as one failure.
    failed += Math.max(fail, 1);
    failedFiles.push(name);
    for (const kept of failingParts(lines)) print(`    ${kept}`);
    if (late) print('    ended because it took too long');
    else if (totals === undefined) print(`    ended with code ${code} in the middle of its tests`);
  }

  return { file, result: () => ({ passed, failed, skipped, passedFiles, failedFiles }) };
}

/** The totals that tap prints at the end of a process; undefined when it did not come so far. */
function totalsOf(lines) {
  const found = lines.map((text) => /^# \{ (total: \d+.*) \}$/.exec(text)).findLast((match) => match !== null);
  if (found === undefined) return undefined;
  return Object.fromEntries([...found[1].matchAll(/(\w+): (\d+)/g)].map((match) => [match[1], Number(match[2])]));
}

/** The lines of a failed file without its passed assertions, at most `limit` of them. */
function failingParts(lines, limit = 200) {
  const kept = lines.filter((text) => text.trim() !== '' && !/^\s*(ok \d+ |# time=|1\.\.\d+$|TAP version)/.test(text));
  return kept.length <= limit ? kept : [...kept.slice(0, limit), `... and ${kept.length - limit} more lines`];
}
