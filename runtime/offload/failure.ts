/**
 * Errors of offloaded functions on their way to the actor. Structured clone keeps neither the code of an error nor its
 * class, so they are taken apart into plain data on one side and put together on the other.
 */
import { type ErrorFacts, fromWireError, SkepError, toWireError, type WireError } from '#protocols/wire/error';

/** An error as plain data. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The code of errors that have one, Node's included. */
  readonly code?: string;
  /** Set for a SkepError. */
  readonly skep?: WireError;
  readonly cause?: Failure;
}

/** Causes that are followed; a chain may be a circle. */
const MAX_CAUSES = 8;

/** Takes an error apart. */
export function toFailure(thrown: unknown, depth = 0): Failure {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const { name, message, stack, cause } = thrown;
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...('code' in thrown && typeof thrown.code === 'string' ? { code: thrown.code } : {}),
    ...(thrown instanceof SkepError ? { skep: plainError(thrown) } : {}),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: toFailure(cause, depth + 1) }),
  };
}

/**
 * What the actor is given: a SkepError with the code, facts and cause that it had, or OFFLOAD_FAILED whose cause is the
 * error that was thrown.
 */
export function fromFailure(failure: Failure, task: string): SkepError {
  if (failure.skep !== undefined) {
    const { code, message, facts } = fromWireError(failure.skep);
    return new SkepError(code, message, facts, failure.cause === undefined ? undefined : errorOf(failure.cause));
  }
  return offloadFailed(task, errorOf(failure));
}

/** An offloaded function threw, or its thread ended under it. */
export function offloadFailed(task: string, cause: unknown): SkepError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? { cause: cause.code } : {};
  return new SkepError('OFFLOAD_FAILED', `offload ${task} failed: ${why}`, { task, ...code }, cause);
}

/** A copy of the result of a function. @throws SkepError BAD_MESSAGE when it cannot be copied. */
export function copied<T>(name: string, copy: () => T): T {
  try {
    return copy();
  } catch (error) {
    throw new SkepError(
      'BAD_MESSAGE',
      `offload ${name}: its result cannot be copied; give plain data`,
      { name },
      error,
    );
  }
}

function errorOf(failure: Failure): Error {
  if (failure.skep !== undefined) return fromFailure(failure, '');
  const { name, message, stack, code, cause } = failure;
  const error = new Error(message, cause === undefined ? undefined : { cause: errorOf(cause) });
  return Object.assign(error, { name }, code === undefined ? {} : { code }, stack === undefined ? {} : { stack });
}

/** Facts that cannot be copied are left behind: the code says more than an error about its facts. */
function plainError(error: SkepError): WireError {
  const wire = toWireError(error);
  try {
    return { ...wire, facts: structuredClone(wire.facts) as ErrorFacts };
  } catch {
    return { code: wire.code, message: wire.message };
  }
}
