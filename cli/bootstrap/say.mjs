/**
 * What the bootstrap says while it works. Everything goes to standard error: standard output belongs to the command
 * that runs afterwards, whose `--json` must stay parseable behind `npm start`.
 */

/** A failure that was foreseen: its message is a sentence for a person and needs no stack trace. */
export class PrepareError extends Error {
  name = 'PrepareError';
}

/** Prints one progress line. */
export function say(line) {
  process.stderr.write(`skep: ${line}\n`);
}

/** Runs `work` between a line that says it begins and a line that says how long it took. */
export async function step(line, work) {
  say(`${line} ...`);
  const startedMs = performance.now();
  const result = await work();
  say(`${line}: done in ${secondsSince(startedMs)} s`);
  return result;
}

/** Seconds since a reading of `performance.now()`, with one decimal. */
export function secondsSince(startedMs) {
  return ((performance.now() - startedMs) / 1000).toFixed(1);
}

/** The last lines of a tool's output, for an error message. */
export function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
