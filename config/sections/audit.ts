/**
 * The section of `skep audit`: what is read, how the work is cut, and when the run fails.
 */
import * as z from 'zod';
import { option, plainText, plainTextForm, whole } from '../option.js';

const MEBIBYTE = 1_048_576;
const pathForm = `a path, ${plainTextForm}`;

export const audit = z.strictObject({
  out: option(plainText(), {
    text: 'Folder for the report, relative to the working directory. Files of an earlier report in it are replaced.',
    form: pathForm,
    default: 'skep-report',
  }),
  maxFileBytes: option(whole(1, 256 * MEBIBYTE), {
    text: 'Files larger than this are not analysed and are listed as skipped. Larger needs more memory per agent.',
    unit: 'bytes',
    default: 2 * MEBIBYTE,
  }),
  shardBytes: option(whole(1, 256 * MEBIBYTE), {
    text: 'Most bytes of source in one task. Smaller spreads better; larger has less overhead per task.',
    unit: 'bytes',
    default: MEBIBYTE / 4,
  }),
  shardFiles: option(whole(1, 10_000), {
    text: 'Most files in one task. Smaller spreads better; larger has less overhead per task.',
    unit: 'files',
    default: 32,
  }),
  failOn: option(z.exactOptional(z.enum(['high', 'medium', 'low'])), {
    text: 'Least severe finding that makes the command fail. Without it findings never fail the command.',
  }),
  baseline: option(z.exactOptional(plainText()), {
    text: 'File of known findings, which are reported apart and do not fail the command.',
    form: pathForm,
  }),
  verify: option(z.enum(['high', 'all', 'none']), {
    text: 'Which findings a second agent derives again: those of severity `high`, `all` or `none`. `all` doubles the work.',
    default: 'high',
  }),
  agentsPerNode: option(z.exactOptional(whole(1, 1024)), {
    text: 'Agents on each node. Without it, the same number on each executor and three at least, so that a vote can decide.',
    unit: 'agents',
  }),
  leaseMs: option(whole(100, 86_400_000), {
    text: 'Silence after which a task is given to another agent; an agent at work renews in time. Too short repeats work.',
    unit: 'ms',
    default: 60_000,
  }),
  retries: option(whole(0, 100), {
    text: 'Attempts after the first before a task counts as failed. 0 fails at the first error.',
    unit: 'attempts',
    default: 3,
  }),
});
