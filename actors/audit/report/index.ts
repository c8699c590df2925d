/**
 * The door of the audit's outputs: what the command line and the tests of the whole audit use.
 */
export { readBaseline, splitByBaseline, writeBaseline } from './baseline.js';
export { type Summary, summarize } from './summary.js';
export { writeReports } from './write.js';
