/**
 * Reads tap's raw output while it runs and makes a report fit for pipes and logs: one line per passed file, the failing
 * parts of a failed one, and the totals that tap itself counted. tap's own reporters redraw the screen, which in a pipe
 * repeats the counts hundreds of times.
 *
 *   # Subtest: dist/test/a.test.js      a file's section begins
 *       ok 1 - ...                      its assertions and subtests, indented
 *   ok 1 - dist/test/a.test.js # time=12.3ms    and ends
 *   # { total: 9, pass: 7, fail: 2 }    the totals of all assertions, last
 */

/**
 * A reader of raw TAP lines.
 * @param {(line: string) => void} print takes the report's lines
 */
export function createTapReport(print) {
  let section = [];
  let open;
  let passedFiles = 0;
  const failedFiles = [];
  let totals;

  /** Takes the next line, without its line break. */
  function line(text) {
    const begin = /^# Subtest: (.+)$/.exec(text);
    const end = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)ms)?(?: \{)?$/.exec(text);
    const counts = /^# \{ (total: \d+.*) \}$/.exec(text);
    if (begin !== null) {
      open = begin[1];
      section = [];
    } else if (end !== null) {
      endFile(end[1] === undefined, end[2], end[3]);
    } else if (counts !== null) {
      totals = parseCounts(counts[1]);
    } else if (open !== undefined) {
      section.push(text);
    } else if (text.startsWith('Bail out!')) {
      print(text);
    }
  }

  function endFile(ok, name, timeMs) {
    const took = timeMs === undefined ? '' : ` (${(Number(timeMs) / 1000).toFixed(1)} s)`;
    print(`${ok ? 'ok    ' : 'FAILED'} ${name}${took}`);
    if (ok) passedFiles += 1;
    else {
      failedFiles.push(name);
      for (const kept of failingParts(section)) print(kept);
    }
    open = undefined;
    section = [];
  }

  /**
   * The totals of the run. tap's own count is used where the run reached its end; a file that failed without a failing
   * assertion (it crashed, or ran out of time) counts as one failure either way.
   */
  function result() {
    const passed = totals?.pass ?? 0;
    const skipped = (totals?.skip ?? 0) + (totals?.todo ?? 0);
    return {
      passed,
      failed: Math.max(totals?.fail ?? 0, failedFiles.length),
      skipped,
      passedFiles,
      failedFiles,
      running: open,
    };
  }

  return { line, result };
}

function parseCounts(text) {
  return Object.fromEntries([...text.matchAll(/(\w+): (\d+)/g)].map((match) => [match[1], Number(match[2])]));
}

/** The lines of a failed file's section without its passed assertions, at most `limit` of them. */
function failingParts(section, limit = 200) {
  const kept = section.filter((text) => text.trim() !== '' && !/^\s+(ok \d+ |# time=|1\.\.\d+$)/.test(text));
  return kept.length <= limit ? kept : [...kept.slice(0, limit), `    ... and ${kept.length - limit} more lines`];
}
