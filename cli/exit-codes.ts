/**
 * Exit codes: one table for all commands, after sysexits(3) where it has a word for it. `docs/cli.md` carries the same
 * table and a test holds the two together.
 */
import type { ErrorCode } from '#protocols/wire/error';

/** What each exit code means. */
export const exitCodes = {
  0: 'The command did what it was asked to.',
  1: 'The command failed: a job ended without a result, a check of `doctor` failed, or a simulation broke a promise.',
  2: 'The audit found something at or above --fail-on.',
  64: 'The command line is wrong, or a request names something that does not exist.',
  66: 'The input cannot be read: not a repository, no permission, not a baseline, plan or model, or a module that does not load.',
  69: 'A service is not available: no cluster, no NATS server, a port in use, a node that did not start, or no model.',
  70: 'An internal error: a defect of skep.',
  73: 'The output cannot be written.',
  75: 'A deadline passed, or a model has more to do than it takes; trying again may help.',
  78: 'The configuration is wrong.',
  130: 'Interrupted by Ctrl-C (SIGINT).',
  143: 'Ended by SIGTERM.',
} as const;

/** An exit code of the table. */
export type ExitCode = keyof typeof exitCodes;

const codes: Partial<Record<ErrorCode, ExitCode>> = {
  BAD_USAGE: 64,
  BAD_NAME: 64,
  BAD_MESSAGE: 64,
  BAD_GRAPH: 64,
  UNKNOWN_DEFINITION: 64,
  UNKNOWN_MODULE: 64,
  UNKNOWN_SKILL: 64,
  UNKNOWN_TEMPLATE: 64,
  NO_SUCH_ACTOR: 64,
  NO_SUCH_HANDLER: 64,
  NO_SUCH_NODE: 64,
  NAME_TAKEN: 64,
  BAD_CHILD_SPEC: 64,
  CHILD_ALREADY_STARTED: 64,
  CHILD_ALREADY_PRESENT: 64,
  NO_SUCH_CHILD: 64,
  CHILD_RUNNING: 64,
  CHILD_RESTARTING: 64,
  UNKNOWN_MODEL: 64,
  CONTEXT_OVERFLOW: 64,
  BAD_SCHEMA: 64,
  ANSWER_GONE: 64,
  NOT_A_REPOSITORY: 66,
  PATH_UNREADABLE: 66,
  BAD_BASELINE: 66,
  BAD_PLAN: 66,
  MODULE_FAILED: 66,
  MODEL_FILE_BAD: 66,
  NO_CLUSTER: 69,
  CLUSTER_RUNNING: 69,
  CLUSTER_FAILED: 69,
  TRANSPORT_FAILED: 69,
  NATS_SERVER_MISSING: 69,
  PORT_IN_USE: 69,
  NODE_NAME_TAKEN: 69,
  NODE_START_FAILED: 69,
  NODE_DOWN: 69,
  MODEL_QUARANTINED: 69,
  MODEL_FAILED: 69,
  MODEL_UNAVAILABLE: 69,
  OUT_OF_MEMORY: 69,
  PROVIDER_REFUSED: 69,
  PROVIDER_FAILED: 69,
  INTERNAL: 70,
  OUTPUT_UNWRITABLE: 73,
  CALL_TIMEOUT: 75,
  MODEL_BUSY: 75,
  PROVIDER_LIMITED: 75,
  CIRCUIT_OPEN: 75,
  BAD_CONFIG: 78,
  JOB_CANCELLED: 130,
};

/** The exit code for an error code; 1 where the table has nothing more precise. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return codes[code] ?? 1;
}
