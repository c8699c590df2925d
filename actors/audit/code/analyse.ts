/**
 * All analysers on one file. Each is a pure function; one that throws costs its own findings and no more, because one
 * odd file must not lose the work of a whole shard.
 */
import type { FileMetrics, Finding } from '../finding.js';
import { findSecrets } from '../secrets.js';
import type { SourceFile } from '../source-file.js';
import { applySuppressions, type FileSuppressions, readSuppressions } from '../suppressions.js';
import { commentsOf } from './comments.js';
import { findComplexity, type FunctionComplexity, measureFunctions } from './complexity.js';
import { findDangerousCalls } from './dangerous-calls.js';
import { findDangerousLines } from './dangerous-lines.js';
import { findDebtMarkers } from './debt-markers.js';
import { type FileFingerprints, fingerprintFile } from './duplication.js';
import { findEncoding } from './encoding.js';
import { type FileImports, readImports } from './imports.js';
import { type FileLicence, readLicence } from './licence-headers.js';
import { parseFile } from './parse.js';
import { findingOfFile } from './place.js';

/** What the analysers found in one file, and what the reduction needs of it. */
export interface FileAnalysis {
  readonly findings: readonly Finding[];
  readonly suppressed: number;
  readonly metrics: FileMetrics;
  readonly imports?: FileImports;
  readonly licence?: FileLicence;
  readonly fingerprints?: FileFingerprints;
  readonly suppressions?: FileSuppressions;
}

/** Analyses one file; it is parsed once. */
export async function analyseFile(file: SourceFile): Promise<FileAnalysis> {
  const findings: Finding[] = [];
  /** Runs one analyser; a failure becomes a finding that names it and never the error, which may quote the file. */
  const attempt = <Result>(analyser: string, run: () => Result): Result | undefined => {
    try {
      return run();
    } catch {
      findings.push(failureOf(file, analyser));
      return undefined;
    }
  };
  const collect = (analyser: string, run: () => readonly Finding[]): void => {
    findings.push(...(attempt(analyser, run) ?? []));
  };

  const { tree, findings: syntax } = attempt('parse', () => parseFile(file)) ?? { tree: undefined, findings: [] };
  findings.push(...syntax, ...(await secretsIn(file)));
  const comments = attempt('comments', () => commentsOf(file, tree)) ?? [];
  collect('encoding', () => findEncoding(file));
  collect('debt-markers', () => findDebtMarkers(file, comments));
  collect('dangerous-lines', () => findDangerousLines(file));
  let functions: readonly FunctionComplexity[] = [];
  let imports: readonly string[] = [];
  if (tree !== undefined) {
    collect('dangerous-calls', () => findDangerousCalls(file, tree.program));
    functions = attempt('complexity', () => measureFunctions(tree.program)) ?? [];
    imports = attempt('imports', () => readImports(tree.program)) ?? [];
    findings.push(...findComplexity(file, functions));
  }
  const header = attempt('licence-headers', () => readLicence(file));
  const fingerprints = attempt('duplication', () => fingerprintFile(file));
  const said = attempt('suppressions', () => readSuppressions(file, comments));
  findings.push(...(header?.findings ?? []), ...(said?.findings ?? []));
  const suppressions = { path: file.path, suppressions: said?.suppressions ?? [] };
  return {
    ...applySuppressions(findings, [suppressions]),
    metrics: metricsOf(file, functions),
    ...(imports.length === 0 ? {} : { imports: { path: file.path, to: imports } }),
    ...(header?.licence === undefined ? {} : { licence: header.licence }),
    ...(fingerprints === undefined ? {} : { fingerprints }),
    ...(suppressions.suppressions.length === 0 ? {} : { suppressions }),
  };
}

async function secretsIn(file: SourceFile): Promise<readonly Finding[]> {
  try {
    return await findSecrets(file);
  } catch {
    return [failureOf(file, 'secrets')];
  }
}

function failureOf(file: SourceFile, analyser: string): Finding {
  const message = `The analyser ${analyser} failed on this file; the others looked at it.`;
  return findingOfFile(file.path, 'internal/analyser-failed', message, { facts: { analyser } });
}

function metricsOf(file: SourceFile, functions: readonly FunctionComplexity[]): FileMetrics {
  const { path, bytes, language, text } = file;
  const last = file.position(text.length);
  const lines = text === '' ? 0 : last.column === 1 ? last.line - 1 : last.line;
  const maxCognitive = functions.reduce((most, { cognitive }) => Math.max(most, cognitive), 0);
  const sumCognitive = functions.reduce((sum, { cognitive }) => sum + cognitive, 0);
  return { path, bytes, lines, language, maxCognitive, sumCognitive, commits: 0 };
}
