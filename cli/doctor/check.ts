/** What a check of `skep doctor` is: one question, answered by ok, warn or fail, with what to do about it. */
import { SkepError, toWireError } from '#protocols/wire/error';

/** The answer of a check. */
export interface Verdict {
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, in one line. */
  readonly detail: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly remedy: string;
}

/** One check. What it throws counts as a failure, with the remedy of its code. */
export interface Check {
  readonly name: string;
  readonly look: () => Promise<Verdict>;
}

/** A check and its answer. */
export type CheckResult = Verdict & { readonly name: string };

/** Everything is as it should be. */
export function ok(detail: string): Verdict {
  return { status: 'ok', detail, remedy: '' };
}

/** It works, but not everywhere or not well. */
export function warn(detail: string, remedy: string): Verdict {
  return { status: 'warn', detail, remedy };
}

/** It does not work. */
export function fail(detail: string, remedy: string): Verdict {
  return { status: 'fail', detail, remedy };
}

/** A check may wait for a server or a thread that never answers; the report must come all the same. */
const CHECK_MS = 20_000;

/** Carries a check out. */
export async function carryOut({ name, look }: Check): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((resolve) => {
    timer = setTimeout(
      () => resolve(fail(`no answer within ${CHECK_MS} ms`, 'Look for what keeps it waiting, then run this again.')),
      CHECK_MS,
    );
  });
  try {
    return { name, ...(await Promise.race([look(), late])) };
  } catch (error) {
    const { code, message } = toWireError(error);
    return {
      name,
      ...fail(
        `${code}: ${message}`,
        error instanceof SkepError ? error.remedy : 'Run again with --debug for the stack trace.',
      ),
    };
  } finally {
    clearTimeout(timer);
  }
}
