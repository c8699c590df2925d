/**
 * Words for what is wrong inside an entry of a list. An entry has many fields of many forms, so what is allowed comes
 * from the issue, not from the option. Texts are shown only where no secret is ever expected: people paste keys into
 * fields that want the name of a variable.
 */
import type * as z from 'zod';
import { printable } from './mask.js';
import { sortOf } from './words.js';

/** Fields whose given text is shown in messages. */
const open: ReadonlySet<PropertyKey> = new Set([
  'name',
  'backend',
  'role',
  'profile',
  'path',
  'model',
  'gpu',
  'isolation',
]);

/** The message for an issue at `inside`, the path below the option, where `value` was given. */
export function entryIssueWords(issue: z.core.$ZodIssue, value: unknown, inside: readonly PropertyKey[]): string {
  if (issue.code === 'unrecognized_keys') {
    return `unknown ${issue.keys.length === 1 ? 'key' : 'keys'} ${issue.keys.map((key) => `"${printable(key)}"`).join(', ')}`;
  }
  return `given ${shown(value, inside)}; ${expected(issue)}`;
}

function shown(value: unknown, inside: readonly PropertyKey[]): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string' && value !== '' && open.has(inside.at(-1) ?? '')) return `"${printable(value)}"`;
  return sortOf(value);
}

/** The words of zod begin with a judgement that the message has made already. */
function expected({ message }: z.core.$ZodIssue): string {
  const words = message.replace(/^(Invalid input|Too small|Too big|Invalid \w+): /, '').replace(/, received .*$/, '');
  return words.charAt(0).toLowerCase() + words.slice(1);
}
