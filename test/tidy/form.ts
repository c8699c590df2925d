/**
 * The form of files: an opening paragraph, a length that fits a mind, folders named for what is in them. A folder called
 * utils is where concepts without a name go to stay without one.
 */
import type { Breach, Source } from './sources.js';

/** Files above this are listed, files above `longestLines` fail. */
const longLines = 200;
const longestLines = 400;

/** Files without an opening comment, files that are too long, and folders named utils. */
export function formBreaches(sources: readonly Source[]): readonly Breach[] {
  return sources.flatMap(({ path, text }) => {
    const messages: string[] = [];
    if (!/^(#!.*\n)?\s*(\/\*|\/\/)/.test(text)) messages.push('does not open with a comment that says what it is');
    if (lineCount(text) > longestLines) messages.push(`has ${lineCount(text)} lines; at most ${longestLines}`);
    if (/(^|\/)(utils?|helpers|misc)\//.test(path)) messages.push('is in a folder named for nothing in particular');
    return messages.map((message) => ({ path, line: 0, message }));
  });
}

/** The files that are longer than most should be, longest first. */
export function longFiles(sources: readonly Source[]): readonly string[] {
  return sources
    .map(({ path, text }) => ({ path, lines: lineCount(text) }))
    .filter(({ lines }) => lines > longLines)
    .sort((a, b) => b.lines - a.lines)
    .map(({ path, lines }) => `${lines} ${path}`);
}

function lineCount(text: string): number {
  return text.trimEnd().split('\n').length;
}
