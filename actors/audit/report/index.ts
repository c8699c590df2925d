/**
 * The door of the audit's outputs: what the command line and the tests of the whole audit use.
 */
export { type Baseline, type BaselineOutcome, readBaseline, splitByBaseline, writeBaseline } from './baseline.js';
export type { ReportInput, RuleDescription } from './input.js';
export { type Summary, summarize } from './summary.js';
export { writeReports } from './write.js';
