/**
 * Topics and patterns, in the grammar of NATS subjects: tokens separated by dots. In a pattern `*` stands for exactly one
 * token and `>`, which comes last, for one or more.
 */
import { SkepError } from '#protocols/wire/error';

/** Characters of a topic or pattern at most. */
const MAX_LENGTH = 1_024;
/** A token: no dots, no white space, no wildcards. */
const token = /^[^\s.*>]+$/;

/** The tokens of a topic. @throws SkepError BAD_TOPIC. */
export function readTopic(topic: unknown): readonly string[] {
  const tokens = split(topic);
  if (!tokens.every((part) => token.test(part))) throw bad('topic', topic, 'tokens without white space, "*" or ">"');
  return tokens;
}

/** The tokens of a pattern. @throws SkepError BAD_TOPIC. */
export function readPattern(pattern: unknown): readonly string[] {
  const tokens = split(pattern);
  const last = tokens.length - 1;
  if (tokens.every((part, index) => part === '*' || (part === '>' && index === last) || token.test(part)))
    return tokens;
  throw bad('pattern', pattern, '"*" as a whole token and ">" as the whole last token only');
}

function split(text: unknown): readonly string[] {
  if (typeof text === 'string' && text.length > 0 && text.length <= MAX_LENGTH) return text.split('.');
  throw bad('topic', text, `1 to ${MAX_LENGTH} characters`);
}

function bad(field: string, value: unknown, expected: string): SkepError {
  const text = `${field} ${JSON.stringify(value)}: expected tokens separated by dots, such as "orders.eu.created"; ${expected}`;
  return new SkepError('BAD_TOPIC', text, { field, value });
}
