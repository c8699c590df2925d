/**
 * Problems of one load. They are collected rather than thrown one by one: a person who corrects a file wants the whole
 * list at once.
 */
import { SkepError } from '#protocols/wire/error';

/** One thing that is wrong. Never holds a secret. */
export interface Problem {
  /** Dotted path of the option; empty for a problem of a whole file. */
  readonly path: string;
  /** Where the value came from, in words. */
  readonly origin: string;
  /** What was given and what is allowed. */
  readonly message: string;
}

function line(problem: Problem): string {
  const place = problem.path === '' ? problem.origin : `${problem.path} (${problem.origin})`;
  return `${place}: ${problem.message}`;
}

/** All problems of a load as one error; `facts.problems` has them one by one. */
export function badConfig(problems: readonly Problem[]): SkepError {
  const lines = problems.map(line);
  const message = lines.length === 1 ? lines.join('') : [`${lines.length} problems:`, ...lines].join('\n  ');
  return new SkepError('BAD_CONFIG', message, { problems });
}
