/** A JSON value typed on the command line, or a usage error that points at the place where it goes wrong. */
import { SkepError } from '#protocols/wire/error';
import { jsonFault } from './json-fault.js';

/** Characters shown before and after the place. */
const SHOWN = 20;

/** Reads `text`, the argument called `what`; undefined when it was not given. @throws SkepError BAD_USAGE with the position. */
export function jsonArgument(what: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const { position, expected } = jsonFault(text);
    const place = position >= text.length ? 'at its end' : `at position ${position + 1}, ${near(text, position)}`;
    throw new SkepError(
      'BAD_USAGE',
      `${what} is not valid JSON: expected ${expected} ${place}; quote it for the shell, such as '{"amount":2}'`,
      {
        argument: what,
        position: position + 1,
      },
    );
  }
}

function near(text: string, position: number): string {
  const start = Math.max(0, position - SHOWN);
  const end = position + SHOWN;
  const cut = text.slice(start, end).replaceAll(/[^\x20-\x7e]/g, '?');
  return `near ${start > 0 ? '...' : ''}${cut}${end < text.length ? '...' : ''}`;
}
