/**
 * Files that no person wrote or edits: generated, minified, vendored, locks. Rules on style and duplication say nothing
 * of use about them, so those rules leave them out.
 */
import type { SourceFile } from '../source-file.js';

const generatedName =
  /(?:^|\/)(?:node_modules|vendor|third_party|bower_components)\/|[.-]min\.[a-z]+$|\.(?:bundle|generated|pb|g)\.[a-z.]+$|_pb2(?:_grpc)?\.pyi?$|\.pb\.go$|(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|Cargo\.lock|poetry\.lock|go\.sum)$/i;
const generatedMark = /@generated\b|\bDO NOT EDIT\b|\b(?:auto(?:matically)?[- ]?generated|code generated) by\b/i;

/** Marks stand near the top, in UTF-16 units. */
const markLength = 1024;

/** A longer line, in UTF-16 units, or a longer average is written by a machine. */
const longestLine = 5000;
const longestAverage = 250;

/** Whether a machine wrote the file or it comes from elsewhere. */
export function isGenerated(file: SourceFile): boolean {
  return generatedName.test(file.path) || generatedMark.test(file.text.slice(0, markLength)) || isMinified(file.text);
}

function isMinified(text: string): boolean {
  let lines = 0;
  for (let start = 0; start < text.length; lines += 1) {
    const at = text.indexOf('\n', start);
    const end = at < 0 ? text.length : at;
    if (end - start > longestLine) return true;
    start = end + 1;
  }
  return text.length > longestLine && text.length / Math.max(1, lines) > longestAverage;
}
