/**
 * What may be shown of a value. Everything that prints a value goes through here: the table, the JSON and the messages.
 */
import type { Leaf } from './leaves.js';

/** Stands for what is not shown. */
export const MASK = '****';

/** Longest text that a message or a table shows, in UTF-16 units. */
const MAX_SHOWN = 80;

const HOST = '([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])';

/** A URL of scheme, host and optional port. */
const BARE_URL = new RegExp(`^[a-z][a-z0-9+.-]*://${HOST}(:\\d{1,5})?/?$`);

/** A host and port without scheme, the commonest mistake. Only with a dot, since `name:12345` may be a login. */
const HOST_AND_PORT = /^(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+):\d{1,5}$/;

/**
 * A URL, well formed or not, without its secrets. A user without password is masked too: NATS reads it as a token.
 * What is neither a bare URL nor has a user part that can be cut off is masked whole, since a mistyped URL may hold a
 * password anywhere.
 */
export function maskUrl(text: string): string {
  if (BARE_URL.test(text) || HOST_AND_PORT.test(text)) return text;
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)(.*)@([^@]*)$/s.exec(text);
  const [, scheme = '', user = '', rest = ''] = parts ?? [];
  if (parts === null || !BARE_URL.test(`${scheme}${rest}`)) return MASK;
  const name = /^([A-Za-z0-9._-]+):/.exec(user)?.[1];
  return name === undefined ? `${scheme}${MASK}@${rest}` : `${scheme}${name}:${MASK}@${rest}`;
}

/** The value of an option as it may be shown: itself, or masked. */
export function shownValue(leaf: Leaf, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (leaf.facts.secret === 'whole') return MASK;
  if (leaf.facts.secret === 'url') return typeof value === 'string' ? maskUrl(value) : MASK;
  return value;
}

/** Text of a file or of the environment on one line, without characters that would steer a terminal. */
export function printable(text: string): string {
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
