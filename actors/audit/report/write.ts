/**
 * All files of one audit into one folder. Every text is made before the first is written, so that a failure to make one
 * leaves an older report whole; `summary.json` is written last, so that whoever waits for it finds the rest.
 */
import { join } from 'node:path';
import { ensureFolder, writeFileAtomically } from './atomic-file.js';
import { cyclonedxJson } from './cyclonedx.js';
import { htmlReport } from './html/page.js';
import type { ReportInput } from './input.js';
import { markdownReport } from './markdown.js';
import { sarifLog } from './sarif.js';
import { summarize } from './summary.js';

function pretty(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/**
 * Writes `findings.json` (the deterministic result, as it is), `report.sarif`, `sbom.cdx.json`, `report.md`,
 * `report.html` and `summary.json`; gives their paths in this order. Makes the folder where it is missing. Throws
 * OUTPUT_UNWRITABLE with the path and the reason.
 */
export async function writeReports(outDir: string, input: ReportInput): Promise<readonly string[]> {
  const texts: readonly (readonly [name: string, text: string])[] = [
    ['findings.json', pretty(input.result)],
    ['report.sarif', `${JSON.stringify(sarifLog(input))}\n`],
    ['sbom.cdx.json', cyclonedxJson(input)],
    ['report.md', markdownReport(input)],
    ['report.html', htmlReport(input)],
    ['summary.json', pretty(summarize(input))],
  ];
  await ensureFolder(outDir);
  const paths: string[] = [];
  for (const [name, text] of texts) {
    const path = join(outDir, name);
    await writeFileAtomically(path, text);
    paths.push(path);
  }
  return paths;
}
