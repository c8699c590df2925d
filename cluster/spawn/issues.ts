/** Words for what zod found wrong: which field, and what was expected there. */
import type { ZodError } from 'zod';

/** All issues on one line. */
export function issuesText(error: ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.length === 0 ? '(whole)' : issue.path.join('.')}: ${issue.message}`)
    .join('; ');
}
